//! Free disk: new runs are refused while little is left, so that those under way can end.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// New runs are refused while less than this is free.
pub(crate) const MIN_FREE_BYTES: u64 = 256 << 20;
/// How long an answer of the file system is believed.
const BELIEVE_FOR: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub(crate) struct Space {
    /// The data directory; `None` without one.
    directory: Option<PathBuf>,
    min_free_bytes: u64,
    start: Instant,
    /// Milliseconds from `start` until which the last answer is believed.
    until_ms: AtomicU64,
    short: AtomicBool,
}

impl Space {
    pub(crate) fn new(directory: Option<PathBuf>, min_free_bytes: u64) -> Self {
        Self {
            directory,
            min_free_bytes,
            start: Instant::now(),
            until_ms: AtomicU64::new(0),
            short: AtomicBool::new(false),
        }
    }

    /// Tells whether too little disk is free for a new run.
    pub(crate) fn is_short(&self) -> bool {
        let Some(directory) = &self.directory else {
            return false;
        };
        let now_ms = self.start.elapsed().as_millis() as u64;
        let until_ms = self.until_ms.load(Ordering::Relaxed);
        if now_ms >= until_ms && self.claim(until_ms, now_ms) {
            let short = free_bytes(directory).is_some_and(|free| free < self.min_free_bytes);
            if short != self.short.swap(short, Ordering::Relaxed) {
                tracing::warn!(
                    short,
                    "the disk's free space crossed the limit for new runs"
                );
            }
        }
        self.short.load(Ordering::Relaxed)
    }

    /// Lets one of several callers ask the file system.
    fn claim(&self, until_ms: u64, now_ms: u64) -> bool {
        let next = now_ms + BELIEVE_FOR.as_millis() as u64;
        let order = Ordering::Relaxed;
        self.until_ms
            .compare_exchange(until_ms, next, order, order)
            .is_ok()
    }
}

#[cfg(unix)]
fn free_bytes(directory: &std::path::Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(directory).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_directory: &std::path::Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_owned();
        assert!(!Space::new(Some(path.clone()), 1).is_short());
        assert!(Space::new(Some(path), u64::MAX).is_short());
        assert!(!Space::new(None, u64::MAX).is_short());
    }
}
