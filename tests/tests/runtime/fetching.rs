//! Requests of a guest through plain `wasi:http`: what is granted is sent, and nothing else.

use std::sync::Arc;
use std::time::Instant;

use attune_core::Value;
use attune_core::event::Outcome;
use attune_driver::port::Finished;
use attune_host_api::http::{HttpSettings, Networks, Pattern};
use attune_runtime::Settings;

use crate::bench::{Bench, attempt, failure};
use crate::service::{Names, Service, certificate};
use crate::world::World;

/// Names of these tests. Only 127.0.0.1 is allowed beside public addresses.
const NAMES: &[(&str, &str)] = &[
    ("a.test", "127.0.0.1"),
    ("secure.test", "127.0.0.1"),
    ("private.test", "10.0.0.1"),
    ("mixed.test", "127.0.0.1 169.254.169.254"),
    ("mapped.test", "::ffff:127.0.0.1"),
    ("nat64.test", "64:ff9b::7f00:1"),
    ("moving.test", "127.0.0.1;127.0.0.2"),
    ("empty.test", ""),
];

/// A manifest that grants every request to `*.test` and its limits.
const ALL: &str = r#"{"grants":{"http":["* http://*.test:*/*","* https://*.test:*/*"]}}"#;

fn bench_with(manifest: &str, settings: HttpSettings) -> Bench {
    let settings = Settings {
        http: HttpSettings {
            networks: Networks(vec!["127.0.0.1".parse().unwrap()]),
            resolver: Arc::new(Names::new(NAMES)),
            ..settings
        },
        ..Settings::default()
    };
    Bench::within(settings, World::new(manifest))
}

fn bench(manifest: &str) -> Bench {
    bench_with(manifest, HttpSettings::default())
}

