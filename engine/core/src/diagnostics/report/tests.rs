use super::*;
use crate::spec::{Options, parse_with};

const SOURCE: &str = "tasks:\n- {name: build, action: n, on_success: deplyo}\n- name: deploy\n  action: n\n  retry: {count: 1, delay: 9, max_delay: 3}\n";

fn with_report<T>(check: impl FnOnce(&[FileReport<'_>]) -> T) -> T {
    let parsed = parse_with(SOURCE, &Options::inline());
    check(&[FileReport {
        path: "flows/a b.yaml",
        source: SOURCE,
        diagnostics: &parsed.diagnostics,
    }])
}

#[test]
fn people_see_the_line_underlined() {
    insta::assert_snapshot!(with_report(|r| text(r, Colour::Off)), @r#"
error[E_UNKNOWN_TASK]: there is no task `deplyo`
 --> flows/a b.yaml:2:40
  |
2 | - {name: build, action: n, on_success: deplyo}
  |                                        ^^^^^^
  |
  = help: did you mean `deploy`?

error[E_RETRY_MAX_DELAY]: `max_delay` is shorter than `delay`
 --> flows/a b.yaml:5:42
  |
5 |   retry: {count: 1, delay: 9, max_delay: 3}
  |                                          ^

2 errors
"#);
    assert!(with_report(|r| text(r, Colour::On)).contains("\u{1b}["));
    assert_eq!(text(&[], Colour::Off), "");
}

#[test]
fn what_would_act_on_a_terminal_is_escaped() {
    let source = "tasks:\n- {name: a, action: n, on_success: \"\\e[31m\\u202e\"}\n";
    let parsed = parse_with(source, &Options::inline());
    let report = FileReport {
        path: "a.yaml",
        source,
        diagnostics: &parsed.diagnostics,
    };
    let shown = text(&[report], Colour::Off);
    assert!(shown.contains("\\u{1b}[31m\\u{202e}"), "{shown}");
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'));
}

#[test]
fn machines_get_json_sarif_and_commands() {
    let json = with_report(json);
    assert_eq!(json["errors"], 2);
    assert_eq!(json["diagnostics"][0]["file"], "flows/a b.yaml");
    assert_eq!(json["diagnostics"][0]["pointer"], "/tasks/0/on_success");
    let sarif = with_report(sarif);
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "E_UNKNOWN_TASK");
    let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    let rules = &sarif["runs"][0]["tool"]["driver"]["rules"];
    assert_eq!(rules[rule]["id"], "E_UNKNOWN_TASK");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "flows/a%20b.yaml");
    assert_eq!(place["region"]["startColumn"], 40);
    insta::assert_snapshot!(with_report(github), @r#"
::error file=flows/a b.yaml,line=2,col=40,endColumn=46,title=E_UNKNOWN_TASK::there is no task `deplyo` (did you mean `deploy`?)
::error file=flows/a b.yaml,line=5,col=42,endColumn=43,title=E_RETRY_MAX_DELAY::`max_delay` is shorter than `delay`
"#);
}
