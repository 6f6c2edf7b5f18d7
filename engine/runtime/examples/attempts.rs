//! Attempts per second: bare wasmtime beside the whole runtime, with the same component.
//!
//! `cargo run --release -p attune-runtime --example attempts -- core_echo.wasm [INPUT [--floor]]`.
//! The floor is a fresh store, instance, call and drop on each core, configured as the engine is;
//! with `--floor` its attempts per second are all that is measured and printed. It knows WASI alone,
//! so the component may import nothing of ours.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops at the first error"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use attune_core::event::{AttemptContext, Outcome};
use attune_core::pin::ActionPin;
use attune_core::{AttemptId, Digest, RunId, TaskId, Timestamp, Value};
use attune_driver::port::{Artifacts, Attempt, Inspection, Inspector, Runner, StoreError};
use attune_host_api::NoBackend;
use attune_host_api::bindings::exports::attune::action::handler::GuestIndices;
use attune_runtime::{Runtime, Settings};
use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use wasmtime::component::{Component, InstancePre, Linker, ResourceTable};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

const INPUT: &str = r#"{"message":"hello"}"#;
const WARM_UP: Duration = Duration::from_millis(300);
const MEASURED: Duration = Duration::from_secs(3);

struct State(WasiCtx, ResourceTable);

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.0,
            table: &mut self.1,
        }
    }
}

fn floor_engine(pagemap: bool) -> Engine {
    let mut pool = PoolingAllocationConfig::new();
    if pagemap {
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(1 << 20)
            .table_keep_resident(1 << 20);
    }
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_memory64(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config).unwrap()
}

async fn floor_once(
    engine: &Engine,
    pre: &InstancePre<State>,
    indices: &GuestIndices,
    input: &str,
) {
    let state = State(WasiCtxBuilder::new().build(), ResourceTable::new());
    let mut store = Store::new(engine, state);
    store.set_fuel(10_000_000_000).unwrap();
    store.fuel_async_yield_interval(Some(1_000_000)).unwrap();
    let instance = pre.instantiate_async(&mut store).await.unwrap();
    let guest = indices.load(&mut store, &instance).unwrap();
    let _result = guest
        .call_run(&mut store, &input.to_owned())
        .await
        .unwrap()
        .unwrap();
}

/// Runs `work` on each of `threads` threads and returns how often per second it was done.
fn on_threads(threads: usize, work: impl Fn(&tokio::runtime::Runtime) + Sync) -> f64 {
    let done = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build()
                    .unwrap();
                let start = Instant::now();
                while start.elapsed() < WARM_UP {
                    work(&runtime);
                }
                let start = Instant::now();
                while start.elapsed() < MEASURED {
                    work(&runtime);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    done.into_inner() as f64 / MEASURED.as_secs_f64()
}

fn floor(component: &[u8], input: &str, threads: usize, pagemap: bool) -> f64 {
    let engine = floor_engine(pagemap);
    let component = Component::new(&engine, component).unwrap();
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
    let pre = linker.instantiate_pre(&component).unwrap();
    let indices = GuestIndices::new(&pre).unwrap();
    on_threads(threads, |runtime| {
        runtime.block_on(floor_once(&engine, &pre, &indices, input));
    })
}

struct OneBlob(Bytes);

impl Artifacts for OneBlob {
    async fn blob(&self, _: Digest) -> Result<Option<Bytes>, StoreError> {
        Ok(Some(self.0.clone()))
    }
}

fn attempt(inspection: &Inspection, input: &str) -> Attempt {
    Attempt {
        id: AttemptId {
            run: RunId(1),
            task: TaskId(1),
            attempt: 1,
        },
        name: "bench".into(),
        action: ActionPin {
            reference: "core.echo".into(),
            revision: 1,
            digest: inspection.digest,
            invocation: inspection.invocation.clone(),
            pure: inspection.pure,
            cacheable: inspection.cacheable,
            limits: inspection.limits,
            builtin: false,
        },
        pack: "core".into(),
        config: Value::Null,
        input: Value::from_json(input.as_bytes()).unwrap(),
        limits: inspection.limits,
        context: AttemptContext {
            first_started: Timestamp(0),
            deadline: None,
            timeout: None,
            seed: 1,
            idempotency_key: Digest([0; 32]),
        },
        started: Timestamp(0),
        pure: inspection.pure,
        cache: None,
    }
}

/// Runs attempts from `lanes` tasks; `beside` spawns them on the guests' own threads.
async fn engine(runtime: &Runtime, attempt: &Attempt, lanes: usize, beside: bool) -> f64 {
    let done = Arc::new(AtomicU64::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..lanes {
        let (runtime, attempt, done) = (runtime.clone(), attempt.clone(), Arc::clone(&done));
        let guests = runtime.guests();
        let work = async move {
            let start = Instant::now();
            while start.elapsed() < WARM_UP + MEASURED {
                let finished = runtime.run(attempt.clone(), CancellationToken::new()).await;
                assert!(matches!(finished.outcome, Outcome::Succeeded(_)));
                if start.elapsed() > WARM_UP {
                    done.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        if beside {
            tasks.spawn_on(work, &guests);
        } else {
            tasks.spawn(work);
        }
    }
    tasks.join_all().await;
    done.load(Ordering::Relaxed) as f64 / MEASURED.as_secs_f64()
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().expect("the path of a component");
    let input = args.next().unwrap_or_else(|| INPUT.to_owned());
    let component = std::fs::read(path).unwrap();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let fast = PoolingAllocationConfig::is_pagemap_scan_available();
    if args.next().as_deref() == Some("--floor") {
        println!("{}", floor(&component, &input, threads, fast));
        return;
    }
    let blobs = Arc::new(OneBlob(component.clone().into()));
    let runtime = Runtime::new(Settings::default(), blobs, Arc::new(NoBackend)).unwrap();
    let upload = component.clone().into();
    let inspection = runtime.inspect(upload, Value::Null).await.unwrap();
    let attempt = attempt(&inspection, &input);
    println!("pure {}, pooled {}", inspection.pure, runtime.is_pooled());
    let without = floor(&component, &input, threads, false);
    let floor = if fast {
        floor(&component, &input, threads, true)
    } else {
        without
    };
    report("floor.wasm, without PAGEMAP_SCAN", without, floor, threads);
    report("floor.wasm", floor, floor, threads);
    for (name, lanes, beside) in [
        ("engine, from other threads", 16, false),
        ("engine, on the guests' threads", 16, true),
        ("engine, one at a time", 1, false),
    ] {
        let rate = engine(&runtime, &attempt, lanes, beside).await;
        report(name, rate, floor, threads);
    }
}

fn report(name: &str, rate: f64, floor: f64, threads: usize) {
    let micros = 1e6 * threads as f64 / rate;
    println!(
        "{name:36} {rate:9.0}/s {micros:7.1} µs a core, {:.2} of the floor",
        rate / floor
    );
}
