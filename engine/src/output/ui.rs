//! Streams, colours by role, and the choice between tables, JSON and YAML.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde_json::Value as Json;

use super::error::{CliError, Context, Result};
use super::text::{escape, escape_json};
use crate::cli::{Global, Output};

/// Role of a piece of text; the colour follows from it, and text reads the same without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Something failed.
    Error,
    /// Something may be wrong.
    Warning,
    /// What to do.
    Hint,
    /// Something went well.
    Good,
    /// Still under way.
    Busy,
    /// Less important.
    Faint,
    /// A heading.
    Strong,
}

impl Role {
    fn style(self) -> Style {
        let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        match self {
            Self::Error => color(AnsiColor::Red).bold(),
            Self::Warning => color(AnsiColor::Yellow).bold(),
            Self::Hint => color(AnsiColor::Cyan),
            Self::Good => color(AnsiColor::Green),
            Self::Busy => color(AnsiColor::Blue),
            Self::Faint => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
        }
    }
}

/// Paints text in its role; the stream strips the colours where they do not belong.
pub(crate) fn paint(role: Role, text: &str) -> String {
    let style = role.style();
    format!("{style}{text}{style:#}")
}

/// Where a command prints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ui {
    /// How data is printed.
    pub(crate) output: Output,
    quiet: bool,
}

impl Ui {
    /// Makes the output of a command line.
    pub(crate) fn new(global: &Global) -> Self {
        Self {
            output: global.output,
            quiet: global.quiet,
        }
    }

    /// Tells whether progress may be drawn: standard error is a terminal.
    pub(crate) fn is_interactive(self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// Prints data to standard output.
    ///
    /// # Errors
    /// If standard output is closed.
    pub(crate) fn data(self, text: &str) -> Result {
        let mut out = anstream::stdout().lock();
        let end = if text.is_empty() || text.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        let written = write!(out, "{text}{end}").and_then(|()| out.flush());
        match written {
            // Whoever read this has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(CliError::silent()),
            other => other.context(|| "cannot print".into()),
        }
    }

    /// Prints a JSON value in the chosen form; `table` makes the form for people.
    ///
    /// # Errors
    /// If standard output is closed, or the form does not fit the command.
    pub(crate) fn value(self, value: &Json, table: impl FnOnce(&Json) -> String) -> Result {
        match self.output {
            Output::Table => self.data(&table(value)),
            Output::Json => self.data(&pretty(value)),
            Output::Yaml => self.data(&yaml(value)?),
            Output::Sarif | Output::Github => Err(CliError::usage(
                "this output format belongs to `workflow validate`",
            )),
        }
    }

    /// Prints a value by itself: text as it is for people, else JSON or YAML.
    ///
    /// # Errors
    /// If standard output is closed.
    pub(crate) fn result(self, value: &Json) -> Result {
        self.value(value, |value| match value {
            Json::String(text) => escape(text),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
                pretty(value)
            }
        })
    }

    /// Prints a note to standard error.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// Prints a note in a role to standard error.
    pub(crate) fn say(self, role: Role, text: &str) {
        self.note(&paint(role, text));
    }

    /// Prints an error with its causes and its hint to standard error.
    pub(crate) fn error(error: &CliError) {
        if error.message.is_empty() {
            return;
        }
        say(&format!(
            "{} {}",
            paint(Role::Error, "error:"),
            escape(&error.message)
        ));
        for cause in &error.causes {
            say(&format!("  caused by: {}", escape(cause)));
        }
        if let Some(hint) = &error.hint {
            say(&format!("\n{} {hint}", paint(Role::Hint, "hint:")));
        }
    }
}

/// Writes a line to standard error; a closed stream is nobody's loss.
fn say(text: &str) {
    let _closed = writeln!(anstream::stderr().lock(), "{text}");
}

/// Formats JSON for people.
pub(crate) fn pretty(value: &Json) -> String {
    let json = serde_json::to_string_pretty(value).expect("a JSON value always serializes");
    escape_json(&json)
}

fn yaml(value: &Json) -> Result<String> {
    serde_yaml::to_string(value).context(|| "cannot write the answer as YAML".into())
}
