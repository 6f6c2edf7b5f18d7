//! Waits in every way that programs do, and returns how often it looked at the clock.

use std::time::{Duration, Instant, SystemTime};

use attune_sdk::prelude::*;
use wasip2::clocks::monotonic_clock;
use wasip2::io::poll;

#[derive(Deserialize, JsonSchema)]
struct Input {
    how: How,
    ms: u64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum How {
    /// Looks at the monotonic clock until the time is over.
    Spin,
    /// Looks at the wall clock.
    Wall,
    /// Asks a pollable whether it is ready.
    Ask,
    /// Blocks on a pollable.
    Block,
    /// Polls several.
    Poll,
    /// Sleeps in small steps.
    Steps,
}

/// Waits.
#[action]
fn wait(input: Input) -> Result<u64, ActionError> {
    let length = Duration::from_millis(input.ms);
    let length_ns = input.ms * 1_000_000;
    let mut looks = 0;
    match input.how {
        How::Spin => {
            let start = Instant::now();
            while start.elapsed() < length {
                looks += 1;
            }
        }
        How::Wall => {
            let start = SystemTime::now();
            while start.elapsed()? < length {
                looks += 1;
            }
        }
        How::Ask => {
            let pollable = monotonic_clock::subscribe_duration(length_ns);
            while !pollable.ready() {
                looks += 1;
            }
        }
        How::Block => monotonic_clock::subscribe_duration(length_ns).block(),
        How::Poll => {
            let soon = monotonic_clock::subscribe_duration(length_ns);
            let late = monotonic_clock::subscribe_duration(2 * length_ns);
            looks = poll::poll(&[&late, &soon])
                .iter()
                .map(|index| u64::from(*index))
                .sum();
        }
        How::Steps => {
            for _ in 0..100 {
                std::thread::sleep(length / 100);
                looks += 1;
            }
        }
    }
    Ok(looks)
}
