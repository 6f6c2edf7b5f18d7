//! A server of our own on loopback, which behaves as badly as its paths say, and a resolver under
//! the tests' control.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use attune_host_api::http::Resolve;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// Where the server listens.
pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A running server.
pub(crate) struct Service {
    pub(crate) port: u16,
    heads: Arc<Mutex<Vec<String>>>,
    _task: AbortOnDropHandle<()>,
}

impl Service {
    /// Starts a server that speaks plain HTTP.
    pub(crate) async fn start() -> Self {
        Self::listen(None).await
    }

    /// Starts a server that speaks TLS as `secure.test`.
    pub(crate) async fn start_secure() -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate("cert.pem")],
                PrivateKeyDer::from_pem_file(file("key.pem")).unwrap(),
            );
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config.unwrap()));
        Self::listen(Some(acceptor)).await
    }

    async fn listen(tls: Option<tokio_rustls::TlsAcceptor>) -> Self {
        let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, seen) = (tls.clone(), Arc::clone(&seen));
                connections.spawn(async move {
                    match tls {
                        None => serve(stream, &seen).await.ok(),
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, &seen).await.ok(),
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self {
            port,
            heads,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// Returns the heads of all requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data/tls")
        .join(name)
}

/// Reads one of the tests' certificates.
pub(crate) fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(file(name)).unwrap()
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    seen: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    seen.lock().unwrap().push(head.clone());
    let answer = match path.as_str() {
        "/echo" => whole(&head),
        "/endless" => return endless(stream).await,
        "/drip" => return drip(stream).await,
        "/silent" => return std::future::pending().await,
        "/drain" => return drain(stream).await,
        "/huge-head" => {
            format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1 << 20))
        }
        "/announced" => "HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_owned(),
        "/cut" => "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_owned(),
        "/nonsense" => "I am no server\r\n\r\n".to_owned(),
        "/upgrade" => "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n".to_owned(),
        _ => match path.strip_prefix("/to/") {
            Some(to) => {
                format!("HTTP/1.1 302 Found\r\nlocation: http://{to}\r\ncontent-length: 0\r\n\r\n")
            }
            None => whole("hello"),
        },
    };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

fn whole(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn endless(mut stream: impl AsyncWrite + Unpin) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    loop {
        stream.write_all(&[b'x'; 16 << 10]).await?;
    }
}

async fn drip(mut stream: impl AsyncWrite + Unpin) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    loop {
        stream.write_all(b"x").await?;
        stream.flush().await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn drain(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

/// Answers as it was told: for each name a list of answers, the last one again and again.
#[derive(Debug, Default)]
pub(crate) struct Names(Mutex<HashMap<String, Vec<Vec<IpAddr>>>>);

impl Names {
    /// Makes a resolver that knows these names, in addresses with spaces between them; a `;`
    /// stands between one answer and the next.
    pub(crate) fn new(names: &[(&str, &str)]) -> Self {
        let parse = |answer: &str| {
            let addresses = answer.split_whitespace();
            addresses.map(|text| text.parse().unwrap()).collect()
        };
        let each = |(name, answers): &(&str, &str)| {
            (
                (*name).to_owned(),
                answers.split(';').rev().map(parse).collect(),
            )
        };
        Self(Mutex::new(names.iter().map(each).collect()))
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut names = self.0.lock().unwrap();
        let answers = names
            .get_mut(name)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(match answers.as_slice() {
            [last] => last.clone(),
            _ => answers.pop().unwrap_or_default(),
        })
    }
}
