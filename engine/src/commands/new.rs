//! `attune new` and `attune action new`: folders to start from.

use std::fs;
use std::path::Path;

use crate::output::Ui;
use crate::output::error::{CliError, Context, Result};
use crate::output::ui::{Role, paint};
use crate::template::{self, Language, NewFile};

/// Makes a pack.
pub(crate) fn pack(ui: Ui, name: &str) -> Result {
    check(name)?;
    write(Path::new(name), template::pack(name))?;
    ui.say(Role::Good, &format!("made the pack `{name}`"));
    ui.note(&format!(
        "\n{} cd {name}\n      attune workflow run workflows/hello.yaml name=Ada\n      \
         attune workflow test tests",
        paint(Role::Hint, "next:")
    ));
    Ok(())
}

/// Makes an action project.
pub(crate) fn action(ui: Ui, name: &str, language: Language) -> Result {
    check(name)?;
    write(Path::new(name), template::action(name, language))?;
    ui.say(Role::Good, &format!("made the action `{name}`"));
    let steps = language.first_steps().join("\n      ");
    ui.note(&format!(
        "\n{} cd {name}\n      {steps}\n      attune action push . --as PACK.NAME",
        paint(Role::Hint, "next:")
    ));
    Ok(())
}

fn check(name: &str) -> Result {
    let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(ok)
        && name.len() <= 63
    {
        return Ok(());
    }
    Err(CliError::usage(format!("`{name}` is not a name"))
        .hint("names are lower case: a letter, then letters, digits, `_` and `-`, at most 63"))
}

/// Writes the files of a new folder; one that exists is left alone.
fn write(dir: &Path, files: Vec<NewFile>) -> Result {
    if dir.exists() {
        return Err(
            CliError::failed(format!("`{}` exists already", dir.display()))
                .hint("choose another name, or remove it first"),
        );
    }
    for file in files {
        let path = dir.join(&file.path);
        let failed = || format!("cannot write `{}`", path.display());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).context(failed)?;
        }
        fs::write(&path, file.content).context(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_are_refused() {
        for name in ["", "Hello", "1st", "a/b", "..", &"a".repeat(64)] {
            assert!(check(name).is_err(), "{name}");
        }
        assert!(check("order-2_x").is_ok());
    }
}
