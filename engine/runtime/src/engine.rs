//! The wasmtime engines: one that takes instances from a pool, one that allocates on demand.
//!
//! Both are configured alike but for the allocator, so that code compiled by one is loaded by the
//! other. What a component does not need is off: threads, gc, memory64.

use std::num::NonZeroUsize;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result,
};

use crate::settings::{Allocator, Settings};

/// Stack of a guest; what is over it traps.
pub(crate) const GUEST_STACK_BYTES: usize = 512 << 10;

/// Stack of a guest and the host functions it calls.
pub(crate) const ASYNC_STACK_BYTES: usize = 2 << 20;

/// Most core instances of one component that fits the pool; Python counts 14.
const POOL_CORE_INSTANCES: u32 = 32;

/// Most memories of one component that fits the pool; `QuickJS` has 2.
const POOL_MEMORIES: u32 = 4;

/// Most tables of one component that fits the pool.
const POOL_TABLES: u32 = 8;

/// Elements of a table in the pool: as many as an attempt may have at all. Only reserved.
const POOL_TABLE_ELEMENTS: usize = 100_000;

/// Slots beyond the attempts that may run: an instance may still be going as the next begins.
const POOL_SPARE: u32 = 8;

/// Memory of a slot that is reset by copying instead of unmapping. Rust's standard actions touch
/// less; more is unmapped.
const KEEP_RESIDENT_BYTES: usize = 1 << 20;

/// Slots kept warm for components other than the one at hand: bounds what idle slots hold.
const WARM_SLOTS: u32 = 32;

/// Frames of a guest's stack that are looked at after a trap.
const BACKTRACE_FRAMES: usize = 8;

/// The engines of a runtime.
pub(crate) struct Engines {
    /// Instances from the pool, if there is one.
    pub(crate) pooled: Option<Engine>,
    /// Instances on demand.
    pub(crate) on_demand: Engine,
}

impl Engines {
    /// Makes the engines. Where the host refuses the pool there is none.
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        let pooled = match settings.allocator {
            Allocator::Pool => pooled(settings),
            Allocator::OnDemand => None,
        };
        Ok(Self {
            pooled,
            on_demand: Engine::new(&base())?,
        })
    }

    /// Returns the engine that compiles: they compile alike.
    pub(crate) fn compiler(&self) -> &Engine {
        &self.on_demand
    }
}

/// Makes the pooled engine: with the faster reset where it is safe and there, else without.
fn pooled(settings: &Settings) -> Option<Engine> {
    let slots = u32::try_from(settings.attempts).unwrap_or(u32::MAX / 64) + POOL_SPARE;
    let fast = !can_swap() && PoolingAllocationConfig::is_pagemap_scan_available();
    let attempts = if fast {
        &[true, false][..]
    } else {
        &[false][..]
    };
    for &pagemap in attempts {
        let mut config = base();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(slots, pagemap)));
        match Engine::new(&config) {
            Ok(engine) => return Some(engine),
            Err(error) => {
                tracing::warn!(error = %error, pagemap, "no pool of instances");
            }
        }
    }
    None
}

/// What both engines share. Changing it changes compiled code, which wasmtime notices.
fn base() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_memory64(false)
        .max_wasm_stack(GUEST_STACK_BYTES)
        .async_stack_size(ASYNC_STACK_BYTES)
        .wasm_backtrace_max_frames(NonZeroUsize::new(BACKTRACE_FRAMES))
        .parallel_compilation(true);
    config
}

/// The pool: `slots` times what one component may have.
fn pool(slots: u32, pagemap: bool) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_stacks(slots)
        .total_core_instances(slots * POOL_CORE_INSTANCES)
        .total_memories(slots * POOL_MEMORIES)
        .total_tables(slots * POOL_TABLES)
        .max_core_instances_per_component(POOL_CORE_INSTANCES)
        .max_memories_per_component(POOL_MEMORIES)
        .max_tables_per_component(POOL_TABLES)
        .max_memories_per_module(POOL_MEMORIES)
        .max_tables_per_module(POOL_TABLES)
        .table_elements(POOL_TABLE_ELEMENTS)
        .max_unused_warm_slots(WARM_SLOTS);
    if pagemap {
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
            .table_keep_resident(KEEP_RESIDENT_BYTES);
    }
    pool
}

/// Tells whether this process's memory may be swapped out. Then resetting memory by its page map
/// is unsafe: a dirty page that was swapped out would be left for the next guest.
fn can_swap() -> bool {
    let swaps = std::fs::read_to_string("/proc/swaps").unwrap_or_else(|_| "?\n?".into());
    if swaps.lines().count() <= 1 {
        return false;
    }
    let cgroup = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let path = cgroup.lines().find_map(|line| line.strip_prefix("0::"));
    let limit = path.map(|path| format!("/sys/fs/cgroup{path}/memory.swap.max"));
    let limit = limit.and_then(|file| std::fs::read_to_string(file).ok());
    limit.is_none_or(|limit| limit.trim() != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_load_each_others_code() {
        let settings = Settings {
            attempts: 2,
            ..Settings::default()
        };
        let engines = Engines::new(&settings).unwrap();
        let code = engines.compiler().precompile_component(b"(component)");
        assert!(code.is_err(), "text is not taken for a component");
        let empty = wat::parse_str("(component)").unwrap();
        let code = engines.compiler().precompile_component(&empty).unwrap();
        let pooled = engines
            .pooled
            .expect("this machine has room for a small pool");
        // SAFETY: the bytes come from `precompile_component` just above.
        #[expect(unsafe_code, reason = "loading code is unsafe by nature")]
        let loaded = unsafe { wasmtime::component::Component::deserialize(&pooled, &code) };
        assert!(loaded.is_ok());
    }

    #[test]
    fn proposals_that_components_do_not_need_are_off() {
        let engine = Engine::new(&base()).unwrap();
        let valid = |text: &str| {
            let module = wat::parse_str(text).unwrap();
            wasmtime::Module::validate(&engine, &module).is_ok()
        };
        for (proposal, module) in [
            ("threads", "(module (memory 1 1 shared))"),
            (
                "atomics",
                "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))",
            ),
            ("memory64", "(module (memory i64 1))"),
            ("gc", "(module (type (struct (field i32))))"),
            ("exceptions", "(module (tag))"),
            (
                "stack switching",
                "(module (type $f (func)) (type (cont $f)))",
            ),
            ("custom page sizes", "(module (memory 1 (pagesize 1)))"),
            (
                "wide arithmetic",
                "(module (func (result i64 i64) (i64.mul_wide_u (i64.const 1) (i64.const 1))))",
            ),
        ] {
            assert!(!valid(module), "{proposal}");
        }
        assert!(valid(
            "(module (memory 1) (func (drop (i32.load (i32.const 0)))))"
        ));
    }
}
