//! New projects: the templates that the binary carries, with their names filled in.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::standard::{File, SDK_FILES, TEMPLATES, WIT_FILES};

/// Where a Rust action keeps its copy of the SDK.
const SDK_DIRECTORY: &str = ".attune/sdk";

/// Where an action that imports interfaces of the engine keeps its copy of them, as tools for
/// components look for it.
const WIT_DIRECTORY: &str = "wit/deps/attune-action";

/// A language that there is a template for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// A function with the SDK, built by cargo.
    Rust,
    /// `QuickJS` and a module, built by npm and componentize-qjs.
    Js,
    /// `CPython` and modules, built by componentize-py.
    Python,
    /// A function with types of its own, built by make and Zig's C compiler.
    C,
    /// A program of standard input and output, built by go for `wasip1`.
    Go,
}

impl Language {
    fn template(self) -> &'static str {
        match self {
            Self::Rust => "action-rust",
            Self::Js => "action-js",
            Self::Python => "action-python",
            Self::C => "action-c",
            Self::Go => "action-go",
        }
    }

    /// Returns how the tests of a new project are started, after what they need is installed.
    pub(crate) fn first_steps(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["cargo test"],
            Self::Js => &["npm install", "npm test"],
            Self::Python => &[
                "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt",
                "python3 -m unittest",
            ],
            Self::C => &["make test"],
            Self::Go => &["go test ./..."],
        }
    }
}

/// The action that a new pack has to start from.
const FIRST_ACTION: &str = "greet";

/// A file to write, by its path below the new project's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewFile {
    /// The path.
    pub(crate) path: PathBuf,
    /// The content.
    pub(crate) content: Vec<u8>,
}

/// Returns the files of a new action: the template's, and a copy of what it builds on.
pub(crate) fn action(name: &str, language: Language) -> Vec<NewFile> {
    let mut files = filled(language.template(), name);
    files.extend(match language {
        Language::Rust => below(SDK_DIRECTORY, SDK_FILES),
        Language::Js | Language::Python | Language::C => below(WIT_DIRECTORY, WIT_FILES),
        Language::Go => Vec::new(),
    });
    files
}

/// Returns files as they are, in a directory.
fn below(directory: &str, files: &[File]) -> Vec<NewFile> {
    let file = |(path, content): &File| NewFile {
        path: PathBuf::from(directory).join(path),
        content: content.to_vec(),
    };
    files.iter().map(file).collect()
}

/// Returns the files of a new pack: a workflow, its rehearsals, and an action to grow.
pub(crate) fn pack(name: &str) -> Vec<NewFile> {
    let mut files = filled("pack", name);
    let directory = PathBuf::from("actions").join(FIRST_ACTION);
    files.extend(
        action(FIRST_ACTION, Language::Rust)
            .into_iter()
            .map(|file| NewFile {
                path: directory.join(file.path),
                content: file.content,
            }),
    );
    files
}

/// Returns a template's files with `__NAME__` and, where Rust wants an identifier, `__IDENT__`
/// replaced, in paths too. Braces are left alone: they are the workflows' own.
fn filled(template: &str, name: &str) -> Vec<NewFile> {
    let files: &[File] = TEMPLATES
        .iter()
        .find_map(|(found, files)| (*found == template).then_some(*files))
        .unwrap_or_default();
    let ident = name.replace('-', "_");
    let fill = |text: &str| text.replace("__NAME__", name).replace("__IDENT__", &ident);
    let file = |(path, content): &File| NewFile {
        path: PathBuf::from(fill(path)),
        // What is no text, such as an object file, is taken as it is.
        content: match str::from_utf8(content) {
            Ok(text) => fill(text).into_bytes(),
            Err(_) => content.to_vec(),
        },
    };
    files.iter().map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(files: &[NewFile], path: &str) -> String {
        let file = files.iter().find(|file| file.path == *path);
        String::from_utf8(file.unwrap().content.clone()).unwrap()
    }

    #[test]
    fn an_action_carries_its_name_and_the_sdk() {
        let files = action("send-mail", Language::Rust);
        assert!(text(&files, "Cargo.toml").contains("name = \"send-mail\""));
        assert!(text(&files, "README.md").contains("release/send_mail.wasm"));
        assert!(text(&files, ".attune/sdk/macros/Cargo.toml").contains("attune-sdk-macros"));
    }

    #[test]
    fn every_language_has_a_project_with_a_readme_and_a_name() {
        for language in Language::value_variants() {
            let files = action("send-mail", *language);
            assert!(text(&files, "README.md").starts_with("# send-mail\n"));
            for file in &files {
                let content = String::from_utf8_lossy(&file.content);
                let path = file.path.display().to_string();
                let has_mark = content.contains("__NAME__") || path.contains("__NAME__");
                assert!(!has_mark, "{language:?}: {path}");
            }
            if *language != Language::Rust {
                let description = text(&files, "action.toml");
                assert!(description.contains("component = \"send-mail.wasm\""));
            }
        }
    }

    #[test]
    fn projects_carry_the_interfaces_they_build_on() {
        let files = action("x", Language::Js);
        assert!(
            text(&files, "wit/deps/attune-action/handler.wit").contains("package attune:action@")
        );
        assert!(files.iter().all(|file| !file.path.ends_with("worlds.wit")));
    }

    #[test]
    fn object_files_are_not_changed() {
        let files = action("x", Language::C);
        let file = files
            .iter()
            .find(|file| file.path.extension().is_some_and(|end| end == "o"));
        assert!(file.unwrap().content.starts_with(b"\0asm"));
    }

    #[test]
    fn a_pack_has_a_workflow_rehearsals_and_an_action() {
        let files = pack("shop");
        assert!(text(&files, "workflows/hello.yaml").starts_with("ref: shop.hello\n"));
        assert!(text(&files, "tests/hello.yaml").contains("../workflows/hello.yaml"));
        assert!(text(&files, "actions/greet/Cargo.toml").contains("name = \"greet\""));
        for file in &files {
            let content = String::from_utf8_lossy(&file.content);
            assert!(!content.contains("__NAME__"), "{}", file.path.display());
        }
    }
}
