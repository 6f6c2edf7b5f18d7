//! The requests of one attempt: counted, checked, sent.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::{Semaphore, TryAcquireError};
use tokio_util::task::AbortOnDropHandle;
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::body::{Places, RequestBody, ResponseBody};
use super::check::length;
use super::client::HttpClient;
use super::connect::Connected;
use super::placeholder::Placeholders;
use crate::grants::Grants;
use crate::logbook::Logbook;

/// Requests of one attempt whose responses are not read or dropped yet.
const MAX_AT_ONCE: usize = 16;

/// What is read of a response before its head must be complete, and buffered of its body.
const READ_BUFFER_BYTES: usize = 64 << 10;

/// What one write to a request's body takes at most. The host keeps two of them for each request
/// that a guest has made, sent or not.
const WRITE_BYTES: usize = 8 << 10;

/// Headers of a response.
const MAX_RESPONSE_HEADERS: usize = 100;

/// What an attempt may send and receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// Requests.
    pub requests: u32,
    /// The body of one request, bytes.
    pub request_bytes: u64,
    /// The body of one response, bytes.
    pub response_bytes: u64,
    /// Until a connection stands, milliseconds.
    pub connect_ms: u64,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            requests: 100,
            request_bytes: 1 << 20,
            response_bytes: 4 << 20,
            connect_ms: 5_000,
        }
    }
}

/// Why a request was not answered.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It may not be made; the text names what would allow it.
    Denied {
        /// For the log.
        text: String,
        /// For the guest.
        code: Error,
    },
    /// It went wrong.
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Sends the requests of one attempt.
pub struct HttpSession(Arc<Shared>);

/// What an attempt's requests share.
pub(super) struct Shared {
    pub(super) client: Arc<HttpClient>,
    pub(super) grants: Arc<Grants>,
    pub(super) limits: HttpLimits,
    pub(super) placeholders: Arc<Placeholders>,
    logbook: Arc<Mutex<Logbook>>,
    requests: AtomicU32,
    open: Arc<Semaphore>,
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Answer = (Response<WasiBody>, Io);

impl HttpSession {
    /// Makes the session of an attempt.
    pub fn new(
        client: Arc<HttpClient>,
        grants: Arc<Grants>,
        limits: HttpLimits,
        placeholders: Arc<Placeholders>,
        logbook: Arc<Mutex<Logbook>>,
    ) -> Self {
        Self(Arc::new(Shared {
            client,
            grants,
            limits,
            placeholders,
            logbook,
            requests: AtomicU32::new(0),
            open: Arc::new(Semaphore::new(MAX_AT_ONCE)),
        }))
    }

    /// Returns how many requests were made.
    pub fn requests(&self) -> u32 {
        let made = self.0.requests.load(Ordering::Relaxed);
        made.min(self.0.limits.requests)
    }
}

impl WasiHttpHooks for HttpSession {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        done: Io,
    ) -> Box<dyn Future<Output = Result<Answer, Error>> + Send> {
        drop(done);
        let shared = Arc::clone(&self.0);
        let options = options.unwrap_or_default();
        Box::new(async move {
            match shared.exchange(request, options).await {
                Ok(answer) => Ok(answer),
                Err(Refusal::Failed(error)) => Err(error),
                Err(Refusal::Denied { text, code }) => {
                    shared.deny(&text);
                    Err(code)
                }
            }
        })
    }

    fn p2_outgoing_body_buffer_chunks(&mut self) -> usize {
        1
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        WRITE_BYTES
    }

    fn p2_error_from_hyper(&mut self, error: &hyper::Error) -> ErrorCode {
        if error.is_incomplete_message() {
            ErrorCode::HttpResponseIncomplete
        } else {
            ErrorCode::HttpProtocolError
        }
    }

    fn p2_error_from_connect(&mut self, _: &std::io::Error) -> ErrorCode {
        ErrorCode::ConnectionRefused
    }

    fn p2_error_from_tls(&mut self, error: &std::io::Error) -> ErrorCode {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
        match cause {
            Some(rustls::Error::InvalidCertificate(_)) => ErrorCode::TlsCertificateError,
            Some(_) | None => ErrorCode::TlsProtocolError,
        }
    }
}

