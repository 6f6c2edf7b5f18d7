//! "Did you mean": the nearest known name.

/// Names longer than this are not compared: the comparison is quadratic.
const MAX_NAME: usize = 64;

/// Returns the candidate nearest to `name`, if one is near enough to be what was meant.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let folded = fold(name);
    if folded.len() > MAX_NAME {
        return None;
    }
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .filter_map(|candidate| {
            let distance = distance(&folded, &fold(candidate));
            let longest = name.chars().count().max(candidate.chars().count());
            (distance <= longest.div_ceil(3).min(3)).then_some((distance, candidate))
        })
        .filter(|(distance, candidate)| *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns "did you mean `x`?" for the nearest candidate.
pub(crate) fn did_you_mean<'c>(
    name: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<String> {
    nearest(name, candidates).map(|found| format!("did you mean `{found}`?"))
}

/// Case and the choice of separator never matter for what was meant.
fn fold(name: &str) -> Vec<char> {
    name.chars()
        .map(|c| {
            if c == '-' {
                '_'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

/// Counts insertions, deletions, replacements and swaps of neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    if b.len() > MAX_NAME {
        return usize::MAX;
    }
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(x != y);
            row[j + 1] = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        let known = ["deploy", "build", "on_success", "on_failure", "a"];
        for (name, expected) in [
            ("deplyo", Some("deploy")),
            ("on-success", Some("on_success")),
            ("onSuccess", Some("on_success")),
            ("Build", Some("build")),
            ("biuld", Some("build")),
            ("test", None),
            ("b", None),
            ("deploy", None),
        ] {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
    }
}
