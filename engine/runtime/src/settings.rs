//! What an operator sets: how much the runtime may use, and what actions may have at most.

use std::path::PathBuf;

use attune_core::pin::AttemptLimits;
use attune_host_api::Ceiling;
use attune_host_api::http::HttpSettings;

/// The most attempts that run at once. Each may hold a stack and a slot of the pool.
pub const MAX_ATTEMPTS: usize = 256;

/// How the runtime is set up. `Settings::default()` fits a server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where compiled components are kept; `None` compiles again after each start.
    pub cache_dir: Option<PathBuf>,
    /// The most that compiled components take on disk, bytes.
    pub cache_disk_bytes: u64,
    /// The most that compiled components take in memory, bytes.
    pub cache_memory_bytes: u64,
    /// The sum of what running attempts may use, bytes; `None` is half of the machine's memory.
    pub memory_bytes: Option<u64>,
    /// Attempts at once, at most [`MAX_ATTEMPTS`].
    pub attempts: usize,
    /// Threads that run guests; `None` is one for each core.
    pub threads: Option<usize>,
    /// How instances get their memory.
    pub allocator: Allocator,
    /// What a manifest may ask for at most.
    pub limits: LimitCeiling,
    /// What grants an action may have at most.
    pub grants: Ceiling,
    /// How requests are sent, and where to at most.
    pub http: HttpSettings,
    /// The largest component that may be uploaded, bytes.
    pub component_bytes: u64,
    /// The longest time that a compilation may take, milliseconds.
    pub compile_ms: u64,
}

/// How instances get their memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocator {
    /// From a pool that is reserved at the start; on demand where the host refuses it.
    Pool,
    /// On demand: for a single run, where the pool would cost more than it saves.
    OnDemand,
}

/// The operator's ceiling of an attempt's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitCeiling(pub AttemptLimits);

impl Default for LimitCeiling {
    fn default() -> Self {
        Self(AttemptLimits {
            fuel: 1_000_000_000_000,
            timeout_ms: 3_600_000,
            memory_bytes: 1 << 30,
            output_bytes: 16 << 20,
            log_bytes: 4 << 20,
        })
    }
}

impl LimitCeiling {
    /// Returns `limits`, each at most the ceiling's.
    pub fn clamp(&self, limits: AttemptLimits) -> AttemptLimits {
        let most = &self.0;
        AttemptLimits {
            fuel: limits.fuel.min(most.fuel),
            timeout_ms: limits.timeout_ms.min(most.timeout_ms),
            memory_bytes: limits.memory_bytes.min(most.memory_bytes),
            output_bytes: limits.output_bytes.min(most.output_bytes),
            log_bytes: limits.log_bytes.min(most.log_bytes),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cache_dir: None,
            cache_disk_bytes: 2 << 30,
            cache_memory_bytes: 512 << 20,
            memory_bytes: None,
            attempts: MAX_ATTEMPTS,
            threads: None,
            allocator: Allocator::Pool,
            limits: LimitCeiling::default(),
            grants: Ceiling::default(),
            http: HttpSettings::default(),
            component_bytes: 64 << 20,
            compile_ms: 120_000,
        }
    }
}

impl Settings {
    /// Returns settings for running one component locally: nothing is reserved or kept.
    pub fn local() -> Self {
        Self {
            attempts: 1,
            allocator: Allocator::OnDemand,
            ..Self::default()
        }
    }
}
