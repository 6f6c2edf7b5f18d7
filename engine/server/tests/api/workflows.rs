//! Workflows: created, replaced, read, listed, checked.

use axum::http::StatusCode;
use serde_json::{Value as Json, json};

use crate::app::{HELLO, TestApp};

#[tokio::test]
async fn a_workflow_is_created_replaced_and_read_back() {
    let app = TestApp::filled().await;
    let list = "/api/v1/packs/shop/workflows";
    let text =
        "ref: shop.order\nlabel: Order\nversion: 1.0.0\ntasks: [{name: a, action: demo.echo}]\n";
    let made = app.post(list).yaml(text).send().await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(made.header("location"), "/api/v1/workflows/shop.order");
    assert_eq!(made.data()["revision"], 1);
    assert_eq!(
        app.post(list).yaml(text).problem().await,
        (409, "already_exists".to_owned())
    );

    let path = "/api/v1/workflows/shop.order";
    let same = app.put(path).yaml(text).send().await;
    assert_eq!(
        (same.status, &same.data()["revision"]),
        (StatusCode::OK, &json!(1))
    );
    let changed = app
        .put(path)
        .yaml(&text.replace("Order", "Orders"))
        .send()
        .await;
    assert_eq!(
        (changed.status, &changed.data()["revision"]),
        (StatusCode::OK, &json!(2))
    );

    let read = app.get(path).send().await;
    assert_eq!(read.header("etag"), changed.header("etag"));
    assert_eq!(read.data()["label"], "Orders");
    assert_eq!(read.data()["definition"]["tasks"][0]["name"], "a");
    let old = app
        .get(&format!("{path}?revision=1"))
        .header("accept", "application/yaml");
    let old = old.send().await;
    assert_eq!(old.header("content-type"), "application/yaml");
    assert_eq!(old.text(), text);
    let versions = app.get(&format!("{path}/versions")).send().await.json();
    assert_eq!(versions["data"][0]["revision"], 2);
    assert_eq!(versions["data"][1]["revision"], 1);
    assert_eq!(
        app.get(&format!("{path}?revision=9")).problem().await.0,
        404
    );
    assert_eq!(
        app.get("/api/v1/workflows/shop.none/versions")
            .problem()
            .await
            .0,
        404
    );
    assert_eq!(
        app.get(&format!("{path}?revision=one")).problem().await.0,
        400
    );
}

#[tokio::test]
async fn a_replacement_may_demand_what_it_replaces() {
    let app = TestApp::filled().await;
    let path = "/api/v1/workflows/demo.hello";
    let tag = app.get(path).send().await.header("etag").to_owned();
    let other = HELLO.replace("label: Hello", "label: Hi");
    for (given, status) in [("\"0\"", 412), ("hello", 400), ("W/\"0\"", 412)] {
        let call = app.put(path).header("if-match", given).yaml(&other);
        assert_eq!(call.problem().await.0, status, "{given}");
    }
    let call = app
        .put(path)
        .header("if-match", &format!("\"0\", {tag}"))
        .yaml(&other);
    assert_eq!(call.send().await.status, StatusCode::OK);
    let late = app
        .put(path)
        .header("if-match", &tag)
        .yaml(HELLO)
        .problem()
        .await;
    assert_eq!(late, (412, "precondition_failed".to_owned()));
    let none = app
        .put("/api/v1/workflows/demo.none")
        .header("if-match", "*")
        .yaml(&HELLO.replace("demo.hello", "demo.none"));
    assert_eq!(none.problem().await.0, 412);
    assert_eq!(
        app.delete(path).header("if-match", &tag).problem().await.0,
        412
    );
    assert_eq!(
        app.delete(path).header("if-match", "*").send().await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        app.delete(path).problem().await,
        (404, "not_found".to_owned())
    );
}

