//! The guests that tests run: compiled once, whatever number of test processes ask for them.
//!
//! They live in a target directory of their own beside the tests' one. A stamp there says which
//! sources it was made from; a lock lets one process build while the others wait.

use std::collections::HashMap;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::{env, io};

#[path = "../../engine/build/guest_cargo.rs"]
mod guest_cargo;

use guest_cargo::GuestCargo;

/// A module that is no component and says nothing about becoming one: `run` returns 42.
const CORE_MODULE: &[u8] = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\
    \x07\x07\x01\x03run\0\0\x0a\x06\x01\x04\0\x41\x2a\x0b";

/// Returns the component of a guest, a directory of `tests/guests` such as `trap`, or the bare
/// module `core-module`.
///
/// # Panics
/// If it does not exist or does not compile.
#[must_use]
pub fn path(name: &str) -> PathBuf {
    let target_dir = built("guests", "tests/guests");
    if name == "core-module" {
        let path = target_dir.join("core-module.wasm");
        fs::write(&path, CORE_MODULE).expect("the target directory must be writable");
        return path;
    }
    existing(guest_cargo::component(&target_dir, name))
}

/// Returns the bytes of a guest: see [`path`].
///
/// # Panics
/// As [`path`].
#[must_use]
pub fn bytes(name: &str) -> Vec<u8> {
    fs::read(path(name)).expect("a guest that was compiled must be readable")
}

/// Returns the component of a standard action, such as `core.echo`.
///
/// # Panics
/// If it does not exist or does not compile.
#[must_use]
pub fn standard(reference: &str) -> PathBuf {
    let target_dir = built("actions", "actions");
    existing(guest_cargo::component(
        &target_dir,
        &reference.replacen('.', "-", 1),
    ))
}

/// Returns a guest as a module for WASI preview 1, as older toolchains make them.
///
/// # Panics
/// If it does not compile.
#[must_use]
pub fn preview1(name: &str) -> Vec<u8> {
    let target_dir = target_dir("guests").with_file_name("guests-preview1");
    let status = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--locked",
            "--target",
            "wasm32-wasip1",
        ])
        .args(["--package", name, "--target-dir"])
        .arg(&target_dir)
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(root().join("tests/guests"))
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "`{name}` does not compile"
    );
    let file = format!("{}.wasm", name.replace('-', "_"));
    let path = existing(target_dir.join("wasm32-wasip1/release").join(file));
    fs::read(path).expect("a guest that was compiled must be readable")
}

/// Returns a guest as `cargo component build` makes it, or nothing where that is not installed.
///
/// # Panics
/// If it does not compile, or is not installed on a machine that promises everything (`CI=true`).
#[must_use]
pub fn by_cargo_component(name: &str) -> Option<PathBuf> {
    let installed = Command::new("cargo")
        .args(["component", "--version"])
        .output();
    if !installed.is_ok_and(|output| output.status.success()) {
        assert!(
            env::var_os("CI").is_none_or(|ci| ci != "true"),
            "cargo-component is not installed"
        );
        return None;
    }
    let target_dir = target_dir("guests").with_file_name("guests-by-cargo-component");
    let status = Command::new("cargo")
        .args([
            "component",
            "build",
            "--release",
            "--package",
            name,
            "--target-dir",
        ])
        .arg(&target_dir)
        .env_remove("CARGO_TARGET_DIR")
        .current_dir(root().join("tests/guests"))
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "`{name}` does not compile"
    );
    let file = format!("{}.wasm", name.replace('-', "_"));
    Some(existing(
        target_dir.join("wasm32-wasip1/release").join(file),
    ))
}

/// Returns a program that its authors published, as cargo makes a component of it: nothing of it
/// knows of this engine.
///
/// # Panics
/// If it cannot be had or does not compile.
#[must_use]
pub fn published(name: &str, version: &str) -> Vec<u8> {
    let root = target_dir("guests").with_file_name("guests-published");
    let path = root.join("bin").join(format!("{name}.wasm"));
    if !path.is_file() {
        let status = Command::new("cargo")
            .args(["install", name, "--version", version, "--locked", "--quiet"])
            .args(["--target", guest_cargo::TARGET, "--root"])
            .arg(&root)
            .arg("--target-dir")
            .arg(root.join("target"))
            .env_remove("CARGO_TARGET_DIR")
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "`{name}` does not compile"
        );
    }
    fs::read(existing(path)).expect("a guest that was compiled must be readable")
}

fn existing(path: PathBuf) -> PathBuf {
    assert!(path.is_file(), "there is no `{}`", path.display());
    path
}

/// Returns the repository's root.
#[must_use]
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("the tests are a directory of the repository")
        .to_owned()
}

/// Returns the target directory of a workspace of guests after compiling it, unless that is done.
fn built(name: &str, workspace: &str) -> PathBuf {
    static BUILT: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let built = built.get_or_insert_default();
    if let Some(target_dir) = built.get(name) {
        return target_dir.clone();
    }
    let target_dir = target_dir(name);
    if let Err(error) = build(&root().join(workspace), &target_dir) {
        panic!("the guests of `{workspace}` cannot be built: {error}");
    }
    built.insert(name.to_owned(), target_dir.clone());
    target_dir
}

/// Returns where a workspace of guests is compiled: beside the profiles of the tests' own target
/// directory, or where `ATTUNE_ACTIONS_TARGET_DIR` (which the engine's build shares) says.
fn target_dir(name: &str) -> PathBuf {
    if let Some(directory) = env::var_os(format!("ATTUNE_{}_TARGET_DIR", name.to_uppercase())) {
        return directory.into();
    }
    let test = env::current_exe().expect("a running test has a path");
    let target = test
        .ancestors()
        .nth(3)
        .expect("a test is in <target>/<profile>/deps");
    target.join(name)
}

fn build(workspace: &Path, target_dir: &Path) -> Result<(), Box<dyn std::error::Error>> {
    fs::create_dir_all(target_dir)?;
    let lock = File::create(target_dir.join(".lock"))?;
    lock.lock()?;
    let stamp = target_dir.join(".stamp");
    let sources = fingerprint(&[workspace, &root().join("guest-sdk"), &root().join("wit")])?;
    if fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == sources) {
        return Ok(());
    }
    let status = GuestCargo::find()?
        .build(workspace, target_dir)
        .args(["--locked", "--workspace"])
        .status()?;
    if !status.success() {
        return Err("they do not compile: see above".into());
    }
    fs::write(stamp, sources)?;
    Ok(())
}

/// Returns what tells whether the content of any file below the directories was changed.
fn fingerprint(directories: &[&Path]) -> io::Result<String> {
    let mut hasher = DefaultHasher::new();
    for directory in directories {
        add(directory, &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn add(directory: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        if entry.file_type()?.is_file() {
            // The content, not the time: a checkout touches files without changing them.
            (entry.file_name(), fs::read(entry.path())?).hash(hasher);
        } else if entry.file_name() != "target" {
            add(&entry.path(), hasher)?;
        }
    }
    Ok(())
}
