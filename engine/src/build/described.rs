//! Builds a project that says how in its `action.toml`: the command, the component it leaves, and
//! the tools it needs, each with the way to get it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde::Deserialize;

use super::{Built, in_pack};
use crate::output::Ui;
use crate::output::error::{CliError, Context, Result};
use crate::output::ui::Role;

/// The file in which a project says how it is built.
pub(super) const FILE: &str = "action.toml";

/// Where a project keeps tools of its own, before those of the machine.
const OWN_TOOLS: [&str; 2] = [".venv/bin", "node_modules/.bin"];

/// Where a project keeps its Python packages.
const VENV: &str = ".venv";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    /// `pack.name` of the action.
    action: Option<String>,
    /// The command, without a shell.
    build: Vec<String>,
    /// What the command leaves, below the project's directory.
    component: PathBuf,
    /// Variables that the command sees.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// What it needs, and how to get it: a program (`zig|python-zig`: one of these), or a path
    /// below the project's directory.
    #[serde(default)]
    tools: BTreeMap<String, String>,
}

/// Builds the project in `dir`.
pub(super) fn build(ui: Ui, dir: &Path) -> Result<Built> {
    let file = dir.join(FILE);
    let cannot = |what: &str| format!("cannot {what} `{}`", file.display());
    let text = fs::read_to_string(&file).context(|| cannot("read"))?;
    let description: Description = toml::from_str(&text).context(|| cannot("understand"))?;
    let dir = dir.canonicalize().context(|| cannot("find"))?;
    let places = places(&dir);
    if let Some((tool, way)) = missing(&description.tools, &dir, &places) {
        let names = tool.replace('|', "` or `");
        return Err(CliError::failed(format!("`{names}` is missing: {way}")));
    }
    run(ui, &description, &dir, &places)?;
    let component = dir.join(&description.component);
    if !component.is_file() {
        let name = description.component.display();
        return Err(CliError::failed(format!("the build made no `{name}`"))
            .hint(format!("`component` in `{FILE}` says what it makes")));
    }
    let stem = component.file_stem().unwrap_or_default().to_string_lossy();
    let reference = description.action.or_else(|| in_pack(&dir, &stem));
    Ok(Built {
        component,
        reference,
    })
}

/// Returns the directories in which programs are looked for.
fn places(dir: &Path) -> Vec<PathBuf> {
    let own = OWN_TOOLS.map(|place| dir.join(place));
    let path = env::var_os("PATH").unwrap_or_default();
    own.into_iter().chain(env::split_paths(&path)).collect()
}

/// Returns the first tool that is not there, and how to get it.
fn missing<'t>(
    tools: &'t BTreeMap<String, String>,
    dir: &Path,
    places: &[PathBuf],
) -> Option<(&'t String, &'t String)> {
    let is_there = |tool: &str| {
        if tool.contains('/') {
            return dir.join(tool).exists();
        }
        tool.split('|').any(|name| find(name, places).is_some())
    };
    tools.iter().find(|(tool, _)| !is_there(tool))
}

fn find(program: &str, places: &[PathBuf]) -> Option<PathBuf> {
    let candidates = places.iter().map(|place| place.join(program));
    candidates.into_iter().find(|path| path.is_file())
}

fn run(ui: Ui, description: &Description, dir: &Path, places: &[PathBuf]) -> Result {
    let [program, arguments @ ..] = &*description.build else {
        return Err(CliError::failed(format!("`build` in `{FILE}` is empty")));
    };
    let shown = description.build.join(" ");
    ui.say(Role::Busy, &format!("building: {shown}"));
    let path = env::join_paths(places).context(|| "cannot extend PATH".into())?;
    let program = find(program, places).map_or_else(|| OsString::from(program), Into::into);
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(dir)
        .env("PATH", path)
        .envs(&description.env)
        // What is printed here is data: the answer of the server.
        .stdout(std::io::stderr());
    let venv = dir.join(VENV);
    if venv.is_dir() {
        command.env("VIRTUAL_ENV", venv);
    }
    let status = command
        .status()
        .context(|| format!("cannot run `{shown}`"))?;
    if !status.success() {
        let message = format!("the build failed: `{shown}` ended with {status}");
        return Err(CliError::failed(message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::{Description, missing, places};

    fn tools(list: &[&str]) -> BTreeMap<String, String> {
        let pairs = list
            .iter()
            .map(|tool| ((*tool).into(), "ask for it".into()));
        pairs.collect()
    }

    fn first_missing(list: &[&str], dir: &std::path::Path) -> Option<String> {
        let tools = tools(list);
        missing(&tools, dir, &places(dir)).map(|(tool, _)| tool.clone())
    }

    #[test]
    fn tools_are_programs_alternatives_or_paths() {
        let dir = tempfile::tempdir().unwrap();
        let all = ["sh", "no-such-tool|sh", "node_modules/thing", "own-tool"];
        assert_eq!(
            first_missing(&all, dir.path()).as_deref(),
            Some("node_modules/thing")
        );
        fs::create_dir_all(dir.path().join("node_modules/thing")).unwrap();
        assert_eq!(first_missing(&all, dir.path()).as_deref(), Some("own-tool"));
        fs::create_dir_all(dir.path().join(".venv/bin")).unwrap();
        fs::write(dir.path().join(".venv/bin/own-tool"), "").unwrap();
        assert_eq!(first_missing(&all, dir.path()), None);
    }

    /// The example of docs/actions.md.
    #[test]
    fn example_of_the_documents_is_understood() {
        let page = include_str!("../../../docs/actions.md");
        let block = page.split("```toml\n").nth(1).unwrap();
        let block = block.split("```").next().unwrap();
        let description: Description = toml::from_str(block).unwrap();
        assert_eq!(description.build, ["make", "greet.wasm"]);
        assert_eq!(description.tools.len(), 3);
    }

    #[test]
    fn unknown_keys_are_refused() {
        let text = "build = [\"make\"]\ncomponent = \"x.wasm\"\nenvironment = {}\n";
        let error = toml::from_str::<Description>(text).unwrap_err().to_string();
        assert!(error.contains("environment"), "{error}");
    }
}
