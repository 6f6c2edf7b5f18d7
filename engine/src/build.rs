//! Builds an action project with its own toolchain, and finds out how its action is called.
//!
//! A crate is built by cargo; any other project says how in its `action.toml`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::output::Ui;
use crate::output::error::{CliError, Result};

mod cargo;
mod described;

/// A built project.
#[derive(Debug)]
pub(crate) struct Built {
    /// The component.
    pub(crate) component: PathBuf,
    /// What the project calls its action.
    pub(crate) reference: Option<String>,
}

#[derive(Deserialize)]
struct PackFile {
    name: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
}

/// Builds the project in `dir` and returns its component.
///
/// # Errors
/// If it is no project, a tool is missing, or the build fails.
pub(crate) fn project(ui: Ui, dir: &Path) -> Result<Built> {
    if dir.join(described::FILE).is_file() {
        return described::build(ui, dir);
    }
    if dir.join(cargo::FILE).is_file() {
        return cargo::build(ui, dir);
    }
    Err(
        CliError::usage(format!("`{}` holds no action project", dir.display())).hint(
            "make one with `attune action new NAME`, say in its `action.toml` how it is built, or \
             name a `.wasm` file",
        ),
    )
}

/// Returns what a component in a pack's `actions` folder is called.
pub(crate) fn reference_of_file(file: &Path) -> Option<String> {
    let name = file.file_stem()?.to_str()?;
    in_pack(file.parent()?, name)
}

/// Looks for the `pack.yaml` of the pack whose `actions` folder `dir` is, or is in.
fn in_pack(dir: &Path, name: &str) -> Option<String> {
    let dir = dir.canonicalize().ok()?;
    let file = dir
        .ancestors()
        .take(3)
        .map(|dir| dir.join("pack.yaml"))
        .find(|f| f.is_file())?;
    let pack: PackFile = serde_yaml::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
    Some(format!("{}.{name}", pack.name.or(pack.reference)?))
}
