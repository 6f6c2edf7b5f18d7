//! Counts failed logins by address, so that guessing costs time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::limits::THROTTLED_ADDRESSES;

/// How long failures count.
const WINDOW: Duration = Duration::from_secs(60);

/// Failed logins by address.
#[derive(Debug)]
pub(crate) struct Throttle {
    allowed: u32,
    failures: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

impl Throttle {
    /// Makes a throttle that allows so many failures a minute.
    pub(crate) fn new(allowed: u32) -> Self {
        Self {
            allowed,
            failures: Mutex::new(HashMap::new()),
        }
    }

    /// Counts a failure. Returns the seconds to wait if there were too many.
    pub(crate) fn failed(&self, address: IpAddr) -> Option<u32> {
        let now = Instant::now();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= THROTTLED_ADDRESSES {
            failures.retain(|_, (begun, _)| now.duration_since(*begun) < WINDOW);
        }
        if failures.len() >= THROTTLED_ADDRESSES {
            failures.clear();
        }
        let (begun, count) = failures.entry(address).or_insert((now, 0));
        if now.duration_since(*begun) >= WINDOW {
            (*begun, *count) = (now, 0);
        }
        *count += 1;
        let left = WINDOW.saturating_sub(now.duration_since(*begun));
        (*count > self.allowed).then(|| u32::try_from(left.as_secs() + 1).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_stopped_alone() {
        let throttle = Throttle::new(2);
        let (one, two) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        assert_eq!(throttle.failed(one), None);
        assert_eq!(throttle.failed(one), None);
        assert!(
            throttle
                .failed(one)
                .is_some_and(|wait| (1..=61).contains(&wait))
        );
        assert_eq!(throttle.failed(two), None);
    }
}
