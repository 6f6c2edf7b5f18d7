//! The bounds within which a driver works, each with its reason.

use std::time::Duration;

use attune_core::Millis;

/// Events that one turn of an actor takes at most: long enough to share an append, short enough
/// that a request waits for no more than a fraction of a millisecond of others' work.
pub const TURN_EVENTS: usize = 64;
/// Of a turn, what results of attempts may take; the rest is for requests and other runs.
pub const TURN_RESULTS: usize = 32;
/// Of a turn, what messages of other runs may take.
pub const TURN_PEERS: usize = 16;
/// Of a turn, what requests may take.
pub const TURN_REQUESTS: usize = TURN_EVENTS - TURN_RESULTS - TURN_PEERS;
/// Attempts that one turn starts at most, so that results are not kept waiting.
pub const TURN_ATTEMPTS: usize = 64;
/// Requests that wait in one actor's mailbox; senders wait when it is full.
pub const MAILBOX: usize = 256;
/// Messages of other runs that wait in one actor's mailbox.
pub const PEER_MAILBOX: usize = 256;
/// Messages an actor holds for others whose mailboxes are full, before it takes no more requests
/// and starts no more attempts.
pub const OUTBOX: usize = 1_024;
/// Events that wait for one run while it is loaded or while facts are fetched; further commands
/// are answered `Busy`.
pub const RUN_INBOX: usize = 256;
/// Runs that one actor loads at the same time: enough to hide the store's latency.
pub const LOADS_AT_ONCE: usize = 32;
/// Runs that an actor remembers to have asked their relatives after a crash; beyond, some ask
/// again, which costs time but is never wrong.
pub const ASKED_RUNS: usize = 65_536;
/// Ready runs below which an actor fetches more of those that were put back into the store.
pub const RING_LOW: usize = 256;
/// Rows of the table of runnable runs read at once.
pub const RUNNABLE_PAGE: usize = 256;
/// Rows of the table of timers read at once.
pub const DUE_PAGE: usize = 512;
/// Events read at once when a journal is replayed for a reader.
pub const REPLAY_PAGE: usize = 512;
/// How often a step may ask for facts before it is taken for a fault: each round must ask for
/// something new, and no workflow has more expressions in one step.
pub const FACT_ROUNDS: u32 = 64;
/// Run ids reserved at once: one write of the store per so many runs.
pub const IDS_AT_ONCE: u64 = 1_024;
/// Definitions kept parsed. A large one takes about 1 MiB.
pub const DEFINITIONS: usize = 256;
/// Events after which an evicted machine is stored as a snapshot; fewer are replayed as fast.
pub const SNAPSHOT_EVENTS: u64 = 64;
/// How long outputs that nobody waits for (the end of a run without a listener) may lie before
/// the disk is waited for; the store commits on its own meanwhile.
pub const LAZY: Millis = Millis(20);
/// Pause before a busy store is asked again whether it has caught up.
pub const BUSY_AGAIN: Millis = Millis(2);
/// Pause before a page of due timers is read again whose rows may not be gone yet.
pub const DUE_AGAIN: Millis = Millis(50);
/// Pause before a child that the store had no room for is created again.
pub const CHILD_AGAIN: Millis = Millis(100);
/// Pause before a failed store is opened again.
pub const REOPEN_AFTER: Duration = Duration::from_secs(1);
/// Events buffered for one follower.
pub const FOLLOW_BUFFER: usize = 1_000;
/// How long a follower may leave its buffer full before it is cut off.
pub const FOLLOW_STALL: Duration = Duration::from_secs(10);

/// What an operator may change.
#[derive(Clone, Debug)]
pub struct Config {
    /// Actors, each an owner of shards; a core each.
    pub actors: usize,
    /// Attempts in flight, all runs together. What they use is bounded by the runner.
    pub attempts: usize,
    /// Requests to start or steer a run in flight; more are answered `Busy`.
    pub requests: usize,
    /// Followers and waiters at a time; more are answered `Busy`.
    pub followers: usize,
    /// Machines one actor keeps in memory; beyond it, runs that wait are put into the store.
    pub machines: usize,
    /// How long attempts may go on when the driver stops.
    pub grace: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            actors: cores.min(attune_core::id::SHARDS as usize),
            attempts: 256,
            requests: 1_024,
            followers: 10_000,
            machines: 8_192,
            grace: Duration::from_secs(30),
        }
    }
}
