//! Actions: uploaded, inspected, approved, listed, removed.

use axum::http::StatusCode;
use serde_json::json;

use crate::app::{Answer, TestApp};

const GREET: &str = "/api/v1/packs/demo/actions/greet";

/// Uploads a component with a manifest.
async fn upload(app: &TestApp, path: &str, parts: &[(&str, &str)]) -> Answer {
    let mut body = String::new();
    for (name, content) in parts {
        body.push_str("--XX\r\ncontent-disposition: form-data; name=\"");
        body.push_str(name);
        body.push_str("\"\r\n\r\n");
        body.push_str(content);
        body.push_str("\r\n");
    }
    body.push_str("--XX--\r\n");
    app.put(path)
        .body("multipart/form-data; boundary=XX", body)
        .send()
        .await
}

#[tokio::test]
async fn an_upload_is_a_new_revision_unless_it_is_the_same() {
    let app = TestApp::new().await;
    let first = app.put(GREET).wasm("greet").send().await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
    assert_eq!(first.header("location"), "/api/v1/actions/demo.greet");
    let data = first.data();
    assert_eq!(
        (&data["revision"], &data["status"]),
        (&json!(1), &json!("active"))
    );
    assert_eq!(data["parameters"]["properties"]["name"]["type"], "string");
    let same = app.put(GREET).wasm("greet").send().await;
    assert_eq!(
        (same.status, &same.data()["revision"]),
        (StatusCode::OK, &json!(1))
    );
    let other = app.put(GREET).wasm("greet twice").send().await;
    assert_eq!(
        (other.status, &other.data()["revision"]),
        (StatusCode::CREATED, &json!(2))
    );
    let versions = app
        .get("/api/v1/actions/demo.greet/versions")
        .send()
        .await
        .json();
    assert_eq!(versions["data"].as_array().unwrap().len(), 2);
    let component = app
        .get("/api/v1/actions/demo.greet/component?revision=1")
        .send()
        .await;
    assert_eq!(component.text(), "\0asm greet");
    assert_eq!(component.header("content-type"), "application/wasm");
    assert!(
        component
            .header("content-disposition")
            .starts_with("attachment")
    );
    let pack = app.get("/api/v1/packs/demo").send().await.data();
    assert_eq!(pack["name"], "demo");
}

#[tokio::test]
async fn a_dry_run_keeps_nothing() {
    let app = TestApp::new().await;
    let looked = app
        .put(&format!("{GREET}?dry_run=true"))
        .wasm("greet")
        .send()
        .await;
    assert_eq!(looked.data()["kind"], "action");
    assert_eq!(app.get("/api/v1/actions/demo.greet").problem().await.0, 404);
}

#[tokio::test]
async fn grants_wait_for_approval() {
    let app = TestApp::new().await;
    let manifest = (
        "manifest",
        "grants: {http: ['GET https://example.com/*']}\n",
    );
    let parts = [("component", "\0asm greet"), manifest];
    let made = upload(&app, GREET, &parts).await;
    assert_eq!(made.data()["status"], "pending_approval", "{}", made.text());
    let first = json!({"since": null, "added": ["http: GET https://example.com/*"], "removed": []});
    assert_eq!(made.data()["difference"], first);
    let execute = || {
        app.post("/api/v1/actions/demo.greet/execute?wait=10s")
            .json(json!({}))
    };
    assert_eq!(
        execute().problem().await,
        (409, "pending_approval".to_owned())
    );
    let text = "ref: demo.w\nlabel: W\nversion: 1.0.0\ntasks: [{name: t, action: demo.greet}]\n";
    app.workflow(text).await;
    let waits = app.post("/api/v1/workflows/demo.w/execute").send().await;
    assert_eq!(waits.problem(), (422, "unknown_action".to_owned()));
    assert!(
        waits.text().contains("waits for approval"),
        "{}",
        waits.text()
    );
    let approved = app
        .post("/api/v1/actions/demo.greet/approve")
        .send()
        .await
        .data();
    assert_eq!(approved["status"], "active");
    let wider = (
        "manifest",
        "grants: {http: ['POST https://example.com/*']}\n",
    );
    let next = upload(&app, GREET, &[("component", "\0asm greet"), wider]).await;
    assert_eq!(
        next.data()["difference"],
        json!({
            "since": 1,
            "added": ["http: POST https://example.com/*"],
            "removed": ["http: GET https://example.com/*"],
        })
    );
    // Until somebody approves it, the one before it is used.
    assert_eq!(next.data()["status"], "pending_approval");
    assert_eq!(execute().send().await.data()["status"], "completed");
    let at_once = upload(
        &app,
        "/api/v1/packs/demo/actions/other?approve=true",
        &parts,
    )
    .await;
    assert_eq!(at_once.data()["status"], "active");
    assert_eq!(
        app.post("/api/v1/actions/demo.nope/approve")
            .problem()
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn uploads_that_are_no_components_are_refused() {
    let app = TestApp::new().await;
    let answer = app
        .put(GREET)
        .body("application/wasm", "not wasm")
        .send()
        .await;
    assert_eq!(answer.problem(), (422, "invalid_component".to_owned()));
    assert_eq!(answer.json()["errors"][0]["code"], "not_wasm");
    let call = app.put(GREET).json(json!({}));
    assert_eq!(
        call.problem().await,
        (415, "unsupported_media_type".to_owned())
    );
    let missing = upload(&app, GREET, &[("manifest", "{}")]).await;
    assert_eq!(missing.problem(), (422, "invalid_request".to_owned()));
    let twice = upload(&app, GREET, &[("component", "x"), ("component", "x")]).await;
    assert_eq!(twice.problem().0, 422);
    let unknown = upload(&app, GREET, &[("component", "x"), ("color", "x")]).await;
    assert_eq!(unknown.problem().0, 422);
    let manifest = upload(
        &app,
        GREET,
        &[("component", "\0asm greet"), ("manifest", "{a")],
    )
    .await;
    assert_eq!(manifest.problem(), (422, "invalid_request".to_owned()));
    let cut = app
        .put(GREET)
        .body("multipart/form-data; boundary=XX", "--XX\r\ncontent-disp");
    assert_eq!(cut.problem().await, (400, "invalid_body".to_owned()));
    let form = app.put(GREET).body("multipart/form-data", "x");
    assert_eq!(form.problem().await, (400, "invalid_body".to_owned()));
}

#[tokio::test]
async fn actions_are_listed_filtered_and_removed() {
    let app = TestApp::filled().await;
    let refs = |answer: &Answer| -> Vec<String> {
        let json = answer.json();
        let rows = json["data"].as_array().unwrap().iter();
        rows.map(|row| row["ref"].as_str().unwrap().to_owned())
            .collect()
    };
    for (query, expected) in [
        ("actions?limit=2", vec!["demo.drift", "demo.echo"]),
        ("actions?search=GRE", vec!["demo.greet"]),
        ("packs/demo/actions?after=demo.log", vec!["demo.slow"]),
        ("actions?pack=none", vec![]),
    ] {
        let answer = app.get(&format!("/api/v1/{query}")).send().await;
        assert_eq!(refs(&answer), expected, "{query}");
    }
    let gone = app.delete("/api/v1/actions/demo.echo").send().await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text());
    assert_eq!(
        app.delete("/api/v1/actions/demo.echo").problem().await.0,
        404
    );
    assert_eq!(
        app.get("/api/v1/actions/demo.echo/component")
            .problem()
            .await
            .0,
        404
    );
    assert_eq!(app.get("/api/v1/packs/none/actions").problem().await.0, 404);
}
