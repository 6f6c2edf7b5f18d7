//! Components that no compiler makes. Each is refused at its upload or fails its attempt, with
//! the right error, and the engine answers the next one.

use std::fmt::Write as _;
use std::time::Instant;

use attune_core::event::Outcome;
use attune_runtime::Settings;

use crate::bench::{Bench, attempt, failure, result};

/// A component whose `run` returns a number, with one module.
fn component(module: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            (core module $m {module})
            (core instance $i (instantiate $m))
            (func (export "run") (result u32) (canon lift (core func $i "run"))))"#
    );
    wat::parse_str(text).unwrap()
}

/// Uploads a component and runs it; the engine must answer afterwards.
async fn run(bench: &Bench, component: Vec<u8>, manifest: &str) -> attune_driver::port::Finished {
    let uploaded = bench.upload(component, manifest).await;
    let uploaded = uploaded.unwrap_or_else(|error| panic!("{}: {error}", error.code));
    let finished = bench.run(attempt(&uploaded, "{}")).await;
    bench.still_answers().await;
    finished
}

/// Checks that an attempt fails with `kind`.
async fn check(component: Vec<u8>, kind: &str) {
    let finished = run(&Bench::new(), component, r#"{"limits":{"fuel":1e9}}"#).await;
    let failure = failure(&finished);
    assert_eq!(&*failure.kind, kind, "{}", failure.message);
    assert!(!failure.message.contains("0x"), "{}", failure.message);
}

/// Checks that an upload is refused with `code`, and by a short message.
async fn check_refused(component: Vec<u8>, code: &str) {
    let bench = Bench::new();
    let start = Instant::now();
    let error = bench.upload(component, "null").await.unwrap_err();
    assert_eq!(error.code, code, "{error}");
    assert!(error.message.len() < 4096, "{} bytes", error.message.len());
    assert!(start.elapsed().as_secs() < 60);
    bench.still_answers().await;
}

#[tokio::test]
async fn tables_are_counted() {
    let grow = r#"(table $t 1 funcref)
        (func (export "run") (result i32)
            (loop $l (drop (table.grow $t (ref.null func) (i32.const 9000))) (br $l))
            (i32.const 0))"#;
    check(component(grow), "memory_exhausted").await;
    let many = r#"(table 60000 funcref) (table 60000 funcref)
        (func (export "run") (result i32) (i32.const 0))"#;
    check(component(many), "memory_exhausted").await;
}

/// A component that makes `count` instances of an empty module.
fn instances(count: usize) -> Vec<u8> {
    let mut text = String::from(
        r#"(component (core module $e) (core module $m (func (export "run") (result i32) (i32.const 7)))"#,
    );
    for _ in 1..count {
        text.push_str("(core instance (instantiate $e))");
    }
    text.push_str(
        r#"(core instance $i (instantiate $m))
        (func (export "run") (result u32) (canon lift (core func $i "run"))))"#,
    );
    wat::parse_str(text).unwrap()
}

#[tokio::test]
async fn instances_are_counted() {
    let some = run(&Bench::new(), instances(40), "null").await;
    assert_eq!(
        result(&some),
        "7",
        "more than the pool takes, fewer than the limit"
    );
    check(instances(65), "memory_exhausted").await;
}

#[tokio::test]
async fn memories_are_counted_together() {
    let two = r#"(memory 600) (memory 600)
        (func (export "run") (result i32) (i32.const 0))"#;
    check(component(two), "memory_exhausted").await;
}

