//! When the writer commits: at once for whoever waits alone, in company otherwise.
//!
//! A commit costs a sync whatever is in it, so appends nobody waits for are gathered, and where
//! many runs are busy those who wait share. A run that waits alone, step after step, would gain
//! nothing from waiting for company.

use std::time::{Duration, Instant};

/// Between the beginnings of two commits in company, even if somebody waits: those who come within
/// it share the second one.
pub(crate) const COMMIT_EVERY: Duration = Duration::from_millis(1);
/// Appends up to which a commit is not in company: one run's step, and one that came by chance.
pub(crate) const ALONE: usize = 2;
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
    /// How many appends and jobs it is.
    pub(crate) count: usize,
}

/// The last commit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Former {
    /// When it began.
    pub(crate) began: Instant,
    /// How many appends and jobs it took.
    pub(crate) count: usize,
}

/// Returns the instant from which a commit may begin.
pub(crate) fn commit_at(pending: Pending, former: Option<Former>) -> Instant {
    if pending.bytes >= GATHER_BYTES {
        return pending.since;
    }
    let gathered = pending.since + GATHER_FOR;
    if !pending.awaited {
        return gathered;
    }
    match former {
        Some(former) if former.count.max(pending.count) > ALONE => {
            gathered.min(pending.since.max(former.began + COMMIT_EVERY))
        }
        Some(_) | None => pending.since,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_begin_as_the_rule_says() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let check = |bytes, awaited, former: Option<(u64, usize)>, count, expected| {
            let pending = Pending {
                since: at(10),
                bytes,
                awaited,
                count,
            };
            let former = former.map(|(ms, count)| Former {
                began: at(ms),
                count,
            });
            assert_eq!(commit_at(pending, former), at(expected));
        };
        // Somebody waits, and no commit in company began within the last millisecond.
        check(1, true, None, 9, 10);
        check(1, true, Some((0, 9)), 9, 10);
        check(1, true, Some((9, 9)), 9, 10);
        // One did: when the millisecond is over.
        check(1, true, Some((10, ALONE + 1)), 1, 11);
        // Company has come since.
        check(1, true, Some((10, 1)), ALONE + 1, 11);
        // Somebody who waits alone does not wait for company.
        check(1, true, Some((10, ALONE)), ALONE, 10);
        // Nobody waits: after 5 ms, or when there is a lot.
        check(1, false, Some((0, 1)), 1, 15);
        check(GATHER_BYTES, false, Some((10, 9)), 9, 10);
    }
}
