//! When the writer commits: at once for whoever waits, in company otherwise.
//!
//! A commit costs a sync whatever is in it, so appends nobody waits for are gathered.

use std::time::{Duration, Instant};

/// Between the beginnings of two commits, even if somebody waits: those who come within it share
/// the second one.
pub(crate) const COMMIT_EVERY: Duration = Duration::from_millis(1);
/// The longest that an append waits for company.
pub(crate) const GATHER_FOR: Duration = Duration::from_millis(5);
/// As much as one commit should write.
pub(crate) const GATHER_BYTES: usize = 1 << 20;
/// No run is begun above this: the disk does not keep up, and memory is not its substitute.
pub(crate) const MAX_TAIL_BYTES: usize = 8 << 20;

/// What has been appended and is not in a commit yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    /// When the first of it came.
    pub(crate) since: Instant,
    /// How much it is.
    pub(crate) bytes: usize,
    /// Whether somebody waits for some of it.
    pub(crate) awaited: bool,
}

/// Returns the instant from which a commit may begin. `began` is when the last one did.
pub(crate) fn commit_at(pending: Pending, began: Option<Instant>) -> Instant {
    if pending.bytes >= GATHER_BYTES {
        return pending.since;
    }
    let gathered = pending.since + GATHER_FOR;
    if !pending.awaited {
        return gathered;
    }
    match began {
        Some(began) => gathered.min(pending.since.max(began + COMMIT_EVERY)),
        None => pending.since,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_begin_as_the_rule_says() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let check = |bytes, awaited, began: Option<u64>, expected| {
            let pending = Pending {
                since: at(10),
                bytes,
                awaited,
            };
            assert_eq!(commit_at(pending, began.map(at)), at(expected));
        };
        // Somebody waits, and no commit began within the last millisecond.
        check(1, true, None, 10);
        check(1, true, Some(0), 10);
        check(1, true, Some(9), 10);
        // One did: when the millisecond is over.
        check(1, true, Some(10), 11);
        // Nobody waits: after 5 ms, or when there is a lot.
        check(1, false, Some(0), 15);
        check(GATHER_BYTES, false, Some(10), 10);
    }
}
