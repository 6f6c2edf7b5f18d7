//! Packs: configuration, kv, secrets.

use axum::http::StatusCode;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn a_configuration_is_written_read_and_seen_by_runs() {
    let app = TestApp::filled().await;
    let path = "/api/v1/packs/demo/config";
    app.put(path)
        .json(json!({"city": "Paris"}))
        .send()
        .await
        .data();
    assert_eq!(app.get(path).send().await.data(), json!({"city": "Paris"}));
    app.workflow(
        "ref: demo.city\nlabel: C\nversion: 1.0.0\ntasks: [{name: t, action: demo.echo}]\n\
         output_map: {city: '{{ pack.config.city }}'}\n",
    )
    .await;
    let run = || {
        app.post("/api/v1/workflows/demo.city/execute?wait=10s")
            .json(json!({}))
    };
    assert_eq!(
        run().send().await.data()["output"],
        json!({"city": "Paris"})
    );
    app.put(path)
        .json(json!({"city": "Rome"}))
        .send()
        .await
        .data();
    assert_eq!(run().send().await.data()["output"], json!({"city": "Rome"}));
    let list = app.put(path).json(json!([1])).problem().await;
    assert_eq!(list, (422, "invalid_request".to_owned()));
    let large = json!({"x": "y".repeat(300 << 10)});
    assert_eq!(
        app.put(path).json(large).problem().await,
        (413, "too_large".to_owned())
    );
    assert_eq!(app.get("/api/v1/packs/none/config").problem().await.0, 404);
    assert_eq!(app.get("/api/v1/packs/none").problem().await.0, 404);
    let packs = app.get("/api/v1/packs").send().await.json();
    assert_eq!(packs["data"][0]["name"], "demo");
}

#[tokio::test]
async fn kv_is_written_with_versions() {
    let app = TestApp::filled().await;
    let path = "/api/v1/packs/demo/kv/a:1";
    let put = |body: serde_json::Value| app.put(path).json(body);
    let made = put(json!({"value": {"n": 1}, "expected_version": 0}))
        .send()
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let version = made.data()["version"].as_u64().unwrap();
    let late = put(json!({"value": 2, "expected_version": 0}))
        .problem()
        .await;
    assert_eq!(late, (412, "precondition_failed".to_owned()));
    let next = put(json!({"value": 2, "expected_version": version}))
        .send()
        .await;
    assert_eq!(next.status, StatusCode::OK);
    assert_eq!(app.get(path).send().await.data()["value"], 2);
    let keys = app.get("/api/v1/packs/demo/kv").send().await.json();
    assert_eq!(keys, json!({"data": [{"key": "a:1"}], "next": null}));
    let large = put(json!({"value": "x".repeat(65 << 10)})).problem().await;
    assert_eq!(large, (413, "too_large".to_owned()));
    assert_eq!(
        put(json!({})).problem().await,
        (422, "invalid_request".to_owned())
    );
    assert_eq!(app.delete(path).send().await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.delete(path).problem().await.0, 404);
    assert_eq!(app.get(path).problem().await.0, 404);
    let anew = put(json!({"value": 3, "expected_version": 0})).send().await;
    let rises = anew.data()["version"].as_u64().unwrap();
    assert!(
        rises > version + 1,
        "the former versions are never had again"
    );
    let name = app
        .put("/api/v1/packs/demo/kv/a%20b")
        .json(json!({"value": 1}))
        .problem()
        .await;
    assert_eq!(name, (422, "invalid_name".to_owned()));
}

#[tokio::test]
async fn secrets_are_written_and_never_read_back() {
    let app = TestApp::filled().await;
    let path = "/api/v1/packs/demo/secrets/api_key";
    let made = app.put(path).json(json!({"value": "hunter2"})).send().await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert!(!made.text().contains("hunter2"));
    let again = app.put(path).json(json!({"value": "hunter3"})).send().await;
    assert_eq!(again.status, StatusCode::OK);
    let list = app.get("/api/v1/packs/demo/secrets").send().await;
    assert_eq!(list.data(), json!([{"name": "api_key"}]));
    assert_eq!(
        app.get(path).send().await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert_eq!(
        app.put(path).json(json!({"value": null})).problem().await.0,
        422
    );
    assert_eq!(app.delete(path).send().await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.delete(path).problem().await.0, 404);
}

#[tokio::test]
async fn keys_have_prefixes_and_an_end() {
    let app = TestApp::new().await;
    for key in ["a.1", "ab", "b.1", "b.2", "b.3", "c"] {
        let path = format!("/api/v1/packs/demo/kv/{key}");
        app.put(&path).json(json!({"value": 1})).send().await.data();
    }
    let keys = async |query: &str| {
        let path = format!("/api/v1/packs/demo/kv?{query}");
        let list = app.get(&path).send().await.json();
        let rows = list["data"].as_array().unwrap().iter();
        let keys: Vec<String> = rows
            .map(|row| row["key"].as_str().unwrap().to_owned())
            .collect();
        (keys.join(" "), list["next"].as_str().map(str::to_owned))
    };
    assert_eq!(keys("prefix=b.").await.0, "b.1 b.2 b.3");
    assert_eq!(keys("prefix=b.&after=b.1").await.0, "b.2 b.3");
    let (first, next) = keys("prefix=b.&limit=2").await;
    assert_eq!((first.as_str(), next.as_deref()), ("b.1 b.2", Some("b.2")));
    assert_eq!(keys("prefix=b.&limit=2&after=b.2").await.1, None);
    assert_eq!(keys("prefix=x").await.0, "");
    let path = "/api/v1/packs/demo/kv/short";
    let body = json!({"value": 1, "expires_in": "1h"});
    let entry = app.put(path).json(body).send().await.data();
    assert!(entry["expires"].is_string(), "{entry}");
    for wrong in ["soon", "0s", "400d"] {
        let body = json!({"value": 1, "expires_in": wrong});
        let problem = app.put(path).json(body).problem().await;
        assert_eq!(problem, (422, "invalid_request".to_owned()), "{wrong}");
    }
}

#[tokio::test]
async fn a_pack_is_removed_with_what_it_has() {
    let app = TestApp::filled().await;
    let user = "ref: other.w\nlabel: W\nversion: 1.0.0\ntasks: [{name: t, action: demo.greet}]\n";
    app.workflow(user).await;
    let used = app.delete("/api/v1/packs/demo").problem().await;
    assert_eq!(used, (409, "in_use".to_owned()));
    let gone = app.delete("/api/v1/packs/demo?force=true").send().await;
    assert_eq!(gone.status.as_u16(), 204, "{}", gone.text());
    for path in ["packs/demo", "workflows/demo.hello", "actions/demo.greet"] {
        let problem = app.get(&format!("/api/v1/{path}")).problem().await;
        assert_eq!(problem.0, 404, "{path}");
    }
    assert_eq!(app.delete("/api/v1/packs/demo").problem().await.0, 404);
}
