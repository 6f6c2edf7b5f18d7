//! The list of functions, filters and tests for people.

use super::{Builtin, Form, tables};

/// What the examples of the functions take for granted; the tests run them so.
const SETTING: &str = "The examples stand in a transition of a task that succeeded with `{code: 200}`; \
    `flag` is stored as true and `token` is a secret.\n\n";

/// Returns the functions, filters and tests as the tables of the documentation.
pub fn reference() -> String {
    [Form::Function, Form::Filter, Form::Test]
        .into_iter()
        .map(section)
        .collect()
}

fn section(form: Form) -> String {
    let title = match form {
        Form::Function => "Functions",
        Form::Filter => "Filters",
        Form::Test => "Tests",
    };
    let rows: String = tables()
        .into_iter()
        .flatten()
        .filter(|builtin| builtin.forms.contains(&form))
        .map(|builtin| row(builtin, form))
        .collect();
    let setting = match form {
        Form::Function => SETTING,
        Form::Filter | Form::Test => "",
    };
    format!("## {title}\n\n{setting}| Written | Gives | Example |\n|---|---|---|\n{rows}\n")
}

fn row(builtin: &Builtin, form: Form) -> String {
    let usage = written(builtin, form);
    let others = &builtin.names[1..];
    let also = if others.is_empty() {
        String::new()
    } else {
        format!(" (also `{}`)", others.join("`, `"))
    };
    let examples: Vec<String> = builtin
        .examples
        .iter()
        .map(|(code, json)| format!("`{code}` → `{json}`"))
        .collect();
    let cells = [
        format!("`{usage}`{also}"),
        builtin.text.to_owned(),
        examples.join("<br>"),
    ];
    format!(
        "| {} |\n",
        cells.map(|cell| cell.replace('|', "\\|")).join(" | ")
    )
}

/// `f(x, y)` as the filter `x | f(y)`.
fn written(builtin: &Builtin, form: Form) -> String {
    let usage = builtin.usage;
    let both = builtin.forms.len() > 1;
    match (form, usage.split_once('(')) {
        (Form::Filter, Some((name, arguments))) if both => {
            let arguments = arguments.trim_end_matches(')');
            match arguments.split_once(", ") {
                Some((subject, rest)) => format!("{subject} | {name}({rest})"),
                None => format!("{arguments} | {name}"),
            }
        }
        (Form::Filter, _) => format!("x | {usage}"),
        (Form::Test, _) => format!("x {usage}"),
        (Form::Function, _) => usage.to_owned(),
    }
}
