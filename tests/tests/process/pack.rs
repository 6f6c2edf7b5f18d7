//! A standard action works for the pack of the workflow that calls it; an uploaded one for its own.

use tests::server::{Server, binary};

const SOURCE: &str = "ref: shop.count\nlabel: Count\nversion: 1.0.0\n\
    tasks:\n\
    - name: write\n  action: kv.set\n  input: {key: orders, value: 7}\n  on_success: read\n\
    - {name: read, action: kv.get, input: {key: orders}}\n\
    output_map: {read: '{{ task.read.result.value }}', scope: '{{ kv.get(\"orders\") }}'}\n";

#[tokio::test]
async fn kv_actions_use_the_pack_of_the_calling_workflow() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&binary(), dir.path()).await.unwrap();
    server.put_workflow("shop.count", SOURCE).await.unwrap();
    let path = "/api/v1/workflows/shop.count/execute?wait=20s";
    let run = server
        .call("POST", path, "application/json", b"{}")
        .await
        .unwrap();
    let run = &run["data"];
    assert_eq!(run["output"]["read"], 7, "{run}");
    assert_eq!(run["output"]["scope"], 7, "expressions see it too: {run}");

    let stored = server
        .call("GET", "/api/v1/packs/shop/kv/orders", "", b"")
        .await
        .unwrap();
    assert_eq!(stored["data"]["value"], 7, "{stored}");
    let other = server.call("GET", "/api/v1/packs/kv/kv/orders", "", b"");
    assert!(other.await.is_err(), "the action's own pack holds nothing");
    server.terminate().await.unwrap();
}
