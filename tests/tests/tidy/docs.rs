//! Rules of prose: the project stands alone and its documents do not lie about its layout.

use std::path::Path;

use super::source::{files, read, report, root};

#[test]
fn documents_link_only_to_what_exists() {
    let mut broken = Vec::new();
    for path in files("md") {
        let text = read(&path);
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = target.split('#').next().unwrap_or_default();
            let is_foreign = file.is_empty() || file.contains("://") || file.contains(' ');
            if !is_foreign && !root().join(&folder).join(file).exists() {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    report("these links lead nowhere", &broken);
}

#[test]
fn the_map_names_every_crate() {
    let map = read(Path::new("ARCHITECTURE.md"));
    let missing: Vec<String> = files("toml")
        .iter()
        .filter(|path| path.ends_with("Cargo.toml") && path.starts_with("engine"))
        .filter_map(|path| path.parent().map(|folder| folder.display().to_string()))
        .filter(|folder| !folder.contains("templates"))
        .filter(|folder| !map.contains(folder.rsplit('/').next().unwrap_or(folder)))
        .collect();
    report("ARCHITECTURE.md does not name these", &missing);
}

#[test]
fn every_wit_item_is_documented() {
    let mut silent = Vec::new();
    for path in files("wit")
        .iter()
        .filter(|path| path.starts_with("wit") && !path.to_string_lossy().contains("/deps/"))
    {
        let text = read(path);
        let mut documented = false;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            let is_item = [
                "interface ",
                "world ",
                "record ",
                "variant ",
                "enum ",
                "type ",
                "flags ",
            ]
            .iter()
            .any(|word| line.starts_with(word))
                || line.contains(": func(");
            if is_item && !documented {
                silent.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
            documented = line.starts_with("///") || (documented && line.starts_with('@'));
        }
    }
    report("document these", &silent);
}
