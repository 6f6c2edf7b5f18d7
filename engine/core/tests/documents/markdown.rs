//! Fenced blocks of a document.

use std::path::PathBuf;

use super::{files, read, root};

/// A fenced block.
pub(super) struct Block {
    /// `file:line`.
    pub(super) place: String,
    /// What stands behind the fence, without the language.
    pub(super) words: Vec<String>,
    pub(super) text: String,
}

/// Returns every document for users.
pub(super) fn documents() -> Vec<PathBuf> {
    let mut all = vec![root().join("README.md")];
    all.extend(files(&root().join("docs"), "md"));
    all.extend(files(&root().join("docs/cookbook"), "md"));
    all
}

/// Returns the blocks of all documents in this language.
pub(super) fn blocks(language: &str) -> Vec<Block> {
    let mut found = Vec::new();
    for path in documents() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = read(&path);
        let mut open: Option<Block> = None;
        for (number, line) in text.lines().enumerate() {
            let fence = line.trim_start().strip_prefix("```");
            match (&mut open, fence) {
                (Some(_), Some(_)) => found.extend(open.take()),
                (Some(block), None) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, Some(info)) => {
                    open = Some(Block {
                        place: format!("{name}:{}", number + 1),
                        words: info.split_whitespace().map(str::to_owned).collect(),
                        text: String::new(),
                    });
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{name}: a fence is not closed");
    }
    found.retain(|block| block.words.first().is_some_and(|word| word == language));
    for block in &mut found {
        block.words.remove(0);
    }
    found
}
