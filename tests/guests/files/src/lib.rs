//! Works with files through the standard library alone, and returns what came of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};

use attune_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Input {
    /// What any program does with files.
    Usual,
    /// Writes files of so many bytes, without end.
    Fill(usize),
    /// Makes empty files without end.
    Litter,
    /// Goes where nothing is.
    Stray,
}

/// Works with files.
#[action]
fn files(input: Input) -> Result<Value, ActionError> {
    Ok(match input {
        Input::Usual => usual()?,
        Input::Fill(bytes) => fill(bytes)?,
        Input::Litter => litter()?,
        Input::Stray => stray(),
    })
}

fn usual() -> io::Result<Value> {
    let before = names("/")?;
    fs::create_dir_all("/a/b")?;
    fs::write("/a/b/one", "one")?;
    OpenOptions::new()
        .append(true)
        .open("/a/b/one")?
        .write_all(b" and two")?;
    let mut file = File::options().read(true).write(true).open("a/b/one")?;
    file.seek(SeekFrom::Start(4))?;
    file.write_all(b"AND")?;
    file.rewind()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    fs::rename("/a/b/one", "/moved")?;
    let moved = fs::read_to_string("/moved")?;
    let size = fs::metadata("/moved")?.len();
    let not_empty = fs::remove_dir("/a").is_err();
    fs::remove_file("/moved")?;
    // What is open is still there.
    file.rewind()?;
    let mut kept = String::new();
    file.read_to_string(&mut kept)?;
    fs::remove_dir_all("/a")?;
    Ok(json!({
        "before": before,
        "text": text,
        "moved": moved,
        "size": size,
        "not_empty": not_empty,
        "kept": kept,
        "after": names("/")?,
    }))
}

fn names(path: &str) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(path)?;
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

fn fill(bytes: usize) -> io::Result<Value> {
    let content = vec![1_u8; bytes];
    for number in 0.. {
        fs::write(format!("/{number}"), &content)?;
    }
    Ok(Value::Null)
}

fn litter() -> io::Result<Value> {
    for number in 0.. {
        File::create(format!("/{number}"))?;
    }
    Ok(Value::Null)
}

fn stray() -> Value {
    let outcome = |result: io::Result<()>| match result {
        Ok(()) => "ok".to_owned(),
        Err(error) => error.kind().to_string(),
    };
    json!([
        outcome(fs::read("/etc/passwd").map(drop)),
        outcome(fs::read("/../etc/passwd").map(drop)),
        outcome(fs::read("../../etc/passwd").map(drop)),
        outcome(fs::read("/proc/self/environ").map(drop)),
        outcome(fs::hard_link("/", "/x")),
    ])
}
