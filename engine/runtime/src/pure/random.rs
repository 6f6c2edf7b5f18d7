//! Randomness from a seed: of the task execution, or of content for what is cacheable.
//!
//! The stream is `SplitMix64`, written out here so that no library's update changes its bytes. The
//! seed is computed when the first number is drawn: most attempts draw none.

use std::convert::Infallible;
use std::sync::Arc;

use attune_core::{Digest, Value};
use rand_core::TryRng;
use wasmtime_wasi::p2::bindings::random::insecure_seed;

use super::PureView;

/// The stream that `insecure-seed` reads; `random` and `insecure` have the ones before it.
const SEED_STREAM: u64 = 2;

/// What a stream of random numbers depends on.
#[derive(Clone, Debug)]
pub(crate) enum Seed {
    /// A number.
    Number(u64),
    /// What is called, and its input.
    Content {
        /// The component.
        digest: Digest,
        /// The function.
        function: Arc<str>,
        /// The input.
        input: Value,
    },
}

impl Seed {
    fn number(&self) -> u64 {
        match self {
            Self::Number(seed) => *seed,
            Self::Content {
                digest,
                function,
                input,
            } => {
                let mut bytes = digest.0.to_vec();
                bytes.extend_from_slice(function.as_bytes());
                bytes.push(0);
                canonical(input, &mut bytes);
                let hash = Digest::of(&bytes).0;
                u64::from_le_bytes(hash[..8].try_into().expect("a digest has 32 bytes"))
            }
        }
    }
}

/// Appends a form of `value` that does not depend on the order of an object's members.
pub(crate) fn canonical(value: &Value, out: &mut Vec<u8>) {
    if let Some(map) = value.as_map() {
        let mut members: Vec<_> = map.iter().collect();
        members.sort_unstable_by_key(|(key, _)| *key);
        out.push(b'{');
        for (key, member) in members {
            out.extend_from_slice(&(key.len() as u64).to_le_bytes());
            out.extend_from_slice(key.as_bytes());
            canonical(member, out);
        }
        out.push(b'}');
    } else if let Some(items) = value.as_list() {
        out.push(b'[');
        items.iter().for_each(|item| canonical(item, out));
        out.push(b']');
    } else {
        let text = value.to_revealed_json();
        out.extend_from_slice(&(text.len() as u64).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    }
}

/// A stream of random numbers, different for each `stream` of the same seed.
#[derive(Debug)]
pub(crate) struct SeededRandom {
    seed: Seed,
    stream: u64,
    state: Option<u64>,
}

impl SeededRandom {
    /// Makes stream number `stream` of `seed`.
    pub(crate) fn new(seed: Seed, stream: u64) -> Self {
        Self {
            seed,
            stream,
            state: None,
        }
    }

    /// Draws 64 bits.
    pub(crate) fn draw(&mut self) -> u64 {
        let start = || mix(self.seed.number() ^ mix(self.stream));
        let state = self.state.get_or_insert_with(start);
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(*state)
    }
}

/// The finalizer of `SplitMix64`.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl TryRng for SeededRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.draw() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.draw())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.draw().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

impl insecure_seed::Host for PureView<'_> {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        let mut random = SeededRandom::new(self.seed.clone(), SEED_STREAM);
        Ok((random.draw(), random.draw()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(json: &str) -> Seed {
        Seed::Content {
            digest: Digest::of(b"component"),
            function: "run".into(),
            input: Value::from_json(json.as_bytes()).unwrap(),
        }
    }

    #[test]
    fn streams_are_what_they_have_always_been() {
        let mut random = SeededRandom::new(Seed::Number(42), 0);
        assert_eq!(random.draw(), 10_996_452_266_160_306_281);
    }

    #[test]
    fn order_of_members_does_not_matter() {
        let draw = |json| SeededRandom::new(content(json), 1).draw();
        assert_eq!(draw(r#"{"a":1,"b":2}"#), draw(r#"{"b":2,"a":1}"#));
        assert_ne!(draw(r#"{"a":1,"b":2}"#), draw(r#"{"a":2,"b":1}"#));
        assert_ne!(draw(r#"["ab","c"]"#), draw(r#"["a","bc"]"#));
    }
}
