//! How much runs at once: a number of attempts, a sum of memory, and a lane for the short ones.
//!
//! Attempts without network or files start at most two per core at a time. One that has not ended
//! after 10 ms gives its place in the lane back and goes on beside the others, so that neither
//! slow calls nor long computations hold up short ones.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use attune_core::pin::AttemptLimits;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::ASYNC_STACK_BYTES;
use crate::settings::{MAX_ATTEMPTS, Settings};

/// The unit in which memory is reserved: semaphores count in 32 bits.
const UNIT_BYTES: u64 = 1 << 20;

/// How long an attempt may keep its place in the lane.
const LANE_TIME: Duration = Duration::from_millis(10);

/// Starts in the lane, for each core.
const LANE_PER_CORE: usize = 2;

/// What is assumed where the machine's memory is not known.
const DEFAULT_MEMORY_BYTES: u64 = 2 << 30;

/// Admits attempts.
#[derive(Debug)]
pub(crate) struct Admission {
    attempts: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    memory_units: u32,
    lane: Arc<Semaphore>,
}

/// What a running attempt holds.
#[derive(Debug)]
pub(crate) struct Admitted {
    _attempt: OwnedSemaphorePermit,
    _memory: OwnedSemaphorePermit,
    lane: Option<OwnedSemaphorePermit>,
}

impl Admission {
    /// Makes the budgets.
    pub(crate) fn new(settings: &Settings, threads: usize) -> Self {
        let bytes = settings.memory_bytes.unwrap_or_else(half_of_memory);
        let units = u32::try_from(bytes / UNIT_BYTES).unwrap_or(u32::MAX).max(1);
        let attempts = settings.attempts.clamp(1, MAX_ATTEMPTS);
        Self {
            attempts: Arc::new(Semaphore::new(attempts)),
            memory: Arc::new(Semaphore::new(units as usize)),
            memory_units: units,
            lane: Arc::new(Semaphore::new(LANE_PER_CORE * threads)),
        }
    }

    /// Waits until there is room for an attempt; `short` ones use the lane.
    pub(crate) async fn admit(&self, limits: &AttemptLimits, short: bool) -> Admitted {
        const OPEN: &str = "these semaphores are never closed";
        let units = self.units(limits);
        Admitted {
            _attempt: acquire(&self.attempts, 1).await.expect(OPEN),
            _memory: acquire(&self.memory, units).await.expect(OPEN),
            lane: if short {
                Some(acquire(&self.lane, 1).await.expect(OPEN))
            } else {
                None
            },
        }
    }

    /// What an attempt may take at most: memory, stack, result and log. One that asks for more
    /// than there is runs alone.
    fn units(&self, limits: &AttemptLimits) -> u32 {
        let bytes = limits
            .memory_bytes
            .saturating_add(ASYNC_STACK_BYTES as u64)
            .saturating_add(limits.output_bytes.saturating_mul(2))
            .saturating_add(limits.log_bytes);
        let units = u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX);
        units.min(self.memory_units)
    }
}

async fn acquire(
    semaphore: &Arc<Semaphore>,
    count: u32,
) -> Result<OwnedSemaphorePermit, tokio::sync::AcquireError> {
    if let Ok(permit) = Arc::clone(semaphore).try_acquire_many_owned(count) {
        return Ok(permit);
    }
    Arc::clone(semaphore).acquire_many_owned(count).await
}

impl Admitted {
    /// Runs `work`, giving the place in the lane back once it has taken its time.
    pub(crate) async fn run<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if self.lane.is_some() {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = tokio::time::sleep(LANE_TIME) => self.lane = None,
            }
        }
        work.await
    }
}

/// Returns half of the machine's memory, or of what this process's group may use.
fn half_of_memory() -> u64 {
    let machine = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("MemTotal:"))?;
            let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
            Some(kib * 1024)
        });
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let group = group.and_then(|text| text.trim().parse::<u64>().ok());
    let total = machine.unwrap_or(DEFAULT_MEMORY_BYTES);
    group.map_or(total, |group| group.min(total)) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(memory_mib: u64) -> Admission {
        let settings = Settings {
            memory_bytes: Some(memory_mib << 20),
            attempts: 4,
            ..Settings::default()
        };
        Admission::new(&settings, 1)
    }

    #[tokio::test]
    async fn memory_bounds_what_runs_at_once() {
        let admission = admission(150);
        let limits = AttemptLimits::default();
        let first = admission.admit(&limits, false).await;
        let second = admission.admit(&limits, false).await;
        let third = tokio::time::timeout(LANE_TIME, admission.admit(&limits, false)).await;
        assert!(third.is_err(), "three times 69 MiB are more than 150");
        drop(first);
        let third = admission.admit(&limits, false).await;
        drop((second, third));
    }

    #[tokio::test]
    async fn attempt_larger_than_the_machine_runs_alone() {
        let admission = admission(10);
        let held = admission.admit(&AttemptLimits::default(), false).await;
        assert_eq!(admission.memory.available_permits(), 0);
        drop(held);
    }

    #[tokio::test(start_paused = true)]
    async fn long_attempt_leaves_the_lane() {
        let admission = admission(1000);
        let mut held = admission.admit(&AttemptLimits::default(), true).await;
        assert_eq!(admission.lane.available_permits(), 1);
        held.run(async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(admission.lane.available_permits(), 2);
        })
        .await;
    }
}
