//! What the clients of one seed do: which runs they start, what they tell them, when.

use std::time::Duration;

use attune_core::event::CancelMode;
use attune_driver::handle::{Command, StartRun};

use crate::chance::Chance;
use crate::workflows::{Library, SOURCES, remembered};

/// Runs started by one seed.
const ORDERS: u64 = 8;
/// The inputs that runs are started with.
pub(crate) const INPUTS: i64 = 3;

/// One run that a client starts and watches until its end.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Its idempotency key.
    pub(crate) key: u64,
    pub(crate) reference: &'static str,
    pub(crate) n: i64,
    /// When, from the beginning of the world.
    pub(crate) after: Duration,
    pub(crate) orders: Vec<(Duration, Told)>,
    /// Whether its events are followed live.
    pub(crate) followed: bool,
    /// Whether start and end are waited for in one.
    pub(crate) executed: bool,
}

/// What a run is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Pause,
    Resume,
    Cancel(CancelMode),
}

impl Told {
    pub(crate) fn command(self) -> Command {
        match self {
            Self::Pause => Command::Pause { reason: None },
            Self::Resume => Command::Resume,
            Self::Cancel(mode) => Command::Cancel { mode },
        }
    }
}

impl Order {
    /// Draws what the clients of a seed do.
    pub(crate) fn draw_all(chance: &Chance) -> Vec<Self> {
        (0..ORDERS).map(|key| Self::draw(chance, key)).collect()
    }

    fn draw(chance: &Chance, key: u64) -> Self {
        let orders = match chance.below(8) {
            0 => vec![
                (chance.time(10_000), Told::Pause),
                (chance.time(30_000), Told::Resume),
            ],
            1 => vec![(chance.time(30_000), Told::Cancel(CancelMode::AllowFinish))],
            2 => vec![(chance.time(30_000), Told::Cancel(CancelMode::CancelRunning))],
            3 => vec![
                (chance.time(10_000), Told::Pause),
                (chance.time(1_000), Told::Cancel(CancelMode::CancelRunning)),
            ],
            _ => Vec::new(),
        };
        Self {
            key,
            reference: chance.pick(&SOURCES).0,
            n: chance.below(INPUTS as u64) as i64,
            after: chance.time(10_000),
            orders,
            followed: chance.one_in(2),
            executed: chance.one_in(3),
        }
    }

    /// Makes the request.
    pub(crate) fn request(&self, library: &Library) -> StartRun {
        remembered(library.start(self.reference, self.n), self.key)
    }

    /// Tells whether the run is left alone, so that its result is known.
    pub(crate) fn is_undisturbed(&self) -> bool {
        let cancels = |(_, told): &(Duration, Told)| matches!(told, Told::Cancel(_));
        !self.orders.iter().any(cancels)
    }
}
