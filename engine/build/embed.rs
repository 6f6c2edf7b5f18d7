//! Writes the Rust code that embeds files in the binary.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Action, Result};

/// Templates by name, each a list of paths and files.
pub(crate) type Templates = Vec<(String, Vec<(String, PathBuf)>)>;

/// Returns the list of the standard actions.
pub(crate) fn actions(actions: &[Action], components: &[PathBuf]) -> String {
    let mut code = "pub(crate) static STANDARD_ACTIONS: &[StandardAction] = &[\n".to_owned();
    for (action, component) in actions.iter().zip(components) {
        let about = action.directory.join("about.json");
        let examples = action.directory.join("examples.json");
        let _ = writeln!(
            code,
            "StandardAction {{ reference: {:?}, component: include_bytes!({component:?}), \
             about: include_str!({about:?}), examples: include_str!({examples:?}) }},",
            action.reference,
        );
    }
    code + "];\n"
}

/// Returns a list of files.
pub(crate) fn files(name: &str, files: &[(String, PathBuf)]) -> String {
    format!("pub(crate) static {name}: &[File] = {};\n", list_of(files))
}

/// Returns the list of the templates.
pub(crate) fn templates(templates: &Templates) -> String {
    let mut code = "pub(crate) static TEMPLATES: &[(&str, &[File])] = &[\n".to_owned();
    for (name, files) in templates {
        let _ = writeln!(code, "({name:?}, {}),", list_of(files));
    }
    code + "];\n"
}

fn list_of(files: &[(String, PathBuf)]) -> String {
    let mut code = "&[\n".to_owned();
    for (path, file) in files {
        let _ = writeln!(code, "    ({path:?}, include_bytes!({file:?})),");
    }
    code + "]"
}

/// Lists all files below a directory by their relative paths, in order.
pub(crate) fn list(directory: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            let below = list(&entry.path())?;
            files.extend(
                below
                    .into_iter()
                    .map(|(path, file)| (format!("{name}/{path}"), file)),
            );
        } else {
            files.push((name, entry.path()));
        }
    }
    files.sort();
    Ok(files)
}

/// Writes a file unless it is already so, which keeps what depends on it from being built again.
pub(crate) fn write_if_changed(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    Ok(fs::write(path, content)?)
}
