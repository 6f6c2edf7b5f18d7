//! Tells the clients of an open loop when their requests are due.
//!
//! The timers of the asynchronous runtime count whole milliseconds, a third of what is measured
//! here: a thread of its own sleeps until each instant.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What a client hears: the instant at which its next request is due.
pub(crate) type Turns = UnboundedReceiver<Instant>;

/// Starts `rate` turns a second for `lasting`, given to `clients` one after another.
///
/// A client that is still busy finds its turn waiting, so its lateness counts.
pub(crate) fn start(rate: f64, clients: usize, lasting: Duration) -> Vec<Turns> {
    let (senders, turns): (Vec<_>, Vec<_>) = (0..clients).map(|_| unbounded_channel()).unzip();
    std::thread::spawn(move || give(&senders, rate, lasting));
    turns
}

fn give(clients: &[UnboundedSender<Instant>], rate: f64, lasting: Duration) {
    let began = Instant::now();
    for turn in 0_u32.. {
        let after = Duration::from_secs_f64(f64::from(turn) / rate);
        if after >= lasting {
            return;
        }
        std::thread::sleep((began + after).saturating_duration_since(Instant::now()));
        if clients[turn as usize % clients.len()]
            .send(began + after)
            .is_err()
        {
            return;
        }
    }
}
