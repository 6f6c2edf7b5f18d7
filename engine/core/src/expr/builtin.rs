//! The functions, filters and tests, one table for the compiler, the evaluator and the docs.

mod facts;
mod items;
mod jinja;
mod json;
mod lists;
mod maps;
mod matrix;
mod order;
mod outcome;
mod predicates;
mod reference;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub use reference::reference;

use super::call::Call;
use super::fault::Fault;
use crate::suggest::nearest;
use crate::value::Value;

/// Something an expression can call.
pub(super) struct Builtin {
    /// Its names; the first is the one to use.
    pub(super) names: &'static [&'static str],
    /// How it may be written.
    pub(super) forms: &'static [Form],
    /// How it is written, arguments included.
    pub(super) usage: &'static str,
    /// What it gives.
    pub(super) text: &'static str,
    /// Expressions and the JSON they give; without it, what surrounds it decides.
    pub(super) examples: &'static [(&'static str, &'static str)],
    /// Whether null stands for nothing there.
    pub(super) null_is_absent: bool,
    /// What it does.
    pub(super) run: fn(&mut Call<'_, '_>) -> Result<Value, Fault>,
}

/// A way to write a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// `f(x)`
    Function,
    /// `x | f`
    Filter,
    /// `x is f`
    Test,
}

impl Form {
    /// What it is called.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Filter => "filter",
            Self::Test => "test",
        }
    }
}

impl Builtin {
    /// The name to use.
    pub(super) fn name(&self) -> &'static str {
        self.names[0]
    }
}

impl std::fmt::Debug for Builtin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a table's entries have in common.
const FILTER: Builtin = blank(&[Form::Filter]);
const FUNCTION: Builtin = blank(&[Form::Function]);
const EITHER: Builtin = blank(&[Form::Function, Form::Filter]);
const TEST: Builtin = blank(&[Form::Test]);

const fn blank(forms: &'static [Form]) -> Builtin {
    Builtin {
        names: &[],
        forms,
        usage: "",
        text: "",
        examples: &[],
        null_is_absent: false,
        run: |_| Ok(Value::Null),
    }
}

/// All of them, in the order of the docs.
pub(super) fn tables() -> [&'static [Builtin]; 10] {
    [
        outcome::TABLE,
        facts::TABLE,
        json::TABLE,
        lists::TABLE,
        order::TABLE,
        items::TABLE,
        maps::TABLE,
        matrix::TABLE,
        jinja::TABLE,
        predicates::TABLE,
    ]
}

type Names = BTreeMap<(Form, &'static str), &'static Builtin>;

static BY_NAME: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Names::new();
    for builtin in tables().into_iter().flatten() {
        for form in builtin.forms {
            for name in builtin.names {
                names.insert((*form, name), builtin);
            }
        }
    }
    names
});

/// Finds a function, filter or test.
pub(super) fn find(form: Form, name: &str) -> Option<&'static Builtin> {
    BY_NAME.get(&(form, name)).copied()
}

/// Finds the name that was probably meant.
pub(super) fn similar(form: Form, name: &str) -> Option<&'static str> {
    let mut known: Vec<&'static str> = BY_NAME
        .keys()
        .filter(|(other, _)| *other == form)
        .map(|(_, name)| *name)
        .collect();
    known.sort_unstable();
    nearest(name, known)
}
