//! Hides the secrets that a guest has seen in everything it gives back, before anybody records it.

use attune_core::Value;
use attune_core::event::Outcome;
use attune_core::value::SecretTexts;

use crate::attempt::Done;

/// Hides the secrets of the input and those that the host has `given` besides. Results stay
/// usable, marked; in texts a marker stands in their place.
pub(crate) fn hidden<'a>(
    done: Done,
    input: &Value,
    given: impl IntoIterator<Item = &'a str>,
) -> Done {
    let Some(secrets) = SecretTexts::of(input, given) else {
        return done;
    };
    let (outcome, usage, mut logs) = done;
    let outcome = match outcome {
        Outcome::Succeeded(value) => Outcome::Succeeded(secrets.hide(value)),
        Outcome::Failed(failure) => Outcome::Failed(secrets.hide_failure(failure)),
        ended @ (Outcome::TimedOut | Outcome::Interrupted | Outcome::Abandoned) => ended,
    };
    for line in &mut logs {
        line.message = secrets.mask(&line.message);
        for (_, value) in &mut line.fields {
            *value = secrets.mask(value);
        }
    }
    (outcome, usage, logs)
}
