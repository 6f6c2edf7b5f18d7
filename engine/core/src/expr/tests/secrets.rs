//! What reads a secret is secret, and messages do not tell it.

use super::{World, json, show, shown};
use crate::expr::{Condition, Expression, Template};
use crate::value::Value;

const SECRET: &str = "hush-hush";

fn world() -> World {
    let secret = Value::from(SECRET).secret();
    let card = Value::map([("number", Value::from(SECRET)), ("year", Value::Int(30))]);
    World {
        vars: Value::map([
            ("open", Value::Int(1)),
            ("key", secret.clone()),
            ("mixed", Value::list(vec![Value::Int(1), secret.clone()])),
            (
                "users",
                Value::list(vec![Value::map([
                    ("name", Value::from("ada")),
                    ("password", secret),
                ])]),
            ),
        ]),
        parameters: Value::map([("card", card.secret()), ("m", json(r#"{"a": 1}"#))]),
        ..World::default()
    }
}

/// Checks what comes out, and whether all of it is secret.
fn check(code: &str, secret: bool, revealed: &str) {
    let value = Expression::compile(code).unwrap().eval(&world()).unwrap();
    assert_eq!(value.to_revealed_json(), revealed, "{code}");
    assert_eq!(matches!(value, Value::Secret(_)), secret, "{code}");
}

#[test]
fn reading_a_secret_taints() {
    check("vars.key", true, r#""hush-hush""#);
    check("vars.key | length", true, "9");
    check("vars.key ~ '!'", true, r#""hush-hush!""#);
    check("vars.key == 'x'", true, "false");
    check("1 if vars.key else 2", true, "1");
    check("vars.key | default('x')", true, r#""hush-hush""#);
    check("vars.key is defined", true, "true");
    check("parameters.card.year", true, "30");
    check("parameters.card.nope | default(1)", true, "1");
    check("[1, vars.key]", true, r#"[1,"hush-hush"]"#);
    check("vars.mixed[1]", true, r#""hush-hush""#);
    check("vars.mixed | last", true, r#""hush-hush""#);
    check("vars.mixed | join", true, r#""1hush-hush""#);
    check("vars.mixed | to_json", true, r#""[1,\"hush-hush\"]""#);
    check("'x' in vars.mixed", true, "false");
    check("vars.mixed == [1, 2]", true, "false");
    check("vars.mixed ~ ''", true, r#""[1,\"hush-hush\"]""#);
    check(
        "vars.users | map(attribute='password')",
        true,
        r#"["hush-hush"]"#,
    );
    check("vars.mixed | select('eq', 1)", true, "[1]");
    check("vars.mixed | map('string')", true, r#"["1","hush-hush"]"#);
    check(
        "merge(parameters.card, {})",
        true,
        r#"{"number":"hush-hush","year":30}"#,
    );
    check("vars.open + 1 if vars.key else 0", true, "2");
}

#[test]
fn what_passes_through_keeps_its_inner_secret() {
    let inner = r#"[1,"hush-hush"]"#;
    check("vars.open", false, "1");
    check("vars.mixed", false, inner);
    check("vars.mixed[0]", false, "1");
    check("[vars.mixed]", false, &format!("[{inner}]"));
    check("{'m': vars.mixed}.m", false, inner);
    check("vars.mixed | first", false, "1");
    check("vars.mixed | length", false, "2");
    check("vars.mixed | append(2)", false, r#"[1,"hush-hush",2]"#);
    check("vars.users | map(attribute='name')", false, r#"["ada"]"#);
    check(
        "vars.users | selectattr('name', 'eq', 'ada') | length",
        false,
        "1",
    );
    check("keys(vars)", false, r#"["open","key","mixed","users"]"#);
    check("vars.open or vars.key", false, "1");
    assert!(shown("vars.mixed | reverse", &world()).contains("[secret]"));
    assert!(shown("vars.users", &world()).contains("[secret]"));
}

#[test]
fn texts_are_secret_as_a_whole_and_maps_by_member() {
    let template = json(r#"{"url": "u/{{ vars.key }}?{{ vars.open }}", "n": "n{{ vars.open }}"}"#);
    let value = Template::compile(&template)
        .unwrap()
        .render(&world())
        .unwrap();
    assert_eq!(value.to_public_json(), r#"{"url":"[secret]","n":"n1"}"#);
    assert_eq!(
        value.to_revealed_json(),
        r#"{"url":"u/hush-hush?1","n":"n1"}"#
    );
}

#[test]
fn conditions_may_read_secrets() {
    let condition = Condition::compile("vars.key == 'hush-hush'").unwrap();
    assert_eq!(condition.eval(&world()), Ok(true));
    let text = Condition::compile("vars.key").unwrap().eval(&world());
    assert!(!show(text.map(|_| String::new())).contains(SECRET));
}

#[test]
fn messages_never_tell_a_secret() {
    for code in [
        "vars[vars.key]",
        "parameters.m[vars.key]",
        "task[vars.key].result",
        "parameters.card.numbr",
        "vars.key.x",
        "vars.key | int",
        "vars.key | from_json",
        "vars.key + 1",
        "vars.key < 1",
        "{vars.key: 1}[vars.open]",
        "[1] | map(vars.key)",
        "[1] | select(vars.key)",
        "[{}] | map(attribute=vars.key)",
        "[] | join(**{vars.key: 1})",
        "{} | attr(vars.key)",
        "'%d' | format(vars.key)",
        "vars.mixed | sum",
        "vars.mixed | sort",
        "vars.key | round",
        "{'x': 1}[vars.key ~ '']",
        "vars.key | batch(2)",
        "'x' | replace(vars.key)",
    ] {
        let message = shown(code, &world());
        assert!(message.starts_with('!'), "{code} gives {message}");
        assert!(!message.contains("hush"), "{code}: {message}");
        assert!(!message.contains("number`"), "{code}: {message}");
    }
}