/// Runs the guest; `input` may say `PORT`.
async fn fetch(bench: &Bench, service: &Service, input: &str) -> Finished {
    let input = input.replace("PORT", &service.port.to_string());
    let guest = bench.guest("fetch", r#"{"pure":false}"#).await;
    bench.run(attempt(&guest, &input)).await
}

fn value(finished: &Finished) -> Value {
    match &finished.outcome {
        Outcome::Succeeded(value) => value.clone(),
        Outcome::Failed(_) | Outcome::TimedOut | Outcome::Interrupted | Outcome::Abandoned => {
            panic!("{:?}", finished.outcome)
        }
    }
}

fn text(value: &Value, key: &str) -> String {
    value
        .get(key)
        .map(Value::to_public_json)
        .unwrap_or_default()
}

/// Runs the guest and returns the error that it got, and the log.
async fn refused(bench: &Bench, service: &Service, input: &str) -> (String, String) {
    let finished = fetch(bench, service, input).await;
    let error = text(&value(&finished), "error");
    let log: Vec<&str> = finished.logs.iter().map(|line| &*line.message).collect();
    (error, log.join("\n"))
}

#[tokio::test]
async fn granted_request_is_sent_and_counted() {
    let service = Service::start().await;
    let input = r#"{"authority":"a.test:PORT","path":"/x?y=1","headers":[["x-own","1"]]}"#;
    let finished = fetch(&bench(ALL), &service, input).await;
    let seen = value(&finished);
    assert_eq!(seen.to_public_json(), r#"{"status":200,"body":"hello"}"#);
    assert_eq!(finished.usage.http_requests, 1);
    let head = &service.heads()[0];
    assert!(head.starts_with("GET /x?y=1 HTTP/1.1\r\n"), "{head}");
    assert!(
        head.contains(&format!("host: a.test:{}\r\n", service.port)),
        "{head}"
    );
    assert!(head.contains("x-own: 1\r\n"), "{head}");
}

#[tokio::test]
async fn without_the_grant_the_denial_names_it() {
    let service = Service::start().await;
    let bench = bench(r#"{"grants":{"http":["GET http://a.test:*/v1/*"]}}"#);
    for (input, wanted) in [
        (
            r#"{"authority":"a.test:PORT","path":"/v2/x"}"#,
            "GET http://a.test:PORT/v2/x",
        ),
        (
            r#"{"authority":"a.test:PORT","path":"/v1/../v2"}"#,
            "GET http://a.test:PORT/v1/../v2",
        ),
        (
            r#"{"authority":"a.test:PORT","path":"/v1/x","method":"POST"}"#,
            "POST http://a.test:PORT/v1/x",
        ),
        (
            r#"{"authority":"b.test:PORT","path":"/v1/x"}"#,
            "GET http://b.test:PORT/v1/x",
        ),
        (
            r#"{"authority":"a.test:PORT","path":"/v1/x","scheme":"https"}"#,
            "GET https://a.test:PORT/v1/x",
        ),
    ] {
        let (error, log) = refused(&bench, &service, input).await;
        assert!(error.contains("HttpRequestDenied"), "{input}: {error}");
        let wanted = wanted.replace("PORT", &service.port.to_string());
        assert!(
            log.contains(&format!("`http: [\"{wanted}\"]`")),
            "{input}: {log}"
        );
    }
    assert_eq!(service.heads().len(), 0);
}

#[tokio::test]
async fn failed_attempt_tells_what_was_denied() {
    let service = Service::start().await;
    let input = r#"{"authority":"a.test:PORT","fail":true}"#;
    let finished = fetch(&bench("null"), &service, input).await;
    let details = failure(&finished).details.to_public_json();
    assert!(details.contains("it needs the grant `http: "), "{details}");
}

#[tokio::test]
async fn operators_ceiling_bounds_what_is_granted() {
    let service = Service::start().await;
    let ceiling = Some(vec![Pattern::parse("GET http://a.test:*/open/*").unwrap()]);
    let settings = HttpSettings {
        ceiling,
        ..HttpSettings::default()
    };
    let bench = bench_with(ALL, settings);
    let (error, log) = refused(
        &bench,
        &service,
        r#"{"authority":"a.test:PORT","path":"/shut"}"#,
    )
    .await;
    assert!(error.contains("HttpRequestDenied"), "{error}");
    assert!(log.contains("`sandbox.http`"), "{log}");
    let open = fetch(
        &bench,
        &service,
        r#"{"authority":"a.test:PORT","path":"/open/x"}"#,
    )
    .await;
    assert_eq!(text(&value(&open), "status"), "200");
}

#[tokio::test]
async fn methods_and_authorities_that_trick_are_refused() {
    let service = Service::start().await;
    let everything = r#"{"grants":{"http":["* http://*:*/*","* https://*:*/*"]}}"#;
    let bench = bench(everything);
    for (input, expected) in [
        (
            r#"{"authority":"a.test:PORT","method":"CONNECT"}"#,
            "HttpRequestMethodInvalid",
        ),
        (
            r#"{"authority":"a.test:PORT","method":"TRACE"}"#,
            "HttpRequestMethodInvalid",
        ),
        (
            r#"{"authority":"me:pw@a.test:PORT"}"#,
            "HttpRequestUriInvalid",
        ),
        (
            r#"{"authority":"2130706433:PORT"}"#,
            "HttpRequestUriInvalid",
        ),
        (
            r#"{"authority":"0x7f000001:PORT"}"#,
            "HttpRequestUriInvalid",
        ),
        (
            r#"{"authority":"0177.0.0.1:PORT"}"#,
            "HttpRequestUriInvalid",
        ),
        (r#"{"authority":"127.1:PORT"}"#, "HttpRequestUriInvalid"),
        (r#"{"authority":"a.test.:PORT"}"#, "HttpRequestUriInvalid"),
        (
            r#"{"authority":"127.0.0.2:PORT"}"#,
            "DestinationIpProhibited",
        ),
        (r#"{"authority":"[::1]:PORT"}"#, "DestinationIpProhibited"),
        (
            r#"{"authority":"[::ffff:127.0.0.1]:PORT"}"#,
            "DestinationIpProhibited",
        ),
        (r#"{"authority":"0.0.0.0:PORT"}"#, "DestinationIpProhibited"),
        (
            r#"{"authority":"169.254.169.254"}"#,
            "DestinationIpProhibited",
        ),
        (
            r#"{"authority":"a.test:PORT","scheme":"ftp"}"#,
            "HttpProtocolError",
        ),
        (
            r#"{"authority":"a.test:PORT","path":"//b.test/x\r\nx: y"}"#,
            "path refused",
        ),
    ] {
        let (error, _) = refused(&bench, &service, input).await;
        assert!(error.contains(expected), "{input}: {error}");
    }
    assert_eq!(service.heads().len(), 0);
}

#[tokio::test]
async fn every_address_of_a_name_is_checked() {
    let service = Service::start().await;
    let bench = bench(ALL);
    for (name, what) in [
        ("private.test", "private"),
        ("mixed.test", "metadata"),
        ("mapped.test", "IPv4 in IPv6"),
        ("nat64.test", "NAT64"),
    ] {
        let input = format!(r#"{{"authority":"{name}:PORT"}}"#);
        let (error, log) = refused(&bench, &service, &input).await;
        assert!(error.contains("DestinationIpProhibited"), "{name}: {error}");
        assert!(
            log.contains(what) && log.contains("`sandbox.networks`"),
            "{name}: {log}"
        );
    }
    for name in ["empty.test", "unknown.test"] {
        let (error, _) = refused(&bench, &service, &format!(r#"{{"authority":"{name}"}}"#)).await;
        assert!(
            error.contains("DestinationNotFound") || error.contains("DnsError"),
            "{error}"
        );
    }
    assert_eq!(service.heads().len(), 0);
}

#[tokio::test]
async fn the_address_that_was_checked_is_connected_to() {
    let service = Service::start().await;
    let bench = bench(ALL);
    // The name means another address as soon as it was asked for once.
    let input = r#"{"authority":"moving.test:PORT"}"#;
    let first = fetch(&bench, &service, input).await;
    assert_eq!(text(&value(&first), "status"), "200");
    let (error, _) = refused(&bench, &service, input).await;
    assert!(error.contains("DestinationIpProhibited"), "{error}");
    assert_eq!(service.heads().len(), 1);
}

#[tokio::test]
async fn redirect_is_a_request_of_its_own() {
    let service = Service::start().await;
    let bench = bench(r#"{"grants":{"http":["GET http://a.test:*/*"]}}"#);
    let input = r#"{"authority":"a.test:PORT","path":"/to/b.test:PORT/x"}"#;
    let stays = value(&fetch(&bench, &service, input).await);
    assert_eq!(text(&stays, "status"), "302", "the engine follows nothing");
    let input = r#"{"authority":"a.test:PORT","path":"/to/b.test:PORT/x","follow":true}"#;
    let (error, log) = refused(&bench, &service, input).await;
    assert!(error.contains("HttpRequestDenied"), "{error}");
    assert!(log.contains("http://b.test"), "{log}");
    let input = r#"{"authority":"a.test:PORT","path":"/to/a.test:PORT/x","follow":true}"#;
    assert_eq!(
        text(&value(&fetch(&bench, &service, input).await), "status"),
        "200"
    );
}

#[tokio::test]
async fn headers_cannot_name_another_host_or_smuggle() {
    let service = Service::start().await;
    let bench = bench(ALL);
    for header in [
        r#"["host","evil.test"]"#,
        r#"["Host","evil.test"]"#,
        r#"["transfer-encoding","chunked"]"#,
        r#"["connection","x"]"#,
        r#"["proxy-authorization","x"]"#,
        r#"["x","a\r\nhost: evil.test"]"#,
        r#"["x\r\nhost","evil.test"]"#,
        r#"["x y","z"]"#,
    ] {
        let input = format!(r#"{{"authority":"a.test:PORT","headers":[{header}]}}"#);
        let (error, _) = refused(&bench, &service, &input).await;
        assert!(error.contains("HeaderError"), "{header}: {error}");
    }
    let twice = r#"{"authority":"a.test:PORT","method":"POST",
        "headers":[["content-length","5"],["content-length","6"]]}"#;
    let (error, _) = refused(&bench, &service, twice).await;
    assert!(!error.is_empty(), "two lengths are refused");
    assert_eq!(service.heads().len(), 0);
}

#[tokio::test]
async fn counts_and_sizes_are_bounded() {
    let service = Service::start().await;
    let manifest = r#"{"grants":{"http":["* http://*.test:*/*"]},
        "limits":{"http_requests":3,"http_response":"64KiB","http_request":"16KiB"}}"#;
    let bench = bench(manifest);
    let finished = fetch(&bench, &service, r#"{"authority":"a.test:PORT","times":5}"#).await;
    let all = value(&finished).to_public_json();
    assert_eq!(all.matches("200").count(), 3, "{all}");
    assert_eq!(all.matches("HttpRequestDenied").count(), 2, "{all}");
    assert_eq!(finished.usage.http_requests, 3);
    let log = &finished.logs.last().unwrap().message;
    assert!(log.contains("http_requests"), "{log}");
    for (path, expected) in [
        ("/endless", "HttpResponseBodySize"),
        ("/announced", "HttpResponseBodySize"),
        ("/huge-head", "HttpProtocolError"),
        ("/nonsense", "HttpProtocolError"),
        ("/cut", "HttpResponseIncomplete"),
        ("/upgrade", "HttpUpgradeFailed"),
    ] {
        let input = format!(r#"{{"authority":"a.test:PORT","path":"{path}"}}"#);
        let (error, _) = refused(&bench, &service, &input).await;
        // What goes wrong in the middle of a body is an error of its stream.
        let in_body = matches!(path, "/endless" | "/cut") && error.contains("LastOperationFailed");
        assert!(error.contains(expected) || in_body, "{path}: {error}");
    }
    let input = r#"{"authority":"a.test:PORT","path":"/drain","method":"POST","send":65536}"#;
    let (error, _) = refused(&bench, &service, input).await;
    assert!(error.contains("HttpRequestBodySize"), "{error}");
    bench.still_answers().await;
}

#[tokio::test]
async fn open_requests_are_bounded() {
    let service = Service::start().await;
    let finished = fetch(
        &bench(ALL),
        &service,
        r#"{"authority":"a.test:PORT","at_once":20}"#,
    )
    .await;
    let all = value(&finished).to_public_json();
    assert_eq!(all.matches("200").count(), 16, "{all}");
    assert_eq!(all.matches("ConnectionLimitReached").count(), 4, "{all}");
}

#[tokio::test]
async fn wall_clock_includes_what_servers_take() {
    let service = Service::start().await;
    let bench = bench(ALL);
    for path in ["/drip", "/silent"] {
        let manifest = r#"{"pure":false,"limits":{"timeout":"300ms"}}"#;
        let guest = bench.guest("fetch", manifest).await;
        let input = format!(
            r#"{{"authority":"a.test:{}","path":"{path}"}}"#,
            service.port
        );
        let start = Instant::now();
        let finished = bench.run(attempt(&guest, &input)).await;
        assert_eq!(finished.outcome, Outcome::TimedOut, "{path}");
        assert!(start.elapsed().as_secs() < 10, "{path}");
        bench.still_answers().await;
    }
}

#[tokio::test]
async fn secrets_go_only_where_they_may() {
    let service = Service::start().await;
    let manifest = r#"{"grants":{"http":["* http://*.test:*/*"],
        "secrets":{"pay":{"hosts":["a.test"]}}}}"#;
    let bench = bench(manifest);
    let input = r#"{"authority":"a.test:PORT","secret":"pay"}"#;
    assert_eq!(
        text(&value(&fetch(&bench, &service, input).await), "status"),
        "200"
    );
    let head = &service.heads()[0];
    assert!(head.contains("authorization: Bearer hunter2\r\n"), "{head}");
    let input = r#"{"authority":"secure.test:PORT","secret":"pay"}"#;
    let (error, log) = refused(&bench, &service, input).await;
    assert!(error.contains("HttpRequestDenied"), "{error}");
    assert!(
        log.contains(r#"`secrets: {pay: {hosts: ["secure.test"]}}`"#),
        "{log}"
    );
    assert_eq!(service.heads().len(), 1);
    let input = r#"{"authority":"a.test:PORT","secret":"other"}"#;
    let (error, _) = refused(&bench, &service, input).await;
    assert!(
        error.contains("needs the grant `secrets: {other"),
        "{error}"
    );
}

#[tokio::test]
async fn tls_is_checked_by_the_name_asked_for() {
    let service = Service::start_secure().await;
    let manifest = r#"{"grants":{"http":["GET https://*.test:*/*"],
        "secrets":{"pay":{"hosts":["secure.test"]}}}}"#;
    let trusting = HttpSettings {
        roots: vec![certificate("ca.pem")],
        ..HttpSettings::default()
    };
    let trusting = bench_with(manifest, trusting);
    let input = r#"{"authority":"secure.test:PORT","scheme":"https","secret":"pay"}"#;
    let seen = value(&fetch(&trusting, &service, input).await);
    assert_eq!(seen.to_public_json(), r#"{"status":200,"body":"hello"}"#);
    assert!(service.heads()[0].contains("Bearer hunter2"));
    let other_name = r#"{"authority":"a.test:PORT","scheme":"https"}"#;
    let (error, _) = refused(&trusting, &service, other_name).await;
    assert!(error.contains("TlsCertificateError"), "{error}");
    let (error, _) = refused(&bench(manifest), &service, input).await;
    assert!(
        error.contains("TlsCertificateError"),
        "nobody trusts it: {error}"
    );
    assert_eq!(service.heads().len(), 1);
}
