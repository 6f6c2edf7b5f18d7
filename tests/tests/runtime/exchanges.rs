//! The examples of the standard actions that speak HTTP, against a real server on loopback which
//! the operator allows: what they send arrives as written, and they make of the answer what the
//! example says.

use std::fs;
use std::sync::Arc;

use attune_host_api::http::{HttpSettings, Networks};
use attune_runtime::Settings;
use attune_sdk::testing::{Example, ExampleExchange};
use tests::guests;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::{Bench, attempt};
use crate::service::{LOOPBACK, Names};
use crate::standard::compare;
use crate::world::World;

/// The servers that the examples ask; in these tests all of them are ours.
const NAMES: &[(&str, &str)] = &[
    ("api.example", "127.0.0.1"),
    ("hooks.slack.com", "127.0.0.1"),
];

/// What is granted: the examples' own servers, without TLS and on any port.
const GRANTS: &str =
    r#"{"grants":{"http":["* http://api.example:*/*","* http://hooks.slack.com:*/*"]}}"#;

/// A request as it arrived.
#[derive(Debug)]
struct Arrived {
    first: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Arrived {
    async fn read(stream: &mut TcpStream) -> Self {
        let mut stream = BufReader::new(stream);
        let first = line(&mut stream).await;
        let mut headers = Vec::new();
        loop {
            let line = line(&mut stream).await;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request = Self {
            first,
            headers,
            body: String::new(),
        };
        request.body = request.read_body(&mut stream).await;
        request
    }

    async fn read_body(&self, stream: &mut BufReader<&mut TcpStream>) -> String {
        let mut body = Vec::new();
        if self.header("transfer-encoding").is_some() {
            loop {
                let size = usize::from_str_radix(&line(stream).await, 16).unwrap();
                let mut chunk = vec![0; size];
                stream.read_exact(&mut chunk).await.unwrap();
                line(stream).await;
                if size == 0 {
                    break;
                }
                body.extend(chunk);
            }
        } else if let Some(length) = self.header("content-length") {
            body = vec![0; length.parse().unwrap()];
            stream.read_exact(&mut body).await.unwrap();
        }
        String::from_utf8(body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Compares with what the example says is sent, from a server on `port`.
    fn check(&self, what: &str, expected: &ExampleExchange, port: u16) {
        let (_, rest) = expected.url.split_once("://").unwrap();
        let (host, path) = rest.split_at(rest.find('/').unwrap());
        assert_eq!(host.rsplit(':').next(), Some(&*port.to_string()));
        let first = format!("{} {path} HTTP/1.1", expected.method);
        assert_eq!(self.first, first, "{what}");
        assert_eq!(self.header("host"), Some(host), "{what}");
        assert_eq!(self.body, expected.body, "{what}");
        for (name, value) in &expected.headers {
            assert_eq!(self.header(name), Some(value.as_str()), "{what}: {name}");
        }
    }
}

async fn line(stream: &mut BufReader<&mut TcpStream>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    line.trim_end().to_owned()
}

/// Answers the requests of an example, one connection each, and fails if they are others.
async fn serve(listener: TcpListener, what: String, exchanges: Vec<ExampleExchange>) {
    let port = listener.local_addr().unwrap().port();
    for exchange in exchanges {
        let (mut stream, _) = listener.accept().await.unwrap();
        Arrived::read(&mut stream)
            .await
            .check(&what, &exchange, port);
        let response = &exchange.response;
        let headers = response.headers.iter();
        let headers: String = headers
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        // The end of the connection is the end of the body: no header that no example names.
        let answer = format!(
            "HTTP/1.1 {} Said\r\n{headers}\r\n{}",
            response.status, response.body
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    }
}

/// Runs one example, with our server in the place of those that it names.
async fn check(reference: &str, example: &serde_json::Value) {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut text = example.to_string();
    for (name, _) in NAMES {
        text = text.replace(&format!("https://{name}"), &format!("http://{name}:{port}"));
    }
    let example: Example = serde_json::from_str(&text).unwrap();
    let settings = Settings {
        http: HttpSettings {
            networks: Networks(vec!["127.0.0.1".parse().unwrap()]),
            resolver: Arc::new(Names::new(NAMES)),
            ..HttpSettings::default()
        },
        ..Settings::default()
    };
    let bench = Bench::within(settings, World::new(GRANTS));
    let component = fs::read(guests::standard(reference)).unwrap();
    let uploaded = bench.upload(component, "null").await.unwrap();
    let what = format!("{reference}: {}", example.title);
    let server = tokio::spawn(serve(listener, what, example.http.clone()));
    let finished = bench
        .run(attempt(&uploaded, &example.input.to_string()))
        .await;
    compare(reference, &example, &finished);
    server.await.unwrap();
    assert_eq!(finished.usage.http_requests as usize, example.http.len());
}

#[tokio::test]
async fn exchanges_of_standard_actions_happen_on_a_real_connection() {
    let mut count = 0;
    for reference in ["http.request", "slack.post"] {
        let directory = reference.replacen('.', "-", 1);
        let file = guests::root().join(format!("actions/{directory}/examples.json"));
        let examples: Vec<serde_json::Value> =
            serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        for example in examples.iter().filter(|e| e["http"].is_array()) {
            check(reference, example).await;
            count += 1;
        }
    }
    assert!(count >= 9, "{count}");
}
