//! Requests against servers that the fake engine plays.

use attune_sdk::http::Response;
use attune_sdk::prelude::*;
use attune_sdk::{Case, testing};

use super::request;

fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Response {
    let header = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Response {
        status,
        headers: headers.iter().map(header).collect(),
        body: body.to_vec(),
    }
}

#[test]
fn examples_come_true() {
    testing::check_examples(&request, include_str!("../examples.json"));
}

#[test]
fn statuses_say_whether_to_try_again() {
    for (status, case) in [
        (400, Case::Permanent),
        (404, Case::Permanent),
        (302, Case::Permanent),
        (408, Case::Transient),
        (429, Case::Transient),
        (500, Case::Transient),
        (501, Case::Permanent),
        (503, Case::Transient),
    ] {
        testing::reset();
        testing::respond("GET", "https://a.example/", answer(status, &[], b""));
        let error = testing::call(&request, &json!({"url": "https://a.example/"})).unwrap_err();
        assert_eq!(
            (error.case(), error.kind()),
            (case, Some("http_status")),
            "{status}"
        );
    }
}

#[test]
fn redirects_keep_secrets_at_home() {
    let target = [("location", "https://b.example/y")];
    testing::respond("POST", "https://a.example/x", answer(307, &target, b""));
    let target = [("location", "/z")];
    testing::respond("POST", "https://b.example/y", answer(303, &target, b""));
    testing::respond("GET", "https://b.example/z", answer(200, &[], b"done"));
    let input = json!({
        "url": "https://a.example/x", "text": "hello", "redirects": 2,
        "headers": {"Authorization": "secret", "X-Other": "kept"},
    });
    let output = testing::call(&request, &input).unwrap();
    assert_eq!(output["url"], "https://b.example/z");
    let sent = testing::requests();
    let has = |at: usize, name: &str| sent[at].headers.iter().any(|(own, _)| own == name);
    assert!(has(0, "authorization") && has(0, "content-type"));
    assert!(!has(1, "authorization") && has(1, "x-other") && sent[1].body == b"hello");
    assert!(!has(2, "content-type") && sent[2].body.is_empty());
}

#[test]
fn redirects_end() {
    let here = [("location", "https://a.example/")];
    testing::respond("GET", "https://a.example/", answer(301, &here, b""));
    let input = json!({"url": "https://a.example/", "redirects": 255});
    let error = testing::call(&request, &input).unwrap_err();
    assert_eq!(error.kind(), Some("http_status"));
    assert_eq!(testing::requests().len(), 11);
}

#[test]
fn bodies_are_read_as_they_are() {
    let json = [("content-type", "application/problem+json; charset=utf-8")];
    for (response, read, expected) in [
        (answer(200, &json, br#"{"a":1}"#), "auto", json!({"a": 1})),
        (
            answer(200, &json, br#"{"a":1}"#),
            "text",
            json!(r#"{"a":1}"#),
        ),
        (answer(200, &[], b"\xff\xfe"), "auto", json!("//4=")),
        (answer(204, &json, b""), "auto", json!("")),
    ] {
        testing::reset();
        testing::respond("GET", "https://a.example/", response);
        let input = json!({"url": "https://a.example/", "read": read});
        assert_eq!(
            testing::call(&request, &input).unwrap()["body"],
            expected,
            "{read}"
        );
    }
}

#[test]
fn repeated_attempts_are_told_by_their_key() {
    testing::respond("POST", "https://a.example/", answer(200, &[], b""));
    let input =
        json!({"url": "https://a.example/", "json": null, "idempotency_header": "Idempotency-Key"});
    testing::call(&request, &input).unwrap();
    let sent = testing::requests();
    assert_eq!(sent[0].body, b"null");
    let key = ("idempotency-key".to_owned(), context::idempotency_key());
    assert!(sent[0].headers.contains(&key));
}
