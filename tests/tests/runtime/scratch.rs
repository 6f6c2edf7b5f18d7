//! Scratch files: an ordinary program works with them, they are bounded, and no file of the host
//! is among them.

use attune_runtime::Settings;

use crate::bench::{Bench, attempt, failure, result};
use crate::world::World;

const IMPURE: &str = r#"{"pure":false}"#;

fn bench() -> Bench {
    Bench::within(
        Settings::default(),
        World::new(r#"{"grants":{"files":"scratch"}}"#),
    )
}

#[tokio::test]
async fn program_works_with_files_as_anywhere() {
    let bench = bench();
    let guest = bench.guest("files", IMPURE).await;
    let expected = r#"{"before":[],"text":"one AND two","moved":"one AND two","size":11,"not_empty":true,"kept":"one AND two","after":[]}"#;
    for _ in 0..2 {
        let finished = bench.run(attempt(&guest, r#""usual""#)).await;
        assert_eq!(result(&finished), expected);
    }
}

#[tokio::test]
async fn bytes_and_files_are_bounded() {
    let bench = bench();
    let guest = bench.guest("files", IMPURE).await;
    for (input, told) in [
        (r#"{"fill":1000000}"#, "16777216 bytes"),
        (r#""litter""#, "1000 scratch files"),
    ] {
        let finished = bench.run(attempt(&guest, input)).await;
        let failure = failure(&finished);
        assert_eq!(&*failure.kind, "memory_exhausted", "{input}");
        assert!(failure.message.contains(told), "{}", failure.message);
        bench.still_answers().await;
    }
}

#[tokio::test]
async fn files_of_the_host_are_not_there() {
    let bench = bench();
    let guest = bench.guest("files", IMPURE).await;
    let seen = result(&bench.run(attempt(&guest, r#""stray""#)).await);
    assert!(!seen.contains("\"ok\""), "{seen}");
    let without = Bench::new();
    let finished = without.call("files", IMPURE, r#""usual""#).await;
    failure(&finished);
}
