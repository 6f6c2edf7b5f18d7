//! Builds a crate by cargo, for `wasm32-wasip2`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::{Built, in_pack};
use crate::output::Ui;
use crate::output::error::{CliError, Context, Result};
use crate::output::ui::Role;

/// What makes a directory a crate.
pub(super) const FILE: &str = "Cargo.toml";

/// The target that components are built for.
const TARGET: &str = "wasm32-wasip2";

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

/// Builds the crate in `dir`.
pub(super) fn build(ui: Ui, dir: &Path) -> Result<Built> {
    let file = dir.join(FILE);
    let text = fs::read_to_string(&file).context(|| format!("cannot read `{}`", file.display()))?;
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
