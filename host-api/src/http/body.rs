//! Bodies that count: what goes over its limit is an error, and a server that drips is given up.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};
use wasmtime_wasi_http::{Error, WasiBody};

type Polled = Poll<Option<Result<Frame<Bytes>, Error>>>;

/// What a guest sends, up to a limit.
pub(super) struct RequestBody {
    inner: WasiBody,
    left: u64,
    limit: u64,
    /// Set when the limit is exceeded: the client that sends the body hides its error.
    exceeded: Arc<AtomicBool>,
}

impl RequestBody {
    pub(super) fn new(inner: WasiBody, limit: u64, exceeded: Arc<AtomicBool>) -> Self {
        Self {
            inner,
            left: limit,
            limit,
            exceeded,
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let frame = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && !take(&mut self.left, frame)
        {
            self.exceeded.store(true, Ordering::Relaxed);
            let error = Error::HttpRequestBodySize(Some(self.limit));
            return Poll::Ready(Some(Err(error)));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The places among all connections that a response holds until its body is dropped.
pub(super) struct Places {
    pub(super) _of_attempt: OwnedSemaphorePermit,
    pub(super) _of_all: OwnedSemaphorePermit,
}

/// What a server sends, up to a limit.
pub(super) struct ResponseBody {
    inner: Incoming,
    left: u64,
    limit: u64,
    pause: Option<(Duration, Pin<Box<Sleep>>)>,
    _places: Places,
}

impl ResponseBody {
    /// Wraps a body; a `pause` longer than given ends it.
    pub(super) fn new(
        inner: Incoming,
        limit: u64,
        pause: Option<Duration>,
        places: Places,
    ) -> Self {
        Self {
            inner,
            left: limit,
            limit,
            pause: pause.map(|pause| (pause, Box::pin(tokio::time::sleep(pause)))),
            _places: places,
        }
    }

    fn restart(&mut self) {
        if let Some((pause, sleep)) = &mut self.pause {
            sleep.as_mut().reset(Instant::now() + *pause);
        }
    }

    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        let pause = self.pause.as_mut();
        pause.is_some_and(|(_, sleep)| sleep.as_mut().poll(cx).is_ready())
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let error = match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(Ok(frame))) if take(&mut self.left, &frame) => {
                self.restart();
                return Poll::Ready(Some(Ok(frame)));
            }
            Poll::Ready(Some(Ok(_))) => Error::HttpResponseBodySize(Some(self.limit)),
            Poll::Ready(Some(Err(error))) => error.into(),
            Poll::Pending if self.is_late(cx) => Error::ConnectionReadTimeout,
            Poll::Pending => return Poll::Pending,
        };
        Poll::Ready(Some(Err(error)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Takes a frame's data off what is left; tells whether it was enough.
fn take(left: &mut u64, frame: &Frame<Bytes>) -> bool {
    let size = frame.data_ref().map_or(0, Bytes::len) as u64;
    match left.checked_sub(size) {
        Some(rest) => {
            *left = rest;
            true
        }
        None => false,
    }
}