/// A component that asks the host for bytes, which the host puts where `realloc` says.
fn calling_back(realloc: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            (import "wasi:random/random@0.2.0" (instance $r
                (export "get-random-bytes" (func (param "len" u64) (result (list u8))))
                (export "get-random-u64" (func (result u64)))))
            (core func $u64 (canon lower (func $r "get-random-u64")))
            (core module $libc
                (import "h" "u64" (func $u64 (result i64)))
                (memory (export "memory") 1)
                (func $realloc (export "realloc") (param i32 i32 i32 i32) (result i32) {realloc}))
            (core instance $h (export "u64" (func $u64)))
            (core instance $libc (instantiate $libc (with "h" (instance $h))))
            (core func $bytes (canon lower (func $r "get-random-bytes")
                (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
            (core module $m
                (import "h" "bytes" (func $bytes (param i64 i32)))
                (func (export "run") (result i32)
                    (call $bytes (i64.const 10) (i32.const 8)) (i32.const 1)))
            (core instance $g (export "bytes" (func $bytes)))
            (core instance $m (instantiate $m (with "h" (instance $g))))
            (func (export "run") (result u32) (canon lift (core func $m "run"))))"#
    );
    wat::parse_str(text).unwrap()
}

#[tokio::test]
async fn host_and_guest_do_not_recurse() {
    check(calling_back("(drop (call $u64)) (i32.const 0)"), "trap").await;
    check(
        calling_back("(loop $l (br $l)) (i32.const 0)"),
        "fuel_exhausted",
    )
    .await;
    let deep = "(call $realloc (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))";
    check(calling_back(deep), "trap").await;
    check(calling_back("(i32.const -1)"), "trap").await;
}

/// A component that returns text at `pointer` of `length` bytes.
fn text_at(pointer: u32, length: u32) -> Vec<u8> {
    let text = format!(
        r#"(component
            (core module $m
                (memory (export "memory") 1)
                (data (i32.const 0) "\ff\fe\fd")
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
                (func (export "run") (result i32)
                    (i32.store (i32.const 16) (i32.const {pointer}))
                    (i32.store (i32.const 20) (i32.const {length}))
                    (i32.const 16)))
            (core instance $i (instantiate $m))
            (func (export "run") (result string) (canon lift (core func $i "run")
                (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#
    );
    wat::parse_str(text).unwrap()
}

#[tokio::test]
async fn text_that_is_none_is_refused() {
    check(text_at(0, 3), "output_error").await;
    check(text_at(65_530, 100), "output_error").await;
    check(text_at(0, u32::MAX), "output_error").await;
}

#[tokio::test]
async fn start_that_does_not_end_is_stopped() {
    let start = r#"(func $s (loop $l (br $l))) (start $s)
        (func (export "run") (result i32) (i32.const 0))"#;
    check(component(start), "fuel_exhausted").await;
}

#[tokio::test]
async fn thousands_of_exports_and_imports_are_refused() {
    let mut text = String::from(
        r#"(component (core module $m (func (export "run")))
            (core instance $i (instantiate $m)) (func $f (canon lift (core func $i "run")))"#,
    );
    for index in 0..5000 {
        write!(text, "(export \"f{index}\" (func $f))").unwrap();
    }
    check_refused(wat::parse_str(text + ")").unwrap(), "too_large").await;
    let mut text = String::from("(component");
    for index in 0..5000 {
        write!(text, "(import \"f{index}\" (func))").unwrap();
    }
    check_refused(wat::parse_str(text + ")").unwrap(), "too_large").await;
}

/// A component whose function takes a type that holds the one before it twice, `depth` times.
fn doubling(depth: usize) -> Vec<u8> {
    let mut text = String::from("(component (type $t0 u8)");
    for index in 1..=depth {
        let before = index - 1;
        write!(text, "(type $t{index} (tuple $t{before} $t{before}))").unwrap();
    }
    write!(
        text,
        r#"(core module $m (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
                (func (export "run") (param i32)))
            (core instance $i (instantiate $m))
            (func (export "run") (param "p" $t{depth}) (canon lift (core func $i "run")
                (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"#
    )
    .unwrap();
    wat::parse_str(text).unwrap()
}

#[tokio::test]
async fn types_that_explode_are_refused() {
    check_refused(doubling(16), "unsupported_type").await;
    check_refused(doubling(40), "broken_component").await;
}

#[tokio::test]
async fn largest_component_is_taken() {
    let mut largest = component(r#"(func (export "run") (result i32) (i32.const 7))"#);
    // A custom section: its number, the size of all that follows, an empty name, padding.
    let padding = (64 << 20) - largest.len() - 1 - 4 - 1;
    largest.push(0);
    let mut size = padding + 1;
    while size > 0x7f {
        largest.push(u8::try_from(size & 0x7f).unwrap() | 0x80);
        size >>= 7;
    }
    largest.push(u8::try_from(size).unwrap());
    largest.push(0);
    largest.resize(64 << 20, 0);
    let finished = run(&Bench::new(), largest, "null").await;
    assert_eq!(result(&finished), "7");
}

#[tokio::test]
async fn slow_compilation_is_given_up() {
    let settings = Settings {
        compile_ms: 1,
        ..Settings::local()
    };
    let hurried = Bench::with(settings);
    let error = hurried.upload(tests::guests::bytes("typed"), "null").await;
    assert_eq!(error.unwrap_err().code, "compile_timeout");
    // It is refused again while the compiler is still at it, and nothing hangs.
    let error = hurried.upload(tests::guests::bytes("typed"), "null").await;
    let code = error.unwrap_err().code;
    assert!(matches!(code, "compile_timeout" | "busy"), "{code}");
}

/// A component of one function that is small to send and long to compile: many values that are
/// alive over many branches.
fn slow_to_compile() -> Vec<u8> {
    let locals = 500;
    let mut text = String::from("(func (export \"run\") (result i32) (local");
    text.push_str(&" i32".repeat(locals));
    text.push(')');
    for step in 0..12_000 {
        let (from, to) = (step * 7 % locals, step * 13 % locals);
        write!(
            text,
            "(if (local.get {from}) (then (local.set {to} (i32.add (local.get {from}) (i32.const {step})))))"
        )
        .unwrap();
    }
    text.push_str("(local.get 0))");
    component(&text)
}

#[tokio::test]
async fn component_made_to_compile_slowly_holds_up_no_attempt() {
    let slow = slow_to_compile();
    assert!(slow.len() < 1 << 20, "{} bytes", slow.len());
    let settings = Settings {
        compile_ms: 200,
        ..Settings::default()
    };
    let bench = Bench::within(settings, attune_host_api::NoBackend);
    // What runs was compiled before, in another process or by this bench.
    Bench::new().still_answers().await;
    let start = Instant::now();
    let error = bench.upload(slow, "null").await.unwrap_err();
    assert_eq!(error.code, "compile_timeout", "{error}");
    bench.still_answers().await;
    let taken = start.elapsed();
    assert!(taken.as_secs() < 20, "{taken:?}");
}

#[tokio::test]
async fn thousands_of_types_are_a_component_or_a_refusal() {
    let mut text = String::from("(component");
    for index in 0..20_000 {
        write!(text, "(type (record (field \"f{index}\" u32)))").unwrap();
    }
    let module = r#"(core module $m (func (export "run") (result i32) (i32.const 7)))
        (core instance $i (instantiate $m))
        (func (export "run") (result u32) (canon lift (core func $i "run"))))"#;
    let bench = Bench::new();
    let start = Instant::now();
    let many = wat::parse_str(text + module).unwrap();
    match bench.upload(many, "null").await {
        Ok(uploaded) => assert_eq!(result(&bench.run(attempt(&uploaded, "{}")).await), "7"),
        Err(error) => assert!(error.message.len() < 4096, "{error}"),
    }
    assert!(start.elapsed().as_secs() < 60);
    bench.still_answers().await;
}

#[tokio::test]
async fn memory_comes_back() {
    let bench = Bench::new();
    let guest = bench.guest("allocate", "null").await;
    let take = async || {
        let finished = bench.run(attempt(&guest, "{}")).await;
        assert!(matches!(finished.outcome, Outcome::Failed(_)));
    };
    take().await;
    let before = resident_bytes();
    for _ in 0..20 {
        take().await;
    }
    let grown = resident_bytes().saturating_sub(before);
    assert!(
        grown < 64 << 20,
        "20 times 64 MiB were taken, {grown} bytes are left"
    );
}

/// Returns the memory that this process has.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().unwrap();
    kib << 10
}