#[tokio::test]
async fn problems_of_a_file_are_listed_with_their_places() {
    let app = TestApp::filled().await;
    let text = "ref: demo.wrong
label: Wrong
version: 1.0.0
tasks:
  - name: a
    action: demo.gret
    on_success: nowhere
  - name: b
    action: demo.greet
    input: {name: 7}
";
    let answer = app
        .put("/api/v1/workflows/demo.wrong")
        .yaml(text)
        .send()
        .await;
    assert_eq!(answer.problem(), (422, "invalid_workflow".to_owned()));
    insta::assert_json_snapshot!(answer.json()["errors"]);
    let checked = app
        .post("/api/v1/workflows/validate")
        .yaml(text)
        .send()
        .await
        .data();
    assert_eq!(checked["valid"], false);
    assert!(
        checked["diagnostics"].as_array().unwrap().len() >= 3,
        "{checked}"
    );
    let fine = app
        .post("/api/v1/workflows/validate")
        .yaml(HELLO)
        .send()
        .await
        .data();
    assert_eq!(fine, json!({"valid": true, "diagnostics": []}));
}

#[tokio::test]
async fn bad_files_are_refused_for_what_they_are() {
    let app = TestApp::filled().await;
    let path = "/api/v1/workflows/demo.bad";
    let bomb = format!(
        "ref: demo.bad\nx-a: &a [{}]\nx-b: [{}]\n",
        "1,".repeat(999),
        "*a,".repeat(999)
    );
    for (text, code) in [
        ("{not yaml", "invalid_workflow"),
        (bomb.as_str(), "invalid_workflow"),
        (HELLO, "invalid_workflow"),
        ("", "invalid_workflow"),
    ] {
        let problem = app.put(path).yaml(text).problem().await;
        assert_eq!(problem, (422, code.to_owned()));
    }
    let call = app.put(path).body("application/yaml", vec![b'a', 0xff]);
    assert_eq!(call.problem().await, (400, "invalid_body".to_owned()));
    let call = app.put(path).body("text/plain", HELLO);
    assert_eq!(
        call.problem().await,
        (415, "unsupported_media_type".to_owned())
    );
    let large = format!("ref: demo.bad\n# {}\n", "x".repeat(1 << 20));
    assert_eq!(
        app.put(path).yaml(&large).problem().await,
        (413, "too_large".to_owned())
    );
    let pack = app
        .post("/api/v1/packs/shop/workflows")
        .yaml(HELLO)
        .problem()
        .await;
    assert_eq!(pack, (422, "invalid_workflow".to_owned()));
}

#[tokio::test]
async fn a_json_file_and_one_without_ref_are_taken() {
    let app = TestApp::filled().await;
    let body = json!({
        "label": "J", "version": "1", "tasks": [{"name": "a", "action": "demo.echo"}]
    });
    let made = app
        .put("/api/v1/workflows/demo.json")
        .json(body)
        .send()
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let run = app
        .post("/api/v1/workflows/demo.json/execute?wait=10s")
        .send()
        .await
        .data();
    assert_eq!(run["workflow"], "demo.json");
}

#[tokio::test]
async fn lists_of_workflows_filter_and_page() {
    let app = TestApp::filled().await;
    for name in ["a", "b", "c"] {
        app.workflow(&format!(
            "ref: many.{name}\nlabel: Many\nversion: 1.0.0\ntags: [x, {name}]\ntasks: [{{name: t, action: demo.echo}}]\n"
        ))
        .await;
    }
    app.post("/api/v1/workflows/many.b/disable")
        .send()
        .await
        .data();
    let refs = |list: &Json| -> Vec<String> {
        let rows = list["data"].as_array().unwrap().iter();
        rows.map(|row| row["ref"].as_str().unwrap().to_owned())
            .collect()
    };
    for (query, expected) in [
        ("workflows?limit=2", vec!["demo.hello", "many.a"]),
        ("workflows?limit=2&after=many.a", vec!["many.b", "many.c"]),
        ("workflows?tags=x&tags=c", vec!["many.c"]),
        ("workflows?enabled=false", vec!["many.b"]),
        ("workflows?search=HELL", vec!["demo.hello"]),
        ("workflows?pack=many&limit=1", vec!["many.a"]),
        ("packs/many/workflows", vec!["many.a", "many.b", "many.c"]),
    ] {
        let list = app.get(&format!("/api/v1/{query}")).send().await.json();
        assert_eq!(refs(&list), expected, "{query}");
    }
    let list = app.get("/api/v1/workflows?limit=2").send().await.json();
    assert_eq!(list["next"], "many.a");
    assert_eq!(
        app.get("/api/v1/packs/nope/workflows").problem().await.0,
        404
    );
}

