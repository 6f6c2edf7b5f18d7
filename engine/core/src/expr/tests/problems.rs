//! What is refused before anything runs, and what the validator is told.

use crate::expr::{Condition, Expression, PathStep, Problems, Root};

/// Shows the problems of a text: offset, message, fix.
fn shown(problems: Problems) -> String {
    let show = |p: &crate::expr::Located<crate::expr::ExprProblem>| {
        let fix = p.what.fix.as_deref().map(|fix| format!(" [{fix}]"));
        format!("{}: {}{}", p.offset, p.what, fix.unwrap_or_default())
    };
    problems.iter().map(show).collect::<Vec<_>>().join("; ")
}

fn check(text: &str, expected: &str) {
    let found = Expression::compile(text).err().map(shown);
    assert_eq!(found.as_deref(), Some(expected), "{text}");
    assert!(Condition::compile(text).is_err());
}

#[test]
fn text_around_the_braces_is_refused() {
    let around = "0: text around the braces: this field takes one expression [write all of it inside one `{{ }}`]";
    check("yes {{ 1 }}", around);
    check("{{ 1 }} and {{ 2 }}", around);
    check("{{ 1 }}{{ 2 }}", around);
    check("{{ vars.n }} > 1", around);
    check("not {{ vars.n }}", around);
    check("", "0: the expression is empty");
    check("{{ }}", "2: the expression is empty");
    for fine in [" {{ 1 }}\n", "1", "{{ '}}' }}", "'{{'", "{'a': {'b': 1}}"] {
        assert!(Expression::compile(fine).is_ok(), "{fine}");
    }
}

#[test]
fn unknown_functions_are_refused_all_at_once() {
    check(
        "nope(1) ~ (2 | uper) ~ (3 is od)",
        "0: there is no function `nope`; \
         15: there is no filter `uper` [did you mean `upper`?]; \
         29: there is no test `od` [did you mean `odd`?]",
    );
    check(
        "length(1)",
        "0: there is no function `length` [`length` is a filter: write `x | length`]",
    );
    check(
        "1 | range",
        "4: there is no filter `range` [`range` is a function: write `range(x)`]",
    );
    check(
        "1 | odd",
        "4: there is no filter `odd` [`odd` is a test: write `x is odd`]",
    );
    check(
        "vars.n.upper()",
        "0: values have no methods, so no `upper()` [write `x | upper`]",
    );
    check(
        "vars.m.get('k')",
        "0: values have no methods, so no `get()` [write `x['key'] | default('…')`]",
    );
    check(
        "vars.n.startswith('a')",
        "0: values have no methods, so no `startswith()` [write `x is startingwith('…')`]",
    );
    check("vars.n()()", "6: only functions can be called");
    check(
        "{% if a %}",
        "0: statements (`{% %}`) are not part of the language [use `b if a else c`, filters or a task; as text it is `{{ '{%' }}`]",
    );
}

#[test]
fn conditionals_of_c_work_and_are_reported() {
    for (text, rewrite, value) in [
        (
            "vars.n > 1 ? 'a' : 'b'",
            "'a' if vars.n > 1 else 'b'",
            r#""a""#,
        ),
        ("{{ false ? 1 : 2 }}", "1 if false else 2", "2"),
        (
            "'?' == ':' ? 1 : [2][0]",
            "1 if '?' == ':' else [2][0]",
            "2",
        ),
    ] {
        let expression = Expression::compile(text).unwrap();
        let ternaries = &expression.references().ternaries;
        assert_eq!(ternaries[0].rewrite, rewrite);
        super::check(text, value);
        super::check(rewrite, value);
    }
    let nested = Expression::compile("1 ? 2 ? 3 : 4 : 5").unwrap();
    assert_eq!(nested.references().ternaries.len(), 2);
    super::check("1 ? 0 ? 3 : 4 : 5", "4");
    let inside = Expression::compile("(a ? 1 : 2) + 1")
        .err()
        .map(shown)
        .unwrap();
    assert!(inside.contains("write `b if a else c`"), "{inside}");
}

#[test]
fn references_have_roots_paths_and_places() {
    let text = "{{ vars.a['b'][0][x] ~ task.t.result.c ~ item ~ (pack.config.d | default(y.z)) }}";
    let expression = Expression::compile(text).unwrap();
    let reads = &expression.references().reads;
    let shown: Vec<_> = reads
        .iter()
        .map(|read| (&text[read.offset..read.offset + read.len], read.guarded))
        .collect();
    assert_eq!(
        shown,
        [
            ("vars.a['b'][0][x]", false),
            ("x", false),
            ("task.t.result.c", false),
            ("item", false),
            ("pack.config.d", true),
            ("y.z", false),
        ]
    );
    let name = |name: &str| PathStep::Name(name.into());
    assert_eq!(reads[0].root, Root::Vars);
    assert_eq!(
        reads[0].path,
        [name("a"), name("b"), PathStep::Index(0), PathStep::Computed]
    );
    assert_eq!(reads[1].root, Root::Bare("x".into()));
    assert_eq!(reads[2].path, [name("t"), name("result"), name("c")]);
    assert_eq!(reads[4].path, [name("config"), name("d")]);
    assert!(expression.references().uses(&Root::Item));
    assert!(expression.references().calls("default"));
    assert!(!expression.reads_facts());
    let names: Vec<_> = expression.references().names(&Root::Vars).collect();
    assert_eq!(&**names[0].0, "a");
}

#[test]
fn guards_reach_the_whole_path_only() {
    let guarded = |text: &str| {
        let expression = Expression::compile(text).unwrap();
        let reads = expression.references().reads.iter();
        reads.map(|read| read.guarded).collect::<Vec<_>>()
    };
    assert_eq!(guarded("vars.a.b is defined"), [true]);
    assert_eq!(guarded("vars.a is not defined or vars.b"), [true, false]);
    assert_eq!(guarded("vars.a | upper | default(1)"), [false]);
    assert_eq!(guarded("(vars.a + 1) | default(1)"), [false]);
    assert_eq!(guarded("vars.a[vars.b] | default(1)"), [true, true]);
}

#[test]
fn facts_are_noticed() {
    for (text, reads) in [
        ("kv.get('a')", true),
        ("kv.get_secret(x) | default(1)", true),
        ("vars.kv", false),
    ] {
        assert_eq!(
            Expression::compile(text).unwrap().reads_facts(),
            reads,
            "{text}"
        );
    }
    assert!(Condition::compile("kv.get('a')").unwrap().reads_facts());
    assert!(!Condition::constant(true).reads_facts());
}
