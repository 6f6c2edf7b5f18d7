//! Compiles the standard actions and embeds them, the SDK and the project templates in the binary.
//!
//! The actions are another workspace, compiled for another target by a cargo of its own, only when
//! they or what they are built from change. `ATTUNE_ACTIONS_DIR` names a directory of components
//! (`core.echo.wasm`, …) to take instead; `ATTUNE_ACTIONS_TARGET_DIR` one where several builds may
//! share what they compile.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "build/embed.rs"]
mod embed;
#[path = "build/guest_cargo.rs"]
mod guest_cargo;

use guest_cargo::GuestCargo;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() {
    if let Err(error) = run() {
        println!("cargo::error={error}");
        std::process::exit(1);
    }
}

fn run() -> Result<()> {
    let engine = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let root = engine
        .parent()
        .ok_or("the engine has no parent directory")?;
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let actions = actions(root)?;
    let components = match watched_env("ATTUNE_ACTIONS_DIR") {
        Some(directory) => prebuilt(Path::new(&directory), &actions)?,
        None => compiled(root, &out, &actions)?,
    };
    let mut code = embed::actions(&actions, &components);
    code.push_str(&embed::files("SDK_FILES", &sdk_files(root, &out)?));
    code.push_str(&embed::files("WIT_FILES", &wit_files(root)?));
    code.push_str(&embed::templates(&templates(&engine)?));
    embed::write_if_changed(&out.join("standard.rs"), code.as_bytes())
}

/// A standard action: where its crate is and what workflows call it.
struct Action {
    directory: PathBuf,
    name: String,
    reference: String,
}

/// Lists the crates of the actions workspace. `core-echo` is `core.echo`.
fn actions(root: &Path) -> Result<Vec<Action>> {
    let mut actions = Vec::new();
    for entry in fs::read_dir(root.join("actions"))? {
        let directory = entry?.path();
        if !directory.join("Cargo.toml").is_file() {
            continue;
        }
        watch(&directory);
        let name = directory
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let reference = name.replacen('-', ".", 1);
        actions.push(Action {
            directory,
            name,
            reference,
        });
    }
    actions.sort_by(|a, b| a.reference.cmp(&b.reference));
    Ok(actions)
}

fn prebuilt(directory: &Path, actions: &[Action]) -> Result<Vec<PathBuf>> {
    let find = |action: &Action| {
        let component = directory.join(format!("{}.wasm", action.reference));
        watch(&component);
        if !component.is_file() {
            let reference = &action.reference;
            return Err(format!("ATTUNE_ACTIONS_DIR has no `{reference}.wasm`").into());
        }
        Ok(component.canonicalize()?)
    };
    actions.iter().map(find).collect()
}

fn compiled(root: &Path, out: &Path, actions: &[Action]) -> Result<Vec<PathBuf>> {
    for source in [
        "actions/Cargo.toml",
        "actions/Cargo.lock",
        "guest-sdk/Cargo.toml",
        "wit",
    ] {
        watch(&root.join(source));
    }
    for source in ["guest-sdk/src", "guest-sdk/macros"] {
        watch(&root.join(source));
    }
    let target_dir = watched_env("ATTUNE_ACTIONS_TARGET_DIR")
        .map_or_else(|| out.join("actions-target"), PathBuf::from);
    let status = GuestCargo::find()?
        .build(&root.join("actions"), &target_dir)
        .args(["--locked", "--workspace"])
        .status()?;
    if !status.success() {
        return Err("the standard actions do not compile: see above".into());
    }
    // Copied, because a shared target directory may change under us.
    let copies = out.join("actions");
    fs::create_dir_all(&copies)?;
    let copy = |action: &Action| {
        let copy = copies.join(format!("{}.wasm", action.reference));
        let built = guest_cargo::component(&target_dir, &action.name);
        embed::write_if_changed(&copy, &fs::read(built)?)?;
        Ok(copy)
    };
    actions.iter().map(copy).collect()
}

/// Lists what `attune action new` writes beside a project, so that it needs no registry to find
/// the SDK. The workspace's lints stay here.
fn sdk_files(root: &Path, out: &Path) -> Result<Vec<(String, PathBuf)>> {
    let sdk = root.join("guest-sdk");
    let mut files = vec![("LICENSE".to_owned(), root.join("LICENSE"))];
    for package in ["", "macros"] {
        let path = Path::new(package).join("Cargo.toml");
        let manifest = fs::read_to_string(sdk.join(&path))?;
        let manifest = manifest.replace("[lints]\nworkspace = true\n\n", "");
        let copy = out.join("sdk").join(&path);
        fs::create_dir_all(copy.parent().unwrap_or(out))?;
        embed::write_if_changed(&copy, manifest.as_bytes())?;
        files.push((path.to_string_lossy().into_owned(), copy));
    }
    for directory in ["src", "macros/src"] {
        for (path, file) in embed::list(&sdk.join(directory))? {
            files.push((format!("{directory}/{path}"), file));
        }
    }
    Ok(files)
}

/// Lists the interfaces that a project in another language than Rust builds on. The worlds stay
/// here: a project has one of its own, and ours would bring all of `wasi:http` along.
fn wit_files(root: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut files = embed::list(&root.join("wit"))?;
    files.retain(|(path, _)| {
        let is_own = Path::new(path).components().count() == 1;
        is_own && path.ends_with(".wit") && path != "worlds.wit"
    });
    Ok(files)
}

/// Lists the project templates by name, each with its files.
fn templates(engine: &Path) -> Result<embed::Templates> {
    let directory = engine.join("templates");
    watch(&directory);
    let mut templates = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        templates.push((name, embed::list(&entry.path())?));
    }
    templates.sort();
    Ok(templates)
}

fn watch(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

fn watched_env(name: &str) -> Option<String> {
    println!("cargo::rerun-if-env-changed={name}");
    env::var(name).ok().filter(|value| !value.is_empty())
}
