//! Tokens, roles and packs.

use attune_server::auth::first_token;
use axum::http::StatusCode;
use serde_json::{Value as Json, json};

use crate::app::{HELLO, TestApp};

/// A server with an admin's token.
async fn guarded() -> (TestApp, String) {
    let app = TestApp::with(|_| {}).await;
    let dir = tempfile::tempdir().unwrap();
    let first = first_token(&*app.store, dir.path()).await.unwrap().unwrap();
    assert!(first.created);
    let text = std::fs::read_to_string(&first.path).unwrap();
    (app, text.trim().to_owned())
}

/// Makes a token of a role.
async fn token(app: &TestApp, admin: &str, body: Json) -> String {
    let made = app
        .post("/api/v1/tokens")
        .token(admin)
        .json(body)
        .send()
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    made.data()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_operation_needs_its_role() {
    let (app, admin) = guarded().await;
    let mut tokens = Vec::new();
    for role in ["read", "run", "deploy"] {
        let body = json!({"name": role, "role": role});
        tokens.push((role, token(&app, &admin, body).await));
    }
    tokens.push(("admin", admin));
    let document: Json = serde_json::from_str(&attune_server::openapi_json("0")).unwrap();
    let mut checked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let place = path
            .replace("{id}", "9")
            .replace("{ref}", "no.thing")
            .replace("{task_id}", "9");
        let place = place
            .replace("{pack}", "no")
            .replace("{name}", "no")
            .replace("{key}", "no");
        for (method, operation) in item.as_object().unwrap() {
            let Some(needed) = operation["x-role"].as_str() else {
                continue;
            };
            let method = method.to_uppercase();
            let answer = app.call(&method, &place).send().await;
            assert_eq!(answer.problem().0, 401, "{method} {path}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            let mut enough = false;
            for (role, token) in &tokens {
                enough |= *role == needed;
                let status = app.call(&method, &place).token(token).send().await.status;
                assert_eq!(
                    status != StatusCode::FORBIDDEN,
                    enough,
                    "{method} {path} as {role}"
                );
            }
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked}");
}

#[tokio::test]
async fn a_token_is_shown_once_listed_without_its_text_and_ended() {
    let (app, admin) = guarded().await;
    let body = json!({"name": "ci", "role": "deploy", "packs": ["demo"], "expires_in": "1h"});
    let ci = token(&app, &admin, body.clone()).await;
    let who = app.get("/api/v1/whoami").token(&ci).send().await.data();
    assert_eq!(
        (&who["name"], &who["role"], &who["packs"]),
        (&json!("ci"), &json!("deploy"), &json!(["demo"]))
    );
    let list = app.get("/api/v1/tokens").token(&admin).send().await;
    assert!(!list.text().contains("att_"));
    assert_eq!(list.data().as_array().unwrap().len(), 2);
    let twice = app
        .post("/api/v1/tokens")
        .token(&admin)
        .json(body)
        .problem()
        .await;
    assert_eq!(twice, (409, "already_exists".to_owned()));
    for wrong in [
        json!({"name": "X", "role": "read"}),
        json!({"name": "x", "role": "god"}),
        json!({"name": "x", "role": "read", "expires_in": "never"}),
        json!({"name": "x", "role": "read", "packs": ["A"]}),
    ] {
        let problem = app
            .post("/api/v1/tokens")
            .token(&admin)
            .json(wrong)
            .problem()
            .await;
        assert_eq!(problem, (422, "invalid_request".to_owned()));
    }
    let gone = app.delete("/api/v1/tokens/ci").token(&admin).send().await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let ended = app.get("/api/v1/whoami").token(&ci).problem().await;
    assert_eq!(ended, (401, "unauthenticated".to_owned()));
    assert_eq!(
        app.delete("/api/v1/tokens/ci")
            .token(&admin)
            .problem()
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn a_token_for_one_pack_sees_and_touches_no_other() {
    let (app, admin) = guarded().await;
    for pack in ["demo", "shop"] {
        let path = format!("/api/v1/packs/{pack}/actions/greet");
        app.put(&path)
            .token(&admin)
            .wasm("greet")
            .send()
            .await
            .data();
        let text = HELLO.replace("demo.", &format!("{pack}."));
        let path = format!("/api/v1/workflows/{pack}.hello");
        app.put(&path).token(&admin).yaml(&text).send().await.data();
        let path = format!("{path}/execute?wait=10s");
        let body = json!({"parameters": {"name": "x"}});
        app.post(&path).token(&admin).json(body).send().await.data();
    }
    let one = token(
        &app,
        &admin,
        json!({"name": "one", "role": "admin", "packs": ["demo"]}),
    )
    .await;
    for (list, field) in [
        ("workflows", "ref"),
        ("actions", "ref"),
        ("runs", "workflow"),
        ("packs", "name"),
    ] {
        let rows = app
            .get(&format!("/api/v1/{list}"))
            .token(&one)
            .send()
            .await
            .data();
        let rows = rows.as_array().unwrap();
        assert!(!rows.is_empty(), "{list}");
        for row in rows {
            assert!(
                row[field].as_str().unwrap().starts_with("demo"),
                "{list}: {row}"
            );
        }
    }
    let call = |method: &str, path: &str| app.call(method, &format!("/api/v1/{path}")).token(&one);
    for (method, path) in [
        ("GET", "workflows/shop.hello"),
        ("DELETE", "workflows/shop.hello"),
        ("GET", "actions/shop.greet/component"),
        ("DELETE", "actions/shop.greet"),
        ("POST", "actions/shop.greet/approve"),
        ("GET", "packs/shop/config"),
        ("GET", "packs/shop/kv"),
        ("GET", "packs/shop/secrets"),
        ("POST", "workflows/shop.hello/execute"),
        ("GET", "runs/2"),
        ("GET", "runs/2/stream"),
        ("POST", "runs/2/cancel"),
        ("GET", "tokens"),
    ] {
        let problem = call(method, path).problem().await;
        assert_eq!(
            problem,
            (403, "forbidden_scope".to_owned()),
            "{method} {path}"
        );
    }
    assert_eq!(call("GET", "runs/1").send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn failed_logins_are_slowed_down_and_good_ones_are_not() {
    let (app, admin) = guarded().await;
    let wrong = attune_server::auth::Token::generate().unwrap();
    for _ in 0..10 {
        let problem = app
            .get("/api/v1/whoami")
            .token(wrong.as_str())
            .problem()
            .await;
        assert_eq!(problem.0, 401);
    }
    let slowed = app.get("/api/v1/whoami").token("nonsense").send().await;
    assert_eq!(slowed.problem(), (429, "too_many_logins".to_owned()));
    assert!(slowed.header("retry-after").parse::<u32>().unwrap() <= 61);
    let good = app.get("/api/v1/whoami").token(&admin).send().await;
    assert_eq!(good.status, StatusCode::OK);
    let query = app
        .get(&format!("/api/v1/whoami?token={admin}"))
        .send()
        .await;
    assert_eq!(query.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_first_token_is_private_stays_and_heals() {
    use std::os::unix::fs::PermissionsExt as _;
    let app = TestApp::with(|_| {}).await;
    let dir = tempfile::tempdir().unwrap();
    let first = first_token(&*app.store, dir.path()).await.unwrap().unwrap();
    let mode = std::fs::metadata(&first.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = first_token(&*app.store, dir.path()).await.unwrap().unwrap();
    assert!(!again.created);
    let other = TestApp::with(|_| {}).await;
    first_token(&*other.store, dir.path())
        .await
        .unwrap()
        .unwrap();
    let text = std::fs::read_to_string(&first.path).unwrap();
    let who = other.get("/api/v1/whoami").token(text.trim()).send().await;
    assert_eq!(
        who.status,
        StatusCode::OK,
        "a new store takes the file's token"
    );
    std::fs::remove_file(&first.path).unwrap();
    assert_eq!(first_token(&*app.store, dir.path()).await.unwrap(), None);
    std::fs::write(&first.path, "nonsense").unwrap();
    assert!(first_token(&*app.store, dir.path()).await.is_err());
}
