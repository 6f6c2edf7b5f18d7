//! Values with expressions in them.

use proptest::prelude::*;

use super::fuzz::values;
use super::{World, json, kv, show};
use crate::expr::Template;
use crate::value::Value;

fn rendered(template: &Value, world: &World) -> String {
    match Template::compile(template) {
        Ok(template) => show(template.render(world).map(|value| value.to_public_json())),
        Err(problems) => problems
            .iter()
            .map(|p| format!("!{}@{} {}", p.pointer, p.offset, p.what.message))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn check(template: &str, expected: &str) {
    let template = json(template);
    assert_eq!(
        rendered(&template, &World::default()),
        expected,
        "{template:?}"
    );
}

#[test]
fn one_expression_keeps_its_type_and_text_is_text() {
    check(r#""{{ vars.n }}""#, "2");
    check(r#""{{ vars.xs }}""#, "[1,2,3]");
    check(r#""{{ vars.nothing }}""#, "null");
    check(r#""{{- vars.n -}}\n""#, "2");
    check(r#"" {{ vars.n }}""#, r#"" 2""#);
    check(r#""{{ vars.n }}{{ vars.n }}""#, r#""22""#);
    check(
        r#""<{{ vars.name }}|{{ none }}|{{ true }}|{{ 1.0 }}|{{ vars.m.a }}|{{ vars.xs }}>""#,
        r#""<Ada||true|1.0|{\"b\":1}|[1,2,3]>""#,
    );
    check(r#""{{ '{{' }} x {{ '}}' }}""#, r#""{{ x }}""#);
    check(r#""a }} b""#, r#""a }} b""#);
    check(r#""{{ \"{{ vars.n }}\" }}""#, r#""{{ vars.n }}""#);
    check(r#""""#, r#""""#);
}

#[test]
fn values_are_rendered_recursively_in_order() {
    check(
        r#"{"z": [1, "{{ vars.n }}", {"a": "{{ vars.name }}"}], "{{ k }}": null, "b": "x{{ 1 }}"}"#,
        r#"{"z":[1,2,{"a":"Ada"}],"{{ k }}":null,"b":"x1"}"#,
    );
    assert!(matches!(
        Template::compile(&json(r#"{"a": [1, {"b": "x"}]}"#)),
        Ok(Template::Literal(_))
    ));
}

#[test]
fn what_is_rendered_is_no_template() {
    let world = World {
        vars: json(r#"{"code": "{{ vars.code }}"}"#),
        ..World::default()
    };
    let template = json(r#"["{{ vars.code }}", "x{{ vars.code }}"]"#);
    assert_eq!(
        rendered(&template, &world),
        r#"["{{ vars.code }}","x{{ vars.code }}"]"#
    );
}

#[test]
fn every_problem_has_its_place() {
    check(
        r#"{"a": ["ok", "x {{ 1 + }}"], "b/c": "{{ nope( }}", "d": "{% if %}", "e": "{{ 1 | nope }} {{ 2 | sotr }}"}"#,
        "!/a/1@7 unexpected end of input, expected expression\n\
         !/b~1c@7 unexpected end of input, expected expression\n\
         !/d@0 statements (`{% %}`) are not part of the language\n\
         !/e@7 there is no filter `nope`\n\
         !/e@22 there is no filter `sotr`",
    );
}

#[test]
fn errors_name_the_member() {
    check(
        r#"{"a": {"b": ["{{ vars.nope }}"]}}"#,
        "!in `/a/b/0`: `vars.nope` is not defined at column 4 of `{{ vars.nope }}`; did you mean `vars.name`?",
    );
}

#[test]
fn all_missing_facts_are_asked_for_at_once() {
    check(
        r#"{"b": "{{ kv.get('b') }}", "a": ["x {{ kv.get('a') }} {{ kv.get_secret('s') }}"]}"#,
        r#"?[Kv("a"), Kv("b"), Secret("s")]"#,
    );
    let world = World::default().with_fact(kv("a"), Value::Int(1));
    let template = json(r#"["{{ kv.get('a') }}", "{{ kv.get('b') }}"]"#);
    assert_eq!(rendered(&template, &world), r#"?[Kv("b")]"#);
}

#[test]
fn facts_and_sites_are_known_beforehand() {
    let template = json(r#"{"a": "x{{ vars.n }}{{ b }}", "c": ["{{ kv.get('k') }}"]}"#);
    let template = Template::compile(&template).unwrap();
    assert!(template.reads_facts());
    let sites: Vec<_> = template
        .sites()
        .into_iter()
        .map(|site| (site.pointer, site.in_text))
        .collect();
    assert_eq!(
        sites,
        [
            ("/a".to_owned(), true),
            ("/a".to_owned(), true),
            ("/c/0".to_owned(), false)
        ]
    );
}

proptest! {
    #[test]
    fn a_value_without_braces_gives_itself(value in values()) {
        let text = value.to_revealed_json();
        prop_assume!(!["{{", "{%", "{#"].iter().any(|tag| text.contains(tag)));
        let template = Template::compile(&value).unwrap();
        prop_assert_eq!(template.render(&World::default()), Ok(value));
    }

    #[test]
    fn a_value_read_gives_itself(value in values()) {
        let world = World {
            vars: Value::map([("x", value.clone())]),
            ..World::default()
        };
        let template = Template::compile(&Value::from("{{ vars.x }}")).unwrap();
        prop_assert_eq!(template.render(&world), Ok(value.clone()));
        let template = Template::compile(&Value::from("{{ vars.x | to_json | from_json }}")).unwrap();
        prop_assert_eq!(template.render(&world), Ok(value));
    }

    #[test]
    fn text_around_is_kept(before in "[a-z }]{0,5}", text in "[^{}]{0,8}") {
        let world = World {
            vars: Value::map([("x", Value::from(text.clone()))]),
            ..World::default()
        };
        let template = Value::from(format!("{before}{{{{ vars.x }}}}!"));
        let template = Template::compile(&template).unwrap();
        prop_assert_eq!(template.render(&world), Ok(Value::from(format!("{before}{text}!"))));
    }
}
