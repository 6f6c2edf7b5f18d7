//! Counts primes: work for a processor, by the plainest method.

use attune_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct Input {
    /// Where to stop.
    n: u64,
}

/// Counts the primes up to `n`.
#[action]
fn primes(input: Input) -> Result<u64, ActionError> {
    let mut count = 0;
    for n in 2..=input.n {
        let mut divisors = (2..).take_while(|d| d * d <= n);
        count += u64::from(divisors.all(|d| n % d != 0));
    }
    Ok(count)
}
