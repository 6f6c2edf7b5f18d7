//! The action `math.eval`: computes a formula.

use std::collections::BTreeMap;

use attune_sdk::prelude::*;

mod function;
mod parser;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The formula, such as `price * (1 + tax / 100)`.
    formula: String,
    /// The numbers that the formula uses by name.
    #[serde(default)]
    values: BTreeMap<String, f64>,
    /// To how many decimal places the result is rounded, half away from zero.
    #[schemars(range(max = 15))]
    round: Option<u8>,
}

/// Computes a formula with numbers.
///
/// There are `+ - * / %` (remainder) and `^` (power, from the right), comparisons, which are 1 or
/// 0, parentheses, names from `values`, the constants `pi` and `e`, and functions: `abs ceil
/// floor round trunc sign sqrt cbrt exp ln log10 log2 sin cos tan asin acos atan` of one number,
/// `atan2 pow mod` of two, `if(condition, a, b)`, and `min max sum avg` of any number of them.
/// Numbers are those of JSON: floating point of 64 bits.
#[action(summary = "Computes a formula")]
fn eval(input: Input) -> Result<f64, ActionError> {
    let result = parser::evaluate(&input.formula, &input.values)?;
    if !result.is_finite() {
        let message = format!(
            "the result of `{}` is {result}, which is no number",
            input.formula
        );
        return Err(ActionError::permanent(message).with_kind("math_range"));
    }
    Ok(match input.round {
        Some(places) => rounded(result, places.min(15)),
        None => result,
    })
}

/// Rounds by the decimal form, so that 1.005 becomes 1.01 as people expect and not 1.0, which the
/// binary form would give.
fn rounded(number: f64, places: u8) -> f64 {
    let scaled: f64 = format!("{number}e{places}").parse().unwrap_or(f64::NAN);
    format!("{}e-{places}", scaled.round())
        .parse()
        .unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    fn check(formula: &str, expected: f64) {
        let input = json!({"formula": formula, "values": {"x": 3, "size_2": 0.5}});
        let output = testing::call(&eval, &input).unwrap_or_else(|e| panic!("{formula}: {e}"));
        assert_eq!(output.as_f64(), Some(expected), "{formula}");
    }

    fn fails(formula: &str, kind: &str, message: &str) {
        let error = testing::call(&eval, &json!({"formula": formula})).unwrap_err();
        assert_eq!(error.kind(), Some(kind), "{formula}: {error}");
        assert!(error.message().contains(message), "{formula}: {error}");
    }

    #[test]
    fn examples_come_true() {
        testing::check_examples(&eval, include_str!("../examples.json"));
    }

    #[test]
    fn operators_bind_as_in_school() {
        check("1 + 2 * 3", 7.0);
        check("(1 + 2) * 3", 9.0);
        check("10 - 4 - 3", 3.0);
        check("2 ^ 3 ^ 2", 512.0);
        check("-2 ^ 2", -4.0);
        check("2 ^ -1", 0.5);
        check("7 % 4 * 2", 6.0);
        check("1 + 1 == 2", 1.0);
        check("x >= 3", 1.0);
        check("x != 3", 0.0);
        check("x*size_2", 1.5);
        check("1.5e3 + .5", 1500.5);
    }

    #[test]
    fn functions_are_called() {
        check("max(1, x, 2)", 3.0);
        check("avg(1, 2, x)", 2.0);
        check("if(x > 2, 10, 20)", 10.0);
        check("round(sqrt(2) * 1000)", 1414.0);
        check("floor(-0.5)", -1.0);
        check("cos(pi)", -1.0);
        check("mod(-1, 3)", 2.0);
    }

    #[test]
    fn mistakes_have_a_column() {
        fails("1 +", "math_syntax", "at 4: expected a number");
        fails("(1", "math_syntax", "at 3: expected `)`");
        fails("1 2", "math_syntax", "at 3: expected an operator");
        fails("2 * y", "math_name", "at 5: there is no `y`");
        fails("foo(1)", "math_name", "at 1: there is no function `foo`");
        fails("sqrt(1, 2)", "math_name", "`sqrt` takes 1");
        fails("1 & 2", "math_syntax", "at 3");
        fails("", "math_syntax", "expected a number");
        fails(&"(".repeat(100_000), "math_syntax", "nested too deep");
        fails(&"-".repeat(100_000), "math_syntax", "nested too deep");
        fails(&"2^".repeat(100_000), "math_syntax", "nested too deep");
        fails("1 / 0", "math_range", "inf");
    }

    #[test]
    fn rounding_is_by_the_decimal_form() {
        for (number, places, expected) in [(1.005, 2, 1.01), (-2.5, 0, -3.0), (1e300, 3, 1e300)] {
            assert_eq!(rounded(number, places), expected);
        }
    }
}
