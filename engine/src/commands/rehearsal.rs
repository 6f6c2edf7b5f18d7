//! `attune workflow test`: rehearsal files, with differences people can read.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use attune_core::rehearse::{self, Case, Difference, Verdict};

use similar::{ChangeTag, TextDiff};

use super::validate::failed;
use super::workflow::{find, read};
use crate::cli::Output;
use crate::output::Ui;
use crate::output::error::{CliError, Context, Kind, Result};
use crate::output::ui::{Role, paint, pretty};

/// Equal lines shown around those that differ.
const CONTEXT_LINES: usize = 2;

/// A rehearsed case.
struct Rehearsed {
    file: String,
    case: Case,
    verdict: Verdict,
}

/// Runs the cases of all files; one that fails fails the command.
pub(crate) fn run(ui: Ui, files: &[PathBuf], filter: Option<&str>, junit: Option<&Path>) -> Result {
    let mut all = Vec::new();
    for file in find(files)? {
        all.extend(rehearse_file(&file, filter)?);
    }
    if all.is_empty() {
        return Err(CliError::new(Kind::NotFound, "no case matches")
            .hint("`--filter` looks into the ids and titles of cases"));
    }
    if let Some(file) = junit {
        std::fs::write(file, report(&all))
            .context(|| format!("cannot write `{}`", file.display()))?;
    }
    if ui.output == Output::Table {
        all.iter().for_each(|rehearsed| ui.note(&line(rehearsed)));
    } else {
        ui.result(&all.iter().map(json).collect())?;
    }
    let wrong = all
        .iter()
        .filter(|rehearsed| !rehearsed.verdict.passed())
        .count();
    let passed = paint(Role::Good, &format!("{} passed", all.len() - wrong));
    if wrong > 0 {
        ui.note(&format!(
            "{passed}, {} (- was expected, + happened)",
            failed(wrong)
        ));
        return Err(CliError::silent());
    }
    ui.note(&passed);
    Ok(())
}

fn rehearse_file(file: &Path, filter: Option<&str>) -> Result<Vec<Rehearsed>> {
    let name = file.display().to_string();
    let cases = rehearse::read(&read(file)?).map_err(|problem| {
        CliError::failed(format!("`{name}` is not a rehearsal file"))
            .cause(format!("line {}: {}", problem.line, problem.message))
    })?;
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    let source = |path: &str| std::fs::read_to_string(folder.join(path)).ok();
    let wanted =
        |case: &Case| filter.is_none_or(|text| case.id.contains(text) || case.title.contains(text));
    let chosen = cases.into_iter().filter(wanted);
    Ok(chosen
        .map(|case| {
            let verdict = rehearse::rehearse(&case, &source);
            Rehearsed {
                file: name.clone(),
                case,
                verdict,
            }
        })
        .collect())
}

fn line(rehearsed: &Rehearsed) -> String {
    let Rehearsed {
        case,
        verdict,
        file,
    } = rehearsed;
    if verdict.passed() {
        return format!("{} {} {}", paint(Role::Good, "pass"), case.id, case.title);
    }
    let mut out = format!(
        "{} {} {} ({file})",
        paint(Role::Error, "fail"),
        case.id,
        case.title
    );
    for difference in &verdict.differences {
        let _infallible = write!(out, "\n{}", diff(difference));
    }
    for problem in verdict
        .diagnostics
        .iter()
        .filter(|problem| problem.is_error())
    {
        let _infallible = write!(
            out,
            "\n    line {}: [{}] {}",
            problem.line, problem.code, problem.message
        );
    }
    out
}