#[tokio::test]
async fn a_disabled_workflow_starts_no_run_until_it_is_enabled() {
    let app = TestApp::filled().await;
    let execute = || {
        app.post("/api/v1/workflows/demo.hello/execute")
            .json(json!({"parameters": {"name": "x"}}))
    };
    let disabled = app
        .post("/api/v1/workflows/demo.hello/disable")
        .send()
        .await
        .data();
    assert_eq!(disabled["enabled"], false);
    assert_eq!(
        execute().problem().await,
        (409, "workflow_disabled".to_owned())
    );
    let replaced = app
        .put("/api/v1/workflows/demo.hello")
        .yaml(&HELLO.replace("Hello", "Hi"))
        .send()
        .await;
    assert_eq!(
        replaced.data()["enabled"],
        false,
        "a file that does not say leaves it as it is"
    );
    app.post("/api/v1/workflows/demo.hello/enable")
        .send()
        .await
        .data();
    assert_eq!(execute().send().await.status, StatusCode::ACCEPTED);
    assert_eq!(
        app.post("/api/v1/workflows/demo.nope/enable")
            .problem()
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn a_workflow_is_drawn() {
    let app = TestApp::filled().await;
    let path = "/api/v1/workflows/demo.hello/graph";
    let graph = app.get(path).send().await.data();
    assert_eq!(graph["nodes"][0]["action"], "demo.greet");
    let mermaid = app.get(&format!("{path}?format=mermaid")).send().await;
    assert!(
        mermaid.text().starts_with("flowchart"),
        "{}",
        mermaid.text()
    );
    let dot = app.get(&format!("{path}?format=dot")).send().await;
    assert_eq!(dot.header("content-type"), "text/vnd.graphviz");
    assert_eq!(
        app.get(&format!("{path}?format=crayon")).problem().await.0,
        400
    );
}

#[tokio::test]
async fn what_a_run_can_reach_is_pinned_when_it_starts() {
    let app = TestApp::filled().await;
    let parent = "ref: demo.parent\nlabel: P\nversion: 1.0.0\n\
        tasks: [{name: child, action: demo.hello, input: {name: Eve}}]\n\
        output_map: {child: '{{ task.child.result }}'}\n";
    app.workflow(parent).await;
    let execute = || {
        app.post("/api/v1/workflows/demo.parent/execute?wait=10s")
            .json(json!({}))
    };
    let run = execute().send().await.data();
    assert_eq!(
        run["output"],
        json!({"child": {"greeting": "Hello, Eve!"}}),
        "{run}"
    );

    let used = app.delete("/api/v1/actions/demo.greet").problem().await;
    assert_eq!(used, (409, "in_use".to_owned()));
    let gone = app
        .delete("/api/v1/actions/demo.greet?force=true")
        .send()
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let answer = execute().send().await;
    assert_eq!(answer.problem(), (422, "unknown_action".to_owned()));
    insta::assert_json_snapshot!(answer.json()["errors"], @r#"
    [
      {
        "pointer": "/tasks/0/action",
        "message": "action or workflow `demo.greet` of task `greet` does not exist (in workflow `demo.hello`)",
        "code": "E_UNKNOWN_ACTION",
        "fix": "upload it first, or correct the name `demo.greet`"
      }
    ]
    "#);
}

#[tokio::test]
async fn an_unsaved_workflow_is_tried() {
    let app = TestApp::filled().await;
    let text = HELLO.replace("demo.hello", "demo.draft");
    let path = "/api/v1/workflows/preview?wait=10s";
    let body = json!({"source": text, "parameters": {"name": "Ada"}});
    let run = app.post(path).json(body).send().await.data();
    assert_eq!(run["output"], json!({"greeting": "Hello, Ada!"}));
    assert_eq!(run["revision"], 0);
    assert_eq!(
        app.get("/api/v1/workflows/demo.draft").problem().await.0,
        404
    );
    let wrong = app
        .post(path)
        .json(json!({"source": "tasks: 1"}))
        .problem()
        .await;
    assert_eq!(wrong, (422, "invalid_workflow".to_owned()));
}
