//! Questions to people.

use serde_json::json;

use crate::app::TestApp;

const ASK: &str = "ref: demo.ask
label: Ask
version: 1.0.0
tasks:
  - name: ask
    action: core.inquiry
    input:
      prompt: Ship it?
      schema: {type: object, required: [yes], properties: {yes: {type: boolean}}}
output_map: {answer: '{{ task.ask.result }}'}
";

#[tokio::test]
async fn an_inquiry_is_listed_answered_once_and_checked() {
    let app = TestApp::filled().await;
    app.workflow(ASK).await;
    app.post("/api/v1/workflows/demo.ask/execute")
        .json(json!({}))
        .send()
        .await
        .data();
    let mut list = app.get("/api/v1/inquiries").send().await.json();
    while list["data"] == json!([]) {
        tokio::task::yield_now().await;
        list = app.get("/api/v1/inquiries").send().await.json();
    }
    assert_eq!(list["data"][0]["prompt"], "Ship it?");
    let id = list["data"][0]["id"].as_str().unwrap().to_owned();
    let one = app
        .get(&format!("/api/v1/inquiries/{id}"))
        .send()
        .await
        .data();
    assert_eq!(one, list["data"][0]);
    let path = format!("/api/v1/inquiries/{id}/respond");
    let respond = |value: serde_json::Value| app.post(&path).json(json!({"value": value}));
    let wrong = respond(json!({"yes": "no"})).send().await;
    assert_eq!(wrong.problem(), (422, "invalid_answer".to_owned()));
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/value/yes");
    respond(json!({"yes": true})).send().await.data();
    let run = app.get("/api/v1/runs/1?wait=10s").send().await.data();
    assert_eq!(run["output"], json!({"answer": {"yes": true}}));
    let late = respond(json!({"yes": true})).problem().await;
    assert_eq!(late, (409, "not_waiting".to_owned()));
    assert_eq!(
        app.get(&format!("/api/v1/inquiries/{id}"))
            .problem()
            .await
            .0,
        404
    );
    assert_eq!(app.get("/api/v1/inquiries").send().await.data(), json!([]));
    for (path, status) in [
        ("/api/v1/inquiries/1-99/respond", 404),
        ("/api/v1/inquiries/9-1/respond", 404),
        ("/api/v1/inquiries/x/respond", 422),
    ] {
        let problem = app.post(path).json(json!({"value": 1})).problem().await;
        assert_eq!(problem.0, status, "{path}");
    }
    assert_eq!(app.get("/api/v1/inquiries?after=x").problem().await.0, 400);
}
