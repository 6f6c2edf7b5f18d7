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

#[tokio::test]
async fn an_answer_with_a_key_is_taken_once() {
    let app = TestApp::filled().await;
    app.workflow(ASK).await;
    let execute = app
        .post("/api/v1/workflows/demo.ask/execute")
        .json(json!({}));
    execute.send().await.data();
    let mut list = app.get("/api/v1/inquiries").send().await.data();
    while list == json!([]) {
        tokio::task::yield_now().await;
        list = app.get("/api/v1/inquiries").send().await.data();
    }
    let path = format!(
        "/api/v1/inquiries/{}/respond",
        list[0]["id"].as_str().unwrap()
    );
    let respond = |yes: bool, key: &str| {
        let call = app.post(&path).json(json!({"value": {"yes": yes}}));
        call.header("idempotency-key", key)
    };
    respond(true, "k").send().await.data();
    app.get("/api/v1/runs/1?wait=10s").send().await.data();
    let again = respond(true, "k").send().await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.data()["status"], "completed");
    let reused = respond(false, "k").problem().await;
    assert_eq!(reused, (409, "idempotency_key_reused".to_owned()));
    let late = respond(true, "other").problem().await;
    assert_eq!(late, (409, "not_waiting".to_owned()));
}

/// Two people answer two questions of one run at the same moment.
#[tokio::test]
async fn answers_with_keys_do_not_hinder_each_other() {
    const TWO: &str = "ref: demo.two\nlabel: Two\nversion: 1.0.0\ntasks:\n\
        - {name: a, action: core.inquiry, input: {prompt: A}}\n\
        - {name: b, action: core.inquiry, input: {prompt: B}}\n";
    let app = TestApp::filled().await;
    app.workflow(TWO).await;
    let execute = app.post("/api/v1/workflows/demo.two/execute");
    execute.json(json!({})).send().await.data();
    let mut list = json!([]);
    while list.as_array().unwrap().len() < 2 {
        tokio::task::yield_now().await;
        list = app.get("/api/v1/inquiries").send().await.data();
    }
    let respond = |index: usize| {
        let id = list[index]["id"].as_str().unwrap();
        let call = app.post(&format!("/api/v1/inquiries/{id}/respond"));
        let call = call.json(json!({"value": index}));
        call.header("idempotency-key", &format!("key-{index}"))
    };
    let (first, second) = tokio::join!(respond(0).send(), respond(1).send());
    first.data();
    second.data();
    let run = app.get("/api/v1/runs/1?wait=10s").send().await.data();
    assert_eq!(run["status"], "completed", "{run}");
    for index in [0, 1] {
        let again = respond(index).send().await;
        assert_eq!(
            again.header("idempotent-replayed"),
            "true",
            "both are remembered"
        );
    }
}
