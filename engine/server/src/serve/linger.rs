//! A connection that is closed in a way that lets the client read the last answer.
//!
//! An answer may come before the request's body was read: one that is too large. To close then
//! resets the connection, and the client, still sending, sees a broken pipe instead of the
//! answer. So the end is told first, and what still comes is thrown away, within bounds.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Bytes thrown away: several times the largest body that is taken.
const MAX_BYTES: usize = 256 << 20;
/// How long bytes are thrown away.
const MAX_TIME: Duration = Duration::from_secs(10);
/// Bytes read at once.
const BUFFER_BYTES: usize = 64 << 10;

/// Says that a connection's client may still be sending what nobody reads.
#[derive(Clone, Debug, Default)]
pub(super) struct Unread(Arc<AtomicBool>);

impl Unread {
    /// Says so.
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A connection that lingers at its end if something is unread.
pub(super) struct Lingering {
    stream: TcpStream,
    unread: Unread,
    end: Option<End>,
}

/// The end under way.
struct End {
    timer: Pin<Box<Sleep>>,
    buffer: Box<[u8]>,
    left: usize,
}

impl Lingering {
    /// Wraps a connection.
    pub(super) fn new(stream: TcpStream, unread: Unread) -> Self {
        Self {
            stream,
            unread,
            end: None,
        }
    }
}

impl End {
    fn new() -> Self {
        Self {
            timer: Box::pin(tokio::time::sleep(MAX_TIME)),
            buffer: vec![0; BUFFER_BYTES].into(),
            left: MAX_BYTES,
        }
    }

    /// Throws away what comes until the client ends, or a bound is reached.
    fn poll_drain(&mut self, stream: &mut TcpStream, cx: &mut Context<'_>) -> Poll<()> {
        while self.left > 0 {
            let mut buffer = ReadBuf::new(&mut self.buffer);
            match Pin::new(&mut *stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Poll::Ready(()),
                Poll::Ready(Ok(())) => self.left = self.left.saturating_sub(buffer.filled().len()),
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => return self.timer.as_mut().poll(cx),
            }
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.end.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            if !this.unread.0.load(Ordering::Relaxed) {
                return Poll::Ready(Ok(()));
            }
        }
        let end = this.end.get_or_insert_with(End::new);
        end.poll_drain(&mut this.stream, cx).map(Ok)
    }
}
