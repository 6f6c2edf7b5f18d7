//! What can be said of a condition without evaluating it: which ends of a task it allows, and
//! whether two conditions exclude each other.
//!
//! Works on the text, split at `and`, `or`, `not` and parentheses; whatever else stands there is
//! an atom that may be true or false.

mod scan;

use scan::{parenthesised, split_all, split_word, split_word_at, top_level};

/// A condition, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Formula {
    /// All hold.
    And(Vec<Self>),
    /// At least one holds.
    Or(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// Anything else, without needless spaces.
    Atom(String),
}

/// True, false, or not known.
pub(crate) type Truth = Option<bool>;

impl Formula {
    /// Takes a condition apart.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim();
        let inner = text
            .strip_prefix("{{")
            .and_then(|text| text.strip_suffix("}}"))
            .unwrap_or(text);
        disjunction(inner)
    }

    /// Evaluates it, given what is known of the atoms.
    pub(crate) fn truth(&self, known: &dyn Fn(&str) -> Truth) -> Truth {
        match self {
            Self::And(parts) => fold(parts, known, false),
            Self::Or(parts) => fold(parts, known, true),
            Self::Not(inner) => inner.truth(known).map(|holds| !holds),
            Self::Atom(text) => match text.as_str() {
                "true" | "True" => Some(true),
                "false" | "False" => Some(false),
                other => known(other),
            },
        }
    }

    /// Tells whether the two can never hold at once.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        if let Self::Or(parts) = self {
            return parts.iter().all(|part| part.excludes(other));
        }
        if let Self::Or(parts) = other {
            return parts.iter().all(|part| self.excludes(part));
        }
        let (mine, theirs) = (self.facts(), other.facts());
        mine.iter().any(|a| theirs.iter().any(|b| a.contradicts(b)))
    }

    /// Returns what must be so if it holds.
    fn facts(&self) -> Vec<Fact> {
        match self {
            Self::And(parts) => parts.iter().flat_map(Self::facts).collect(),
            Self::Not(inner) => match &**inner {
                Self::Not(twice) => twice.facts(),
                Self::Or(parts) => parts
                    .iter()
                    .flat_map(|part| Self::Not(Box::new(part.clone())).facts())
                    .collect(),
                Self::Atom(text) => vec![Fact::of(text).negated()],
                Self::And(_) => Vec::new(),
            },
            Self::Atom(text) => vec![Fact::of(text)],
            Self::Or(_) => Vec::new(),
        }
    }
}

/// All or any of the parts, `decides` being the value that settles it.
fn fold(parts: &[Formula], known: &dyn Fn(&str) -> Truth, decides: bool) -> Truth {
    let mut answer = Some(!decides);
    for part in parts {
        match part.truth(known) {
            Some(value) if value == decides => return Some(decides),
            Some(_) => {}
            None => answer = None,
        }
    }
    answer
}

/// One thing that must be so.
#[derive(Clone, Debug, PartialEq)]
struct Fact {
    left: String,
    /// `==`, `!=`, `<`, `<=`, `>`, `>=`; for a bare atom `==` with the right side `true`.
    operator: &'static str,
    right: String,
}

const OPERATORS: &[&str] = &["==", "!=", "<=", ">=", "<", ">"];

impl Fact {
    fn of(atom: &str) -> Self {
        let negative = split_word(atom, " not in ");
        if let Some((left, right)) = negative.or_else(|| split_word(atom, " in ")) {
            return Self {
                left: format!("{left} in {right}"),
                operator: if negative.is_some() { "!=" } else { "==" },
                right: "true".into(),
            };
        }
        let found = OPERATORS
            .iter()
            .filter_map(|operator| Some((top_level(atom, operator)?, *operator)))
            .min_by_key(|(at, operator)| (*at, usize::MAX - operator.len()));
        let Some((at, operator)) = found else {
            return Self {
                left: atom.to_owned(),
                operator: "==",
                right: "true".into(),
            };
        };
        let left = atom[..at].trim().to_owned();
        let right = atom[at + operator.len()..].trim().to_owned();
        if is_literal(&left) && !is_literal(&right) {
            let operator = flipped(operator);
            return Self {
                left: right,
                operator,
                right: left,
            };
        }
        Self {
            left,
            operator,
            right,
        }
    }

    fn negated(self) -> Self {
        let operator = match self.operator {
            "==" => "!=",
            "!=" => "==",
            "<" => ">=",
            "<=" => ">",
            ">" => "<=",
            _ => "<",
        };
        Self { operator, ..self }
    }

