//! Uploads of chance: whatever bytes come, the answer is a refusal or a component, never a panic.
//!
//! Bounded, and the same each time: a failure prints the seed that brings it back.

use crate::bench::{Bench, attempt};

/// Uploads of each component. More find little that these do not: `ATTUNE_FUZZ` sets another
/// number for a longer search.
const ROUNDS: u64 = 150;

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.draw() % most.max(1) as u64).unwrap()
    }
}

/// A small component with every kind of section that metadata is read from.
fn seed_component() -> Vec<u8> {
    wat::parse_str(
        r#"(component
            (type $point' (record (field "x" s32) (field "label" (option string))))
            (import "point" (type $point (eq $point')))
            (import "wasi:random/random@0.2.0" (instance $r
                (export "get-random-u64" (func (result u64)))))
            (core module $m
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8))
                (func (export "run") (param i32 i32 i32 i32) (result i32) (i32.const 7)))
            (core instance $i (instantiate $m))
            (func (export "run") (param "p" $point) (result u32)
                (canon lift (core func $i "run")
                    (memory (core memory $i "memory"))
                    (realloc (core func $i "realloc")))))"#,
    )
    .unwrap()
}

/// Changes, cuts, doubles or swaps some bytes.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(5) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            2 => bytes.truncate(at.max(9)),
            3 => {
                let end = (at + random.below(16)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            _ => {
                let other = random.below(bytes.len());
                bytes.swap(at, other);
            }
        }
    }
}

async fn fuzz(bench: &Bench, component: &[u8], start: u64) {
    let rounds = std::env::var("ATTUNE_FUZZ").ok();
    let rounds = rounds.and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    for seed in start..start + rounds {
        let mut random = Random(seed);
        let mut bytes = component.to_vec();
        mutate(&mut bytes, &mut random);
        match bench.upload(bytes, r#"{"limits":{"fuel":1000000}}"#).await {
            Ok(inspection) => {
                bench.run(attempt(&inspection, r#"{"p":{"x":1}}"#)).await;
            }
            Err(error) => {
                assert_ne!(error.message, "the compiler failed", "seed {seed}");
                assert!(error.message.len() < 4096, "seed {seed}");
            }
        }
    }
    bench.still_answers().await;
}

#[tokio::test]
async fn changed_components_never_break_the_engine() {
    fuzz(&Bench::new(), &seed_component(), 0).await;
}

#[tokio::test]
async fn changed_modules_never_break_the_engine() {
    let module = wat::parse_str(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (@custom "component-type:x" "\00asm")
            (func (export "_start") (call $exit (i32.const 0))))"#,
    );
    fuzz(&Bench::new(), &module.unwrap(), 1_000_000).await;
}

#[tokio::test]
async fn chance_is_not_wasm() {
    let bench = Bench::new();
    for seed in 0..200 {
        let mut random = Random(seed);
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        let size = random.below(200);
        bytes.extend((0..size).map(|_| u8::try_from(random.below(256)).unwrap()));
        if let Err(error) = bench.upload(bytes, "null").await {
            assert_ne!(error.message, "the compiler failed", "seed {seed}");
        }
    }
}
