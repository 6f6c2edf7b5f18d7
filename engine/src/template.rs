//! New projects: the templates that the binary carries, with their names filled in.

use std::path::PathBuf;

use crate::standard::{File, SDK_FILES, TEMPLATES};

/// Where a Rust action keeps its copy of the SDK.
const SDK_DIRECTORY: &str = ".attune/sdk";

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

/// Returns the files of a new action in Rust, the SDK among them.
pub(crate) fn rust_action(name: &str) -> Vec<NewFile> {
    let mut files = filled("action-rust", name);
    files.extend(SDK_FILES.iter().map(|(path, content)| NewFile {
        path: PathBuf::from(SDK_DIRECTORY).join(path),
        content: content.to_vec(),
    }));
    files
}

/// Returns the files of a new pack: a workflow, its rehearsals, and an action to grow.
pub(crate) fn pack(name: &str) -> Vec<NewFile> {
    let mut files = filled("pack", name);
    let directory = PathBuf::from("actions").join(FIRST_ACTION);
    files.extend(rust_action(FIRST_ACTION).into_iter().map(|file| NewFile {
        path: directory.join(file.path),
        content: file.content,
    }));
    files
}

/// Returns a template's files with `__NAME__` and, where Rust wants an identifier, `__IDENT__`
/// replaced. Braces are left alone: they are the workflows' own.
fn filled(template: &str, name: &str) -> Vec<NewFile> {
    let files: &[File] = TEMPLATES
        .iter()
        .find_map(|(found, files)| (*found == template).then_some(*files))
        .unwrap_or_default();
    let ident = name.replace('-', "_");
    let fill = |(path, content): &File| {
        let content = String::from_utf8_lossy(content);
        let content = content
            .replace("__NAME__", name)
            .replace("__IDENT__", &ident);
        NewFile {
            path: PathBuf::from(path),
            content: content.into_bytes(),
        }
    };
    files.iter().map(fill).collect()
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
        let files = rust_action("send-mail");
        assert!(text(&files, "Cargo.toml").contains("name = \"send-mail\""));
        assert!(text(&files, "README.md").contains("release/send_mail.wasm"));
        assert!(text(&files, ".attune/sdk/macros/Cargo.toml").contains("attune-sdk-macros"));
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
