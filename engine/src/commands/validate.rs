//! `attune workflow validate`, `graph` and `schema`: what needs no engine at all.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use attune_core::diagnostics::Diagnostic;
use attune_core::diagnostics::report::{self as report, Colour, FileReport};
use attune_core::spec;
use attune_core::{Definition, graph};

use super::known::Known;
use super::workflow::{find, read};
use crate::cli::{GraphFormat, Output};
use crate::output::Ui;
use crate::output::error::{CliError, Result};
use crate::output::ui::{Role, paint, pretty};

/// Checks files and prints every problem; an error fails, with `strict` a warning too.
pub(crate) fn run(ui: Ui, files: &[PathBuf], strict: bool, known: Option<&Known>) -> Result {
    let mut checked = Vec::new();
    for file in find(files)? {
        let source = read(&file)?;
        let options = spec::Options {
            actions: known.map(|known| known as &dyn spec::Actions),
            ..spec::Options::default()
        };
        let problems = spec::parse_with(&source, &options).diagnostics;
        checked.push((file.display().to_string(), source, problems));
    }
    let reports: Vec<FileReport<'_>> = checked
        .iter()
        .map(|(path, source, diagnostics)| FileReport {
            path,
            source,
            diagnostics,
        })
        .collect();
    match ui.output {
        Output::Table => ui.problems(&reports),
        Output::Json => ui.data(&pretty(&report::json(&reports)))?,
        Output::Yaml => ui.result(&report::json(&reports))?,
        Output::Sarif => ui.data(&pretty(&report::sarif(&reports)))?,
        Output::Github => ui.data(&report::github(&reports))?,
    }
    let (errors, warnings) = report::count(&reports);
    if errors > 0 && ui.output == Output::Table {
        // The last line of the report has counted them.
        return Err(CliError::silent());
    }
    if errors > 0 || (strict && warnings > 0) {
        return Err(CliError::failed(format!(
            "{}, {}",
            counted(errors, "error"),
            counted(warnings, "warning")
        )));
    }
    let (files, warnings) = (reports.len(), counted(warnings, "warning"));
    let valid = match files {
        1 => format!("the file is valid, {warnings}"),
        files => format!("{files} files are valid, {warnings}"),
    };
    ui.say(Role::Good, &valid);
    Ok(())
}

/// Returns a number of things with their name, in the singular for one.
fn counted(number: usize, name: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {name}{end}")
}

/// Prints a file's problems for people; tells whether it has no errors.
pub(crate) fn report(ui: Ui, file: &Path, source: &str) -> bool {
    let diagnostics = spec::parse(source).diagnostics;
    let path = file.display().to_string();
    let one = [FileReport {
        path: &path,
        source,
        diagnostics: &diagnostics,
    }];
    ui.problems(&one);
    report::count(&one).0 == 0
}

/// Prints what the server found wrong with a file, each at its place; tells whether it printed
/// all that `error` says.
pub(crate) fn refused(ui: Ui, file: &Path, source: &str, error: &CliError) -> bool {
    let lines: Vec<&str> = source.lines().collect();
    let whole = |problem: &Diagnostic| Diagnostic {
        end_column: word_end(&lines, problem),
        ..problem.clone()
    };
    let diagnostics: Vec<Diagnostic> = error.problems.iter().map(whole).collect();
    let path = file.display().to_string();
    ui.problems(&[FileReport {
        path: &path,
        source,
        diagnostics: &diagnostics,
    }]);
    !diagnostics.is_empty() && diagnostics.len() == error.causes.len()
}

/// Returns the column behind the word at a problem's place: the server tells where it begins.
fn word_end(lines: &[&str], problem: &Diagnostic) -> u32 {
    let line = (problem.line as usize).checked_sub(1);
    let line = line.and_then(|line| lines.get(line)).unwrap_or(&"");
    let behind = line.chars().skip(problem.column.saturating_sub(1) as usize);
    let word = behind.take_while(|c| !c.is_whitespace() && !",]}".contains(*c));
    problem.column + u32::try_from(word.count()).unwrap_or(0)
}

/// Prints a workflow's graph.
pub(crate) fn graph(ui: Ui, file: &Path, format: GraphFormat) -> Result {
    let definition = definition(ui, file)?;
    let text = match format {
        GraphFormat::Mermaid => graph::mermaid(&definition),
        GraphFormat::Dot => graph::dot(&definition),
        GraphFormat::Json => pretty(&graph::json(&definition)),
        GraphFormat::Svg => graph::svg(&definition),
    };
    ui.data(&text)
}

/// Prints the JSON Schema of workflow files.
pub(crate) fn schema(ui: Ui) -> Result {
    ui.data(&pretty(&spec::editor::schema()))
}

/// Returns what a file defines; its problems are printed.
pub(crate) fn definition(ui: Ui, file: &Path) -> Result<Definition> {
    let source = read(file)?;
    let parsed = spec::parse(&source);
    match parsed.definition {
        Some(definition) => Ok(definition),
        None => {
            report(ui, file, &source);
            Err(CliError::failed(format!(
                "`{}` is not a valid workflow",
                file.display()
            )))
        }
    }
}

impl Ui {
    /// Prints problems of files to standard error, each with its line underlined.
    pub(crate) fn problems(self, reports: &[FileReport<'_>]) {
        let is_terminal = std::io::stderr().is_terminal();
        let colour = if is_terminal { Colour::On } else { Colour::Off };
        let text = report::text(reports, colour);
        if !text.is_empty() {
            self.note(text.trim_end());
        }
    }
}

/// Formats the number of problems, for a summary line.
pub(crate) fn failed(count: usize) -> String {
    paint(Role::Error, &format!("{count} failed"))
}