    fn contradicts(&self, other: &Self) -> bool {
        if self.left != other.left {
            return false;
        }
        let ordering = if self.right == other.right {
            std::cmp::Ordering::Equal
        } else if let (Ok(a), Ok(b)) = (self.right.parse::<f64>(), other.right.parse::<f64>()) {
            match a.partial_cmp(&b) {
                Some(ordering) => ordering,
                None => return false,
            }
        } else {
            let both_equal = self.operator == "==" && other.operator == "==";
            return both_equal && is_literal(&self.right) && is_literal(&other.right);
        };
        !overlap(self.operator, ordering, other.operator)
    }
}

/// Tells whether some x is both `x a 0` and `x b d`, where `ordering` compares 0 with d.
fn overlap(a: &str, ordering: std::cmp::Ordering, b: &str) -> bool {
    let d = match ordering {
        std::cmp::Ordering::Less => 2,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => -2,
    };
    let holds = |x: i32, operator: &str, limit: i32| match operator {
        "==" => x == limit,
        "!=" => x != limit,
        "<" => x < limit,
        "<=" => x <= limit,
        ">" => x > limit,
        _ => x >= limit,
    };
    (-4..=4).any(|x| holds(x, a, 0) && holds(x, b, d))
}

fn flipped(operator: &'static str) -> &'static str {
    match operator {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        other => other,
    }
}

fn is_literal(text: &str) -> bool {
    let quoted = |quote: char| {
        text.len() > 1
            && text.starts_with(quote)
            && text.ends_with(quote)
            && !text[1..text.len() - 1].contains(quote)
    };
    quoted('\'')
        || quoted('"')
        || text.parse::<f64>().is_ok()
        || matches!(
            text,
            "true" | "false" | "none" | "null" | "True" | "False" | "None"
        )
}

fn disjunction(text: &str) -> Formula {
    let text = text.trim();
    // `a if c else b` and `c ? a : b` bind weaker than everything else.
    if ["if", "else"]
        .iter()
        .any(|word| split_word_at(text, word).is_some())
        || top_level(text, "?").is_some()
    {
        return atom(text);
    }
    let parts = split_all(text, "or");
    if parts.len() > 1 {
        return Formula::Or(parts.into_iter().map(conjunction).collect());
    }
    conjunction(text)
}

fn conjunction(text: &str) -> Formula {
    let parts = split_all(text, "and");
    if parts.len() > 1 {
        return Formula::And(parts.into_iter().map(negation).collect());
    }
    negation(text)
}

fn negation(text: &str) -> Formula {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix("not")
        && rest.starts_with([' ', '('])
    {
        return Formula::Not(Box::new(negation(rest)));
    }
    if let Some(inner) = parenthesised(text) {
        return disjunction(inner);
    }
    atom(text)
}

fn atom(text: &str) -> Formula {
    let words: Vec<&str> = text.split_whitespace().collect();
    Formula::Atom(
        words
            .join(" ")
            .replace("( ", "(")
            .replace(" )", ")")
            .replace(" (", "("),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_that_cannot_both_hold_are_recognised() {
        for (a, b, expected) in [
            ("vars.n < 3", "vars.n >= 3", true),
            ("{{ vars.n < 3 }}", "vars.n > 5", true),
            ("vars.n < 3", "vars.n < 5", false),
            ("3 > vars.n", "vars.n == 7", true),
            ("x", "not x", true),
            ("not (x)", "{{ x }}", true),
            ("a and x", "b and not x", true),
            ("a or x", "not x", false),
            ("a or x", "not (a or x)", true),
            ("e.type == 'q'", "e.type != 'q'", true),
            ("e.type == 'q'", "e.type == \"r\"", true),
            ("e.type == vars.a", "e.type == vars.b", false),
            ("x in [1, 2]", "x not in [1, 2]", true),
            (
                "succeeded() and r().c == 200",
                "succeeded() and r().c != 200",
                true,
            ),
            ("x == 'a and b'", "x == 'not x'", true),
            ("x if y else z", "not x", false),
            ("order", "not order", true),
        ] {
            let (first, second) = (Formula::parse(a), Formula::parse(b));
            assert_eq!(first.excludes(&second), expected, "{a} / {b}");
            assert_eq!(second.excludes(&first), expected, "{b} / {a}");
        }
    }

    #[test]
    fn truth_is_known_only_where_it_follows() {
        let known = |atom: &str| match atom {
            "failed()" => Some(true),
            "succeeded()" => Some(false),
            _ => None,
        };
        for (text, expected) in [
            ("{{ failed() }}", Some(true)),
            ("not succeeded()", Some(true)),
            ("succeeded() and x", Some(false)),
            ("failed() and x", None),
            ("failed ( ) or x", Some(true)),
            ("x", None),
            ("(failed() and (not succeeded()))", Some(true)),
            ("false", Some(false)),
        ] {
            assert_eq!(Formula::parse(text).truth(&known), expected, "{text}");
        }
    }
}
