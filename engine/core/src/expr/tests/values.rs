//! Operators, types and truth.

use super::{check, check_condition, check_fails};

#[test]
fn values_keep_their_type() {
    check("1", "1");
    check("1.0", "1.0");
    check("'1'", r#""1""#);
    check("true", "true");
    check("none", "null");
    check("null", "null");
    check("[1, 'a', none]", r#"[1,"a",null]"#);
    check("(1, 2)", "[1,2]");
    check("{'a': 1, 2: [], 'b': {}}", r#"{"a":1,"2":[],"b":{}}"#);
    check("{{ vars.xs }}", "[1,2,3]");
    check(" {{ vars.m.a }} ", r#"{"b":1}"#);
    check("18446744073709551615", "18446744073709551615");
}

#[test]
fn arithmetic_is_exact_or_fails() {
    check("1 + 2 * 3 - 4", "3");
    check("(1 + 2) * 3", "9");
    check("4 / 2", "2.0");
    check("7 // 2", "3");
    check("-7 // 2", "-4");
    check("-7 % 3", "2");
    check("7 % -3", "-2");
    check("-7.5 % 2", "0.5");
    check("7.5 // 2", "3.0");
    check("2 ** 10", "1024");
    check("2 ** -1", "0.5");
    check("1 + 0.5", "1.5");
    check("-vars.n", "-2");
    check("- -1", "1");
    check("true + 1", "2");
    check("9223372036854775807", "9223372036854775807");
    check("-9223372036854775808", "-9223372036854775808");
    check("18446744073709551615 - 1", "18446744073709551614");
    for overflow in [
        "9223372036854775807 + 1",
        "-9223372036854775808 - 1",
        "9223372036854775807 * 2",
        "18446744073709551615 + 1",
        "2 ** 64",
        "2 ** 9223372036854775807",
        "9223372036854775807 + 1 - 1",
    ] {
        check_fails(overflow, &["does not fit a whole number of 64 bits"]);
    }
    for infinite in [
        "1e308 * 10",
        "0.0 ** -1",
        "-1 ** 0.5 * 1",
        "(-1) ** 0.5",
        "2.0 ** 1e10",
    ] {
        check_fails(infinite, &["not a finite number"]);
    }
    for zero in ["1 / 0", "1 // 0", "1 % 0", "1.0 / 0", "1.0 % 0.0"] {
        check_fails(zero, &["by zero"]);
    }
    check_fails("1e999", &["too large"]);
    check_fails("99999999999999999999", &["does not fit 64 bits"]);
    check_fails("99999999999999999999999999999999999999999999", &["integer"]);
}

#[test]
fn texts_and_lists_join_and_repeat() {
    check("'a' + 'b'", r#""ab""#);
    check("'a' ~ 1 ~ none ~ true ~ [1] ~ 1.0", r#""a1true[1]1.0""#);
    check("[1] + [2]", "[1,2]");
    check("'ab' * 2", r#""abab""#);
    check("2 * [1]", "[1,1]");
    check("[1] * -1", "[]");
    check("'it''s'", r#""its""#);
    check(r#"'a\n\u00e9'"#, r#""a\né""#);
    check_fails(
        "'a' + 1",
        &["`+` does not take a string and an integer", "`~`"],
    );
    check_fails("{} + {}", &["`merge(a, b)`"]);
    check_fails("none + 1", &["`+` does not take null and an integer"]);
    check_fails("-'a'", &["`-` needs a number, not a string"]);
    check_fails("'a' * 2000000", &["longer than 1048576 bytes"]);
}

#[test]
fn equality_is_exact_and_order_is_of_one_type() {
    check("1 == 1.0", "true");
    check("1 == '1'", "false");
    check("none == 0", "false");
    check("[1, {'a': 2, 'b': 1}] == [1.0, {'b': 1, 'a': 2}]", "true");
    check("9007199254740993 == 9007199254740992.0", "false");
    check("9007199254740993 > 9007199254740992.0", "true");
    check("18446744073709551615 > 9223372036854775807", "true");
    check("1 < 2 <= 2 < 3", "true");
    check("1 < 3 < 2", "false");
    check("'a' < 'b'", "true");
    check("[1, 2] < [1, 3]", "true");
    check("1 < 1.5", "true");
    check("-1.5 < -1", "true");
    check_fails("1 < 'a'", &["an integer and a string have no order"]);
    check_fails("true < 1", &["a boolean and an integer have no order"]);
    check_fails("none < none", &["null has no order"]);
    check_fails("{} < {}", &["an object has no order"]);
    check_fails("[1] < ['a']", &["have no order"]);
}

#[test]
fn membership_is_of_lists_texts_and_keys() {
    check("2 in vars.xs", "true");
    check("'a' not in ['b']", "true");
    check("'d' in 'Ada'", "true");
    check("'a' in vars.m", "true");
    check("7 in vars.m", "true");
    check_fails(
        "1 in 'a'",
        &["`in` does not look for an integer in a string"],
    );
    check_fails("1 in none", &["in null"]);
}

#[test]
fn choices_are_lazy() {
    check("1 if true else vars.nope", "1");
    check("1 if false", "null");
    check("'a' if 0 else 'b' if '' else 'c'", r#""c""#);
    check("0 or 'x'", r#""x""#);
    check("0 and vars.nope", "0");
    check("1 or vars.nope", "1");
    check("1 and 'x' and [] and vars.nope", "[]");
    check("not []", "true");
    check("not 1 == 2", "true");
}

#[test]
fn members_and_slices_are_found() {
    check("vars.xs[0]", "1");
    check("vars.xs[-1]", "3");
    check("vars.xs[vars.n]", "3");
    check("vars.xs.1", "2");
    check("vars.m['a-b']", "2");
    check("vars.m[7]", r#""seven""#);
    check("vars.m['a'].b", "1");
    check("vars.m.items", r#""data""#);
    check("vars['m'].a['b']", "1");
    check("'Ada'[0]", r#""A""#);
    check("[[1, 2]][0][1]", "2");
    check("{'a': {'b': 2}}.a.b", "2");
    check("vars.xs[1:]", "[2,3]");
    check("vars.xs[:-1]", "[1,2]");
    check("vars.xs[::-1]", "[3,2,1]");
    check("vars.xs[5:1:-2]", "[3]");
    check("vars.xs[-100:100]", "[1,2,3]");
    check("'Åda'[1:3]", r#""da""#);
    check("[][::-1]", "[]");
    check_fails("vars.xs[::0]", &["step 0"]);
    check_fails("none[1:]", &["null cannot be sliced"]);
    check_fails(
        "vars.xs[1.5]",
        &["a key must be text or a whole number, not a number"],
    );
    check_fails(
        "vars.m[none]",
        &["a key must be text or a whole number, not null"],
    );
}

#[test]
fn conditions_have_pythons_truth_but_no_text() {
    for (code, expected) in [
        ("true", "true"),
        ("{{ false }}", "false"),
        ("vars.n > 1", "true"),
        ("{{ vars.n > 5 }}", "false"),
        ("vars.xs", "true"),
        ("vars.empty", "false"),
        ("none", "false"),
        ("0.0", "false"),
        ("{}", "false"),
    ] {
        check_condition(code, expected);
    }
    check_condition(
        "vars.name",
        "!the condition gives a string, not true or false at column 1 of `vars.name`",
    );
    check_condition(
        "{{ 'false' }}",
        "!the condition gives a string, not true or false at column 4 of `{{ 'false' }}`",
    );
}
