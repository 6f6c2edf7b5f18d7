//! What an expression mentions, for the validator.

use std::sync::Arc;

/// What an expression mentions. Offsets are bytes within the whole text given to `compile`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct References {
    /// Variables, in the order of the text.
    pub reads: Vec<Read>,
    /// Functions, filters and tests, in the order of the text.
    pub calls: Vec<Call>,
    /// Conditionals written `a ? b : c` (`W_TERNARY`).
    pub ternaries: Vec<Ternary>,
}

/// A variable that is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// Where it comes from.
    pub root: Root,
    /// What follows the root: `vars.a.b` has the root `Vars` and the path `a`, `b`;
    /// `task.x.result` the root `Task` and the path `x`, `result`.
    pub path: Vec<PathStep>,
    /// Where it begins.
    pub offset: usize,
    /// Its text's length in bytes.
    pub len: usize,
    /// Whether `default()`, `is defined` or `is undefined` makes it all right if it is missing.
    pub guarded: bool,
}

/// Where a variable comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// `parameters`
    Parameters,
    /// `vars`, also written `workflow`.
    Vars,
    /// `task`
    Task,
    /// `pack`; the path begins with `config`.
    Pack,
    /// `system`
    System,
    /// `item`
    Item,
    /// `index`
    Index,
    /// `batch`
    Batch,
    /// Any other name, found when evaluated: in a retry policy `result`, `error` and `attempt`, in
    /// a batch `items`, then `vars`, then `parameters` (`W_BARE_NAME`).
    Bare(Arc<str>),
}

/// A step from a value to one of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathStep {
    /// `.name` or `['name']`
    Name(Arc<str>),
    /// `[1]`, `[-1]`
    Index(i64),
    /// `[…]` with anything else inside.
    Computed,
}

/// A function, filter or test that is used, `kv.get` and `kv.get_secret` included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: Arc<str>,
    /// Where the call begins.
    pub offset: usize,
}

/// A conditional written as in C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ternary {
    /// Where it begins.
    pub offset: usize,
    /// The same in this language.
    pub rewrite: String,
}

/// Names that a retry policy may use without parentheses.
pub(crate) const RETRY_NAMES: &[&str] = &["result", "error", "attempt"];

/// Functions that answer only when a task or an attempt has ended.
pub(crate) const ON_COMPLETION: &[&str] = &[
    "result",
    "error",
    "succeeded",
    "failed",
    "timed_out",
    "skipped",
    "completed",
];

impl References {
    /// Tells whether the expression asks, as in a retry policy, how something has ended.
    pub fn asks_for_end(&self) -> bool {
        let bare =
            |read: &Read| matches!(&read.root, Root::Bare(name) if RETRY_NAMES.contains(&&**name));
        self.reads.iter().any(bare) || ON_COMPLETION.iter().any(|name| self.calls(name))
    }

    /// Tells whether the expression reads `root`.
    pub fn uses(&self, root: &Root) -> bool {
        self.reads.iter().any(|read| read.root == *root)
    }

    /// Tells whether the expression calls the function, filter or test `name`.
    pub fn calls(&self, name: &str) -> bool {
        self.calls.iter().any(|call| &*call.name == name)
    }

    /// Returns the names read directly below `root` (`vars.NAME`), with where.
    pub fn names<'a>(&'a self, root: &'a Root) -> impl Iterator<Item = (&'a Arc<str>, &'a Read)> {
        self.reads
            .iter()
            .filter(move |read| read.root == *root)
            .filter_map(|read| match read.path.first() {
                Some(PathStep::Name(name)) => Some((name, read)),
                Some(PathStep::Index(_) | PathStep::Computed) | None => None,
            })
    }
}
