//! From a path to a node. A path stays below the directory it starts from.

use std::sync::Arc;

use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

use super::tree::{Directory, Node};

/// The longest path.
const MAX_PATH_BYTES: usize = 4 << 10;

/// The longest name.
const MAX_NAME_BYTES: usize = 255;

/// Where a path ends.
pub(super) enum Place {
    /// At the directory it started from, or one on its way.
    Directory(Arc<Directory>),
    /// At a name in a directory, whether there is something or not.
    Name {
        /// The directory.
        parent: Arc<Directory>,
        /// The name.
        name: String,
        /// A slash follows it: it can only be a directory.
        is_directory: bool,
    },
}

impl Place {
    /// Follows `path` from `base` on.
    pub(super) fn find(base: &Arc<Directory>, path: &str) -> Result<Self, ErrorCode> {
        if path.is_empty() {
            return Err(ErrorCode::NoEntry);
        }
        if path.starts_with('/') {
            return Err(ErrorCode::NotPermitted);
        }
        if path.len() > MAX_PATH_BYTES {
            return Err(ErrorCode::NameTooLong);
        }
        let mut way = vec![Arc::clone(base)];
        let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
        while let Some(part) = parts.next() {
            let here = way.last().cloned().ok_or(ErrorCode::NotPermitted)?;
            let is_last = parts.peek().is_none();
            match part {
                "." => {}
                ".." => {
                    way.pop();
                    if way.is_empty() {
                        return Err(ErrorCode::NotPermitted);
                    }
                }
                name if name.len() > MAX_NAME_BYTES => return Err(ErrorCode::NameTooLong),
                name if is_last => {
                    return Ok(Self::Name {
                        parent: here,
                        name: name.to_owned(),
                        is_directory: path.ends_with('/'),
                    });
                }
                name => match here.get(name).ok_or(ErrorCode::NoEntry)? {
                    Node::Directory(next) => way.push(next),
                    Node::File(_) => return Err(ErrorCode::NotDirectory),
                },
            }
        }
        way.pop()
            .map(Self::Directory)
            .ok_or(ErrorCode::NotPermitted)
    }

    /// Returns what is there.
    pub(super) fn node(&self) -> Result<Node, ErrorCode> {
        match self {
            Self::Directory(directory) => Ok(Node::Directory(Arc::clone(directory))),
            Self::Name {
                parent,
                name,
                is_directory,
            } => match parent.get(name).ok_or(ErrorCode::NoEntry)? {
                Node::File(_) if *is_directory => Err(ErrorCode::NotDirectory),
                node @ (Node::File(_) | Node::Directory(_)) => Ok(node),
            },
        }
    }

    /// Returns directory and name, for what makes, moves or removes.
    pub(super) fn name(self) -> Result<(Arc<Directory>, String), ErrorCode> {
        match self {
            Self::Name { parent, name, .. } => Ok((parent, name)),
            Self::Directory(_) => Err(ErrorCode::Busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Scratch;
    use super::*;

    #[test]
    fn paths_stay_below_their_start() {
        let scratch = Scratch::default();
        let root = scratch.root();
        let a = root.new_directory().unwrap();
        let file = root.new_file().unwrap();
        a.insert("f".into(), Node::File(file));
        root.insert("a".into(), Node::Directory(Arc::clone(&a)));
        let find = |path| {
            Place::find(root, path)
                .and_then(|place| place.node())
                .map(|n| n.id())
        };
        for (path, expected) in [
            (".", Ok(0)),
            ("a", Ok(1)),
            ("./a/", Ok(1)),
            ("a/../a//f", Ok(2)),
            ("a/..", Ok(0)),
            ("", Err(ErrorCode::NoEntry)),
            ("/a", Err(ErrorCode::NotPermitted)),
            ("..", Err(ErrorCode::NotPermitted)),
            ("a/../..", Err(ErrorCode::NotPermitted)),
            ("../etc/passwd", Err(ErrorCode::NotPermitted)),
            ("a/f/x", Err(ErrorCode::NotDirectory)),
            ("a/f/", Err(ErrorCode::NotDirectory)),
            ("b/x", Err(ErrorCode::NoEntry)),
        ] {
            assert_eq!(find(path), expected, "{path}");
        }
        assert!(matches!(
            Place::find(&a, ".."),
            Err(ErrorCode::NotPermitted)
        ));
        let long = "x".repeat(256);
        assert!(matches!(
            Place::find(root, &long),
            Err(ErrorCode::NameTooLong)
        ));
    }
}
