//! Every bound of the HTTP side, with its default. Each is a configuration key of the same name.

use std::time::Duration;

/// Bounds on what clients may send and hold open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's headers: more than browsers and proxies add.
    pub header_bytes: usize,
    /// Headers of a request.
    pub header_count: usize,
    /// Bytes of path and query.
    pub target_bytes: usize,
    /// Bytes of a JSON body.
    pub json_bytes: usize,
    /// Bytes of a workflow file.
    pub yaml_bytes: usize,
    /// Bytes of a component.
    pub component_bytes: usize,
    /// Bytes of a pack's configuration.
    pub config_bytes: usize,
    /// Bytes of a kv value.
    pub kv_bytes: usize,
    /// How long a client may take to send a request's headers.
    pub header_read: Duration,
    /// How long a body may stand still.
    pub body_stall: Duration,
    /// Connections at once; more wait in the listener's queue.
    pub connections: usize,
    /// Live streams at once.
    pub streams: usize,
    /// How often a quiet stream shows that it lives.
    pub heartbeat: Duration,
    /// Requests that start runs and are not yet durable; more get 503.
    pub executes: usize,
    /// Runs that wait or work; more get 429.
    pub queued_runs: u64,
    /// The longest `?wait=`.
    pub wait: Duration,
    /// Failed logins a minute and address.
    pub failed_logins: u32,
    /// How long a stopping server waits for requests under way.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 16 << 10,
            header_count: 100,
            target_bytes: 8 << 10,
            json_bytes: 1 << 20,
            yaml_bytes: 1 << 20,
            component_bytes: 64 << 20,
            config_bytes: 256 << 10,
            kv_bytes: 64 << 10,
            header_read: Duration::from_secs(10),
            body_stall: Duration::from_secs(30),
            connections: 10_000,
            streams: 10_000,
            heartbeat: Duration::from_secs(15),
            executes: 1024,
            queued_runs: 1_000_000,
            wait: Duration::from_secs(60),
            failed_logins: 10,
            grace: Duration::from_secs(30),
        }
    }
}

/// Rows of a list by default.
pub(crate) const LIST_DEFAULT: usize = 50;
/// Rows of a list at most.
pub(crate) const LIST_MAX: usize = 500;
/// Labels of a run.
pub(crate) const LABELS: usize = 16;
/// Bytes of a label's value.
pub(crate) const LABEL_VALUE_BYTES: usize = 64;
/// Characters of an idempotency key.
pub(crate) const IDEMPOTENCY_KEY_CHARS: usize = 255;
/// How long an idempotency key is remembered, in milliseconds: a day.
pub(crate) const IDEMPOTENCY_KEPT_MS: u64 = 24 * 3600 * 1000;
/// How long a token lives unless told otherwise, in milliseconds: 90 days.
pub(crate) const TOKEN_LIFE_MS: u64 = 90 * 24 * 3600 * 1000;
/// How long a kv entry may live that goes by itself, in milliseconds: a year.
pub(crate) const KV_LIFE_MS: u64 = 365 * 24 * 3600 * 1000;
/// Packs a token may be limited to.
pub(crate) const TOKEN_PACKS: usize = 100;
/// Catalog rows one filtered list request looks at before it answers with a cursor.
pub(crate) const LIST_SCAN: usize = 10_000;
/// Workflows that one run may reach: more is a mistake, and all of them are pinned.
pub(crate) const REACHABLE_WORKFLOWS: usize = 1000;
/// Bytes of workflow graphs kept as JSON.
pub(crate) const CACHED_GRAPH_BYTES: usize = 8 << 20;
/// Tokens kept looked up.
pub(crate) const CACHED_TOKENS: usize = 1000;
/// Addresses whose failed logins are counted.
pub(crate) const THROTTLED_ADDRESSES: usize = 10_000;
