//! Builds an action project with its own toolchain, and finds out how its action is called.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::output::Ui;
use crate::output::error::{CliError, Context, Result};
use crate::output::ui::Role;

/// The target that components are built for.
const TARGET: &str = "wasm32-wasip2";

/// A built project.
#[derive(Debug)]
pub(crate) struct Built {
    /// The component.
    pub(crate) component: PathBuf,
    /// What the project calls its action.
    pub(crate) reference: Option<String>,
}

#[derive(Deserialize)]
struct CargoManifest {
    package: CargoPackage,
}

#[derive(Deserialize)]
struct CargoPackage {
    name: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
struct Metadata {
    attune: Option<AttuneMetadata>,
}

#[derive(Deserialize)]
struct AttuneMetadata {
    action: String,
}

#[derive(Deserialize)]
struct PackFile {
    name: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
}

/// Builds the Rust project in `dir` and returns its component.
///
/// # Errors
/// If it is no project, a tool is missing, or the build fails.
pub(crate) fn project(ui: Ui, dir: &Path) -> Result<Built> {
    let file = dir.join("Cargo.toml");
    let text = std::fs::read_to_string(&file).map_err(|_missing| {
        CliError::usage(format!("`{}` holds no action project", dir.display()))
            .hint("make one with `attune action new NAME`, or name a `.wasm` file")
    })?;
    let manifest: CargoManifest =
        toml::from_str(&text).context(|| format!("cannot understand `{}`", file.display()))?;
    ui.say(
        Role::Busy,
        &format!("building {} for {TARGET}", manifest.package.name),
    );
    let status = Command::new("cargo")
        .args(["build", "--release", "--target", TARGET])
        .current_dir(dir)
        .stdout(std::io::stderr())
        .status()
        .map_err(|cause| {
            CliError::failed("cannot run `cargo`")
                .caused_by(&cause)
                .hint("install Rust with rustup, then try again")
        })?;
    if !status.success() {
        return Err(CliError::failed("the build failed").hint(format!(
            "if the target is missing, add it with `rustup target add {TARGET}`"
        )));
    }
    let component = component(dir, &manifest.package.name)?;
    let named = manifest.package.metadata.attune.map(|attune| attune.action);
    let reference = named.or_else(|| in_pack(dir, &manifest.package.name));
    Ok(Built {
        component,
        reference,
    })
}

/// Asks cargo where it builds to, and returns the component there.
fn component(dir: &Path, package: &str) -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Workspace {
        target_directory: PathBuf,
    }
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(dir)
        .output()
        .context(|| "cannot run `cargo metadata`".into())?;
    let workspace: Workspace = serde_json::from_slice(&output.stdout)
        .context(|| "cannot understand `cargo metadata`".into())?;
    let release = workspace.target_directory.join(TARGET).join("release");
    let file = format!("{}.wasm", package.replace('-', "_"));
    [release.join(&file), release.join(format!("{package}.wasm"))]
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| {
            CliError::failed(format!("the build made no `{file}`"))
                .hint("the library needs `crate-type = [\"cdylib\"]` in its `[lib]`")
        })
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
