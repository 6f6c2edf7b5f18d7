//! Connections: accepted within a bound, each with its own limits, ended gracefully.

mod linger;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

use crate::auth::Peer;
use crate::config::AuthMode;
use crate::state::{App, Server};

use linger::{Lingering, Unread};

/// Where the HTTP parser itself gives up on a head; below it, a problem is answered.
const HARD_HEAD_BYTES: usize = 64 << 10;
/// Headers that the HTTP parser takes unless told otherwise.
const PARSER_HEADERS: usize = 100;
/// How long to wait after `accept` failed: mostly a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Without authentication only this machine may connect.
    #[error("`--auth none` is allowed only on a loopback address, not on `{0}`")]
    NotLoopback(SocketAddr),
    /// The listener is broken.
    #[error("the listener failed")]
    Listener(#[source] std::io::Error),
}

impl Server {
    /// Serves until `shutdown`, then lets requests under way end, for at most the grace time.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> Result<(), ServeError> {
        let address = listener.local_addr().map_err(ServeError::Listener)?;
        if self.app.config.auth == AuthMode::None && !address.ip().is_loopback() {
            return Err(ServeError::NotLoopback(address));
        }
        let connections = Connections::new(self.app.clone(), self.router());
        tokio::select! {
            () = connections.accept(&listener) => {}
            () = shutdown.cancelled() => {}
        }
        drop(listener);
        self.app.shutdown.cancel();
        connections.end(self.app.limits().grace).await;
        Ok(())
    }
}

struct Connections {
    app: App,
    router: Router,
    http: http1::Builder,
    places: Arc<Semaphore>,
    graceful: GracefulShutdown,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Connections {
    fn new(app: App, router: Router) -> Self {
        let mut http = http1::Builder::new();
        let headers = app.limits().header_count;
        // Only where it must be: the parser's own bound is one of the stack.
        if headers > PARSER_HEADERS {
            http.max_headers(headers);
        }
        http.timer(TokioTimer::new())
            .header_read_timeout(app.limits().header_read)
            .max_header_size(HARD_HEAD_BYTES);
        Self {
            places: Arc::new(Semaphore::new(app.limits().connections)),
            app,
            router,
            http,
            graceful: GracefulShutdown::new(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Accepts for ever. With every place taken, further clients wait in the listener's queue.
    async fn accept(&self, listener: &TcpListener) {
        loop {
            let place = self.places.clone().acquire_owned().await;
            let place = place.expect("the semaphore is never closed");
            match listener.accept().await {
                Ok((stream, peer)) => self.spawn(stream, peer, place),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "Accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn spawn(&self, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        // Answers are one small write: waiting for more to send only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = &error as &dyn std::error::Error, "No TCP_NODELAY");
        }
        let (router, app, stop) = (self.router.clone(), self.app.clone(), self.stop.clone());
        let unread = Unread::default();
        let stream = Lingering::new(stream, unread.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer.ip()));
            let (answer, unread) = (router.clone().call(request), unread.clone());
            async move {
                let answer = answer.await;
                let is_early = |answer: &Response| answer.status() == StatusCode::PAYLOAD_TOO_LARGE;
                if answer.as_ref().is_ok_and(is_early) {
                    unread.set();
                }
                answer
            }
        });
        let connection = self
            .graceful
            .watch(self.http.serve_connection(TokioIo::new(stream), service));
        app.metrics.connections.fetch_add(1, Ordering::Relaxed);
        self.tasks.spawn(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(error = &error as &dyn std::error::Error, "Connection failed");
                },
                () = stop.cancelled() => {}
            }
            app.metrics.connections.fetch_sub(1, Ordering::Relaxed);
            drop(place);
        });
    }

    /// Lets requests under way end; what has not after `grace` is cut.
    async fn end(self, grace: Duration) {
        self.tasks.close();
        if tokio::time::timeout(grace, self.graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("Connections were cut after the grace time");
        }
        self.stop.cancel();
        self.tasks.wait().await;
    }
}
