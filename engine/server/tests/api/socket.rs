//! The server on a real socket, and a client that sends what no decent client would.

use std::net::SocketAddr;

use attune_server::ServeError;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::TestApp;

/// A listening server.
pub(crate) struct Socket {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Socket {
    pub(crate) async fn open(app: &TestApp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let (server, token) = (app.server.clone(), stop.clone());
        Self {
            address,
            stop,
            serving: tokio::spawn(async move { server.serve(listener, token).await }),
        }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client {
            stream: TcpStream::connect(self.address).await.unwrap(),
            read: String::new(),
        }
    }

    /// Requests that the server works on, the one that asks aside.
    pub(crate) async fn under_way(&self, app: &TestApp) -> u64 {
        let text = app.get("/metrics").send().await.text();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("attune_http_requests_under_way "));
        line.unwrap().parse::<u64>().unwrap() - 1
    }

    /// Stops the server and waits for its end.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
    }
}

/// A connection.
pub(crate) struct Client {
    stream: TcpStream,
    read: String,
}

impl Client {
    pub(crate) async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads until `part` has come.
    pub(crate) async fn read_until(&mut self, part: &str) -> &str {
        while !self.read.contains(part) {
            let mut bytes = [0; 4096];
            let count = self.stream.read(&mut bytes).await.unwrap();
            assert!(count > 0, "the connection ended: {}", self.read);
            self.read
                .push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        &self.read
    }

    /// Reads until the server closes the connection.
    pub(crate) async fn read_to_end(mut self) -> String {
        let mut bytes = Vec::new();
        self.stream.read_to_end(&mut bytes).await.unwrap();
        self.read.push_str(&String::from_utf8_lossy(&bytes));
        self.read
    }
}
