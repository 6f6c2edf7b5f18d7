//! One component without a server.

use attune_core::Value;
use attune_runtime::{LocalCall, Settings};
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, failure, result};

#[tokio::test]
async fn component_runs_once_from_its_file() {
    let bench = Bench::with(Settings::local());
    let call = |input: &str| LocalCall {
        component: tests::guests::bytes("typed-one").into(),
        manifest: Value::Null,
        input: Value::from_json(input.as_bytes()).unwrap(),
        config: Value::Null,
    };
    let stop = CancellationToken::new();
    let good = call(r#"{"name":"Ada","shout":false}"#);
    let (inspection, finished) = bench.runtime.run_once(good, stop.clone()).await.unwrap();
    assert!(inspection.pure);
    assert_eq!(result(&finished), r#""Hello, Ada!""#);

    let bad = call(r#"{"name":1,"shout":false}"#);
    let (_, finished) = bench.runtime.run_once(bad, stop).await.unwrap();
    let message = &failure(&finished).message;
    assert!(message.contains("`/name`"), "{message}");
}
