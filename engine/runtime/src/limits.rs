//! Memory, tables and instances of one attempt, counted together.
//!
//! Going over a limit is an error of its own type, which ends the attempt; it never looks to the
//! guest like an allocation that failed, so that the outcome does not depend on the guest.

use wasmtime::ResourceLimiter;

/// Table elements of all tables together.
const MAX_TABLE_ELEMENTS: usize = 100_000;

/// Core instances.
const MAX_INSTANCES: usize = 64;

/// Tables; each instance of a module may bring one.
const MAX_TABLES: usize = 64;

/// Memories.
const MAX_MEMORIES: usize = 16;

/// A limit of memory was exceeded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Exhausted {
    #[error("the action asked for {wanted} bytes of memory, its limit is {limit}")]
    Memory { wanted: usize, limit: usize },
    #[error("the action asked for {wanted} table elements, the limit is {MAX_TABLE_ELEMENTS}")]
    Table { wanted: usize },
    #[error("the host has no memory left for the action")]
    Host,
}

/// Counts what a store holds.
#[derive(Debug)]
pub(crate) struct Limiter {
    limit_bytes: usize,
    /// Bytes of all memories; memories never shrink, so this is the peak too.
    memory_bytes: usize,
    table_elements: usize,
}

impl Limiter {
    /// Makes a limiter that allows `limit_bytes` of memory.
    pub(crate) fn new(limit_bytes: u64) -> Self {
        Self {
            limit_bytes: usize::try_from(limit_bytes).unwrap_or(usize::MAX),
            memory_bytes: 0,
            table_elements: 0,
        }
    }

    /// Returns the most memory there was at once.
    pub(crate) fn peak_bytes(&self) -> u64 {
        self.memory_bytes as u64
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let wanted = self
            .memory_bytes
            .saturating_add(desired.saturating_sub(current));
        if wanted > self.limit_bytes {
            let limit = self.limit_bytes;
            return Err(Exhausted::Memory { wanted, limit }.into());
        }
        self.memory_bytes = wanted;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        tracing::warn!(error = %error, "a guest's memory could not grow within its limit");
        Err(Exhausted::Host.into())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // A maximum that is the pool's own, not the component's, is this limit.
        let own = maximum.filter(|maximum| *maximum < MAX_TABLE_ELEMENTS);
        if own.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let wanted = self
            .table_elements
            .saturating_add(desired.saturating_sub(current));
        if wanted > MAX_TABLE_ELEMENTS {
            return Err(Exhausted::Table { wanted }.into());
        }
        self.table_elements = wanted;
        Ok(true)
    }

    fn instances(&self) -> usize {
        MAX_INSTANCES
    }

    fn tables(&self) -> usize {
        MAX_TABLES
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES
    }
}
