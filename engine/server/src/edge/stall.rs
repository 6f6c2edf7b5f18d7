//! A body that may stand still only so long. The timer exists only while bytes are awaited, so a
//! body that came with its head costs nothing.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Sleep;

/// The body stood still for too long.
#[derive(Debug, thiserror::Error)]
#[error("no more of the body came for {} seconds", .0.as_secs_f64())]
pub(crate) struct Stalled(Duration);

pin_project_lite::pin_project! {
    /// A body with a bound on the wait for its next part.
    pub(super) struct Stalling {
        #[pin]
        body: Body,
        limit: Duration,
        timer: Option<Pin<Box<Sleep>>>,
    }
}

impl Stalling {
    /// Wraps a body.
    pub(super) fn new(body: Body, limit: Duration) -> Self {
        Self {
            body,
            limit,
            timer: None,
        }
    }
}

impl HttpBody for Stalling {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.project();
        if let Poll::Ready(frame) = this.body.poll_frame(cx) {
            *this.timer = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let limit = *this.limit;
        let timer = this
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Some(Err(Stalled(limit).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