/// Shows what was expected (`-`) and what happened (`+`), by lines, with a little of what is equal.
fn diff(difference: &Difference) -> String {
    let (expected, actual) = (lines(&difference.expected), lines(&difference.actual));
    let changes = TextDiff::from_lines(&expected, &actual);
    let mut out = format!("    {}", paint(Role::Strong, &difference.what));
    for (n, group) in changes.grouped_ops(CONTEXT_LINES).iter().enumerate() {
        if n > 0 {
            out.push_str("\n      …");
        }
        for change in group.iter().flat_map(|op| changes.iter_changes(op)) {
            let line = change.value().trim_end();
            let shown = match change.tag() {
                ChangeTag::Delete => paint(Role::Good, &format!("- {line}")),
                ChangeTag::Insert => paint(Role::Error, &format!("+ {line}")),
                ChangeTag::Equal => format!("  {line}"),
            };
            let _infallible = write!(out, "\n      {shown}");
        }
    }
    out
}

/// Writes a value in lines, keys in one order, so that only what differs differs.
fn lines(value: &serde_json::Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    pretty(&value) + "\n"
}

fn json(rehearsed: &Rehearsed) -> serde_json::Value {
    let differences: Vec<_> = rehearsed
        .verdict
        .differences
        .iter()
        .map(|difference| {
            serde_json::json!({
                "what": difference.what,
                "expected": difference.expected,
                "actual": difference.actual,
            })
        })
        .collect();
    serde_json::json!({
        "file": rehearsed.file,
        "id": rehearsed.case.id,
        "title": rehearsed.case.title,
        "passed": rehearsed.verdict.passed(),
        "differences": differences,
    })
}

/// Makes a JUnit report.
fn report(all: &[Rehearsed]) -> String {
    let wrong = all
        .iter()
        .filter(|rehearsed| !rehearsed.verdict.passed())
        .count();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"rehearsals\" tests=\"{}\" failures=\"{wrong}\">\n",
        all.len()
    );
    for Rehearsed {
        file,
        case,
        verdict,
    } in all
    {
        let (file, name) = (xml(file), xml(&format!("{} {}", case.id, case.title)));
        let _infallible = write!(out, "  <testcase classname=\"{file}\" name=\"{name}\"");
        if verdict.passed() {
            out.push_str("/>\n");
            continue;
        }
        let told: Vec<String> = verdict
            .differences
            .iter()
            .map(ToString::to_string)
            .collect();
        let told = xml(&told.join("\n"));
        let _infallible = write!(
            out,
            ">\n    <failure message=\"differs\">{told}</failure>\n  </testcase>\n"
        );
    }
    out.push_str("</testsuite>\n");
    out
}

fn xml(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let escaped = escaped.replace('"', "&quot;");
    escaped
        .chars()
        .filter(|c| !c.is_control() || *c == '\n' || *c == '\t')
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rehearsed(expected: &str) -> Rehearsed {
        let text = format!(
            "- id: X\n  title: a < b\n  workflow: {{tasks: [{{name: a, action: n}}]}}\n  \
             expect: {{status: {expected}}}\n"
        );
        let case = rehearse::read(&text).unwrap().remove(0);
        let verdict = rehearse::rehearse(&case, &|_| None);
        Rehearsed {
            file: "f.yaml".into(),
            case,
            verdict,
        }
    }

    #[test]
    fn a_difference_shows_both_sides() {
        let text = line(&rehearsed("failed"));
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(
            plain,
            "fail X a < b (f.yaml)\n    status\n      - \"failed\"\n      + \"completed\""
        );
    }

    #[test]
    fn a_difference_shows_what_differs_by_lines() {
        let difference = Difference {
            what: "output".into(),
            expected: serde_json::json!({"b": [1, 2, 3, 4], "a": {"x": 1}}),
            actual: serde_json::json!({"a": {"x": 2}, "b": [1, 2, 3, 5]}),
        };
        let plain = anstream::adapter::strip_str(&diff(&difference)).to_string();
        let expected = r#"    output
        {
          "a": {
      -     "x": 1
      +     "x": 2
          },
          "b": [
      …
            2,
            3,
      -     4
      +     5
          ]
        }"#;
        assert_eq!(plain, expected);
    }

    #[test]
    fn junit_names_failures() {
        let text = report(&[rehearsed("completed"), rehearsed("failed")]);
        assert!(text.contains("tests=\"2\" failures=\"1\""), "{text}");
        assert!(text.contains("name=\"X a &lt; b\""), "{text}");
    }
}
