//! A request's id: the client's own if it is harmless in logs, else one of ours.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderValue};

/// Characters of an id that a client may bring.
const CHARS: usize = 64;

/// Random at each start, so that ids of two starts do not meet.
static START: LazyLock<u32> = LazyLock::new(|| getrandom::u32().unwrap_or_default());
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// Returns the id of a request.
pub(super) fn of(headers: &HeaderMap) -> HeaderValue {
    if let Some(given) = headers.get(super::REQUEST_ID).filter(|id| harmless(id)) {
        return given.clone();
    }
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    HeaderValue::try_from(format!("{:08x}-{number:x}", *START)).expect("hex digits are a header")
}

fn harmless(id: &HeaderValue) -> bool {
    (1..=CHARS).contains(&id.len())
        && id
            .as_bytes()
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_ids_are_taken_over() {
        let long = "x".repeat(65);
        for (given, kept) in [
            ("a.B_9-", true),
            ("a b", false),
            ("é", false),
            (&*long, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                super::super::REQUEST_ID,
                HeaderValue::from_bytes(given.as_bytes()).unwrap(),
            );
            assert_eq!(of(&headers).as_bytes() == given.as_bytes(), kept, "{given}");
        }
        assert_ne!(of(&HeaderMap::new()), of(&HeaderMap::new()));
    }
}
