//! The cargo that compiles guests: for WebAssembly, in a target directory of its own, in an
//! environment without what the cargo around it is set to.
//!
//! The engine's build script and the tests share this file.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What guests are compiled for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// The toolchain that `.ci/wasm-targets` makes where rustup cannot fetch the target.
const FALLBACK_TOOLCHAIN: &str = "attune-wasm";

/// Variables that reach the inner cargo although they begin with `CARGO_`: where crates come
/// from, and how much may run at once.
const KEPT: [&str; 9] = [
    "CARGO_BUILD_JOBS",
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_MAKEFLAGS",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    "CARGO_TERM_",
];

/// Variables that the outer cargo or its user set for another target.
const CLEARED: [&str; 8] = [
    "CLIPPY_ARGS",
    "RUSTC",
    "RUSTDOC",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "TARGET",
    "HOST",
    "OUT_DIR",
];

/// A cargo that can compile for [`TARGET`].
pub(crate) struct GuestCargo {
    toolchain: Option<&'static str>,
}

/// There is no standard library for [`TARGET`].
#[derive(Debug)]
pub(crate) struct MissingTarget;

impl std::error::Error for MissingTarget {}

impl fmt::Display for MissingTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the Rust target {TARGET} is missing: run `rustup target add {TARGET}`, "
        )?;
        write!(f, "or `.ci/wasm-targets` where rustup cannot fetch it")
    }
}

impl GuestCargo {
    /// Finds a toolchain that has the target: the one in use, else the fallback.
    pub(crate) fn find() -> Result<Self, MissingTarget> {
        [None, Some(FALLBACK_TOOLCHAIN)]
            .into_iter()
            .find(|toolchain| has_target(*toolchain))
            .map(|toolchain| Self { toolchain })
            .ok_or(MissingTarget)
    }

    /// Returns the command that compiles a workspace, to which packages may be added.
    pub(crate) fn build(&self, workspace: &Path, target_dir: &Path) -> Command {
        let mut command = command("cargo", self.toolchain);
        command.current_dir(workspace);
        command
            .args(["build", "--release", "--target", TARGET, "--target-dir"])
            .arg(target_dir);
        command
    }
}

/// Returns where [`GuestCargo::build`] leaves the component of a library crate.
pub(crate) fn component(target_dir: &Path, package: &str) -> PathBuf {
    let file = format!("{}.wasm", package.replace('-', "_"));
    target_dir.join(TARGET).join("release").join(file)
}

fn has_target(toolchain: Option<&str>) -> bool {
    let output = command("rustc", toolchain)
        .args(["--print", "target-libdir", "--target", TARGET])
        .stderr(Stdio::null())
        .output();
    let Ok(output) = output else { return false };
    let directory = String::from_utf8_lossy(&output.stdout);
    output.status.success() && Path::new(directory.trim()).is_dir()
}

fn command(tool: &str, toolchain: Option<&str>) -> Command {
    // The variable of the outer cargo names the very binary, where rustup is not in between.
    let own = env::var_os(tool.to_uppercase()).filter(|_| toolchain.is_none());
    let mut command = Command::new(own.unwrap_or_else(|| OsString::from(tool)));
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let inner = text.starts_with("CARGO_") && !KEPT.iter().any(|kept| text.starts_with(kept));
        if inner || text.starts_with("DEP_") || CLEARED.contains(&&*text) {
            command.env_remove(&name);
        }
    }
    // Empty rather than absent: this also overrules the user's configuration files.
    for name in [
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
    ] {
        command.env(name, "");
    }
    if let Some(toolchain) = toolchain {
        command.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    command
}