impl Shared {
    async fn exchange(
        &self,
        mut request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<Answer, Refusal> {
        self.count()?;
        let checked = self.check(&request)?;
        let places = self.places().await?;
        let limit = Duration::from_millis(self.limits.connect_ms);
        let limit = options.connect_timeout.map_or(limit, |own| own.min(limit));
        let connected = self.client.connect(checked.target(), limit).await?;
        self.rewrite(&mut request, &checked, connected.address)?;
        let (response, io) = self.send(request, connected, options).await?;
        let response = self.bounded(response, options.between_bytes_timeout, places)?;
        Ok((response, io))
    }

    async fn send(
        &self,
        request: Request<WasiBody>,
        connected: Connected,
        options: RequestOptions,
    ) -> Result<(Response<Incoming>, Io), Refusal> {
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(READ_BUFFER_BYTES)
            .max_headers(MAX_RESPONSE_HEADERS)
            .handshake(TokioIo::new(connected.stream))
            .await
            .map_err(Error::Hyper)?;
        let connection = AbortOnDropHandle::new(tokio::spawn(connection));
        let exceeded = Arc::new(AtomicBool::new(false));
        let limit = self.limits.request_bytes;
        let request = request.map(|body| RequestBody::new(body, limit, Arc::clone(&exceeded)));
        let sending = sender.send_request(request);
        let response = within(options.first_byte_timeout, sending).await?;
        let response = response.map_err(|error| {
            if exceeded.load(Ordering::Relaxed) {
                Error::HttpRequestBodySize(Some(limit))
            } else {
                Error::Hyper(error)
            }
        })?;
        let io = async move {
            match connection.await {
                Ok(ended) => ended.map_err(Error::Hyper),
                Err(_) => Err(Error::ConnectionTerminated),
            }
        };
        Ok((response, Box::new(io)))
    }

    /// Counts a request.
    fn count(&self) -> Result<(), Refusal> {
        let most = self.limits.requests;
        if self.requests.fetch_add(1, Ordering::Relaxed) < most {
            return Ok(());
        }
        Err(Refusal::Denied {
            text: format!(
                "the attempt has made {most} requests, which is its limit: more need \
                 `limits: {{http_requests: …}}`"
            ),
            code: Error::HttpRequestDenied,
        })
    }

    /// Takes places among the attempt's connections and those of all.
    async fn places(&self) -> Result<Places, Refusal> {
        let of_attempt = Arc::clone(&self.open).try_acquire_owned();
        let of_attempt = of_attempt.map_err(|error| match error {
            TryAcquireError::NoPermits => Refusal::Denied {
                text: format!("an attempt may have {MAX_AT_ONCE} requests open at once"),
                code: Error::ConnectionLimitReached,
            },
            TryAcquireError::Closed => Error::ConnectionLimitReached.into(),
        })?;
        let limit = Duration::from_millis(self.limits.connect_ms);
        let of_all = Arc::clone(&self.client.connections).acquire_owned();
        let of_all = tokio::time::timeout(limit, of_all).await;
        match of_all {
            Ok(Ok(of_all)) => Ok(Places {
                _of_attempt: of_attempt,
                _of_all: of_all,
            }),
            Ok(Err(_)) | Err(_) => Err(Error::ConnectionLimitReached.into()),
        }
    }

    /// Bounds a response.
    fn bounded(
        &self,
        response: Response<Incoming>,
        pause: Option<Duration>,
        places: Places,
    ) -> Result<Response<WasiBody>, Refusal> {
        let limit = self.limits.response_bytes;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Error::HttpUpgradeFailed.into());
        }
        let is_head_only = response.body().size_hint().exact() == Some(0);
        if !is_head_only && length(response.headers()).is_some_and(|size| size > limit) {
            self.deny(&format!(
                "a response is larger than {limit} bytes: that needs `limits: {{http_response: …}}`"
            ));
            return Err(Error::HttpResponseBodySize(Some(limit)).into());
        }
        Ok(response
            .map(|body| BodyExt::boxed_unsync(ResponseBody::new(body, limit, pause, places))))
    }

    fn deny(&self, text: &str) {
        let mut book = self.logbook.lock().unwrap_or_else(PoisonError::into_inner);
        book.deny(text);
    }
}

/// Waits for `work` for as long as the guest wants; the attempt's own end is not here.
async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Result<T, Refusal> {
    match limit {
        None => Ok(work.await),
        Some(limit) => match tokio::time::timeout(limit, work).await {
            Ok(done) => Ok(done),
            Err(_) => Err(Error::ConnectionReadTimeout.into()),
        },
    }
}
