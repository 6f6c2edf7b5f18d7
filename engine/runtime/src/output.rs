//! Standard output and error of a guest: split into lines and logged, or collected as a result.
//!
//! They never fail for being full: a log is cut and marked. A result that is too large ends the
//! attempt with an error of its own type.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use attune_host_api::{Level, Logbook, MAX_LINE_BYTES};
use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError};

/// What a guest may write in one call.
const PERMIT_BYTES: usize = 64 << 10;

/// How much of the end of stderr is kept to explain a failure.
const TAIL_BYTES: usize = 2 << 10;

/// The result is over its limit.
#[derive(Debug, thiserror::Error)]
#[error("the result is larger than its limit of {limit} bytes")]
pub(crate) struct OutputTooLarge {
    pub(crate) limit: usize,
}

/// Takes what a guest writes.
trait Sink: Send + 'static {
    fn take(&mut self, bytes: &[u8]) -> Result<(), OutputTooLarge>;
}

/// A stream of a guest's output; its clones write to the same place.
pub(crate) struct Output<S>(Arc<Mutex<S>>);

impl<S> Clone for Output<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> Output<S> {
    fn lock(&self) -> MutexGuard<'_, S> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lines on their way to the log.
#[derive(Debug)]
pub(crate) struct Lines {
    book: Arc<Mutex<Logbook>>,
    level: Level,
    stream: &'static str,
    line: Vec<u8>,
    tail: Vec<u8>,
}

impl Output<Lines> {
    /// Makes stdout: lines of level info.
    pub(crate) fn stdout(book: &Arc<Mutex<Logbook>>) -> Self {
        Self::lines(book, Level::Info, "stdout")
    }

    /// Makes stderr: lines of level warn, and the end of it kept.
    pub(crate) fn stderr(book: &Arc<Mutex<Logbook>>) -> Self {
        Self::lines(book, Level::Warn, "stderr")
    }

    fn lines(book: &Arc<Mutex<Logbook>>, level: Level, stream: &'static str) -> Self {
        Self(Arc::new(Mutex::new(Lines {
            book: Arc::clone(book),
            level,
            stream,
            line: Vec::new(),
            tail: Vec::new(),
        })))
    }

    /// Logs a last line that no newline ended.
    pub(crate) fn finish(&self) {
        let mut lines = self.lock();
        if !lines.line.is_empty() {
            lines.flush_line();
        }
    }

    /// Returns the end of what was written, from the beginning of a line where that is possible.
    pub(crate) fn tail(&self) -> String {
        let lines = self.lock();
        let tail = &lines.tail[lines.tail.len().saturating_sub(TAIL_BYTES)..];
        let text = String::from_utf8_lossy(tail);
        let text = if lines.tail.len() > TAIL_BYTES {
            text.split_once('\n').map_or(&*text, |(_, rest)| rest)
        } else {
            &text
        };
        text.trim_end().to_owned()
    }
}

impl Lines {
    fn flush_line(&mut self) {
        let text = String::from_utf8_lossy(&self.line);
        let text = text.trim_end_matches('\r');
        self.book().write(self.level, self.stream, text);
        self.line.clear();
    }

    fn book(&self) -> MutexGuard<'_, Logbook> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Lines {
    fn take(&mut self, bytes: &[u8]) -> Result<(), OutputTooLarge> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            // One byte over the limit is kept, so that the log sees that the line was longer.
            let room = (MAX_LINE_BYTES + 1).saturating_sub(self.line.len());
            let (kept, dropped) = text.split_at(text.len().min(room));
            self.line.extend_from_slice(kept);
            if !dropped.is_empty() {
                self.book().charge_dropped(dropped.len());
            }
            if ends {
                self.flush_line();
            }
        }
        self.tail
            .extend_from_slice(&bytes[bytes.len().saturating_sub(2 * TAIL_BYTES)..]);
        if self.tail.len() > 4 * TAIL_BYTES {
            self.tail.drain(..self.tail.len() - 2 * TAIL_BYTES);
        }
        Ok(())
    }
}

/// A result that is collected.
#[derive(Debug)]
pub(crate) struct Collected {
    bytes: Vec<u8>,
    limit: usize,
}

impl Output<Collected> {
    /// Makes an output that collects up to `limit` bytes.
    pub(crate) fn collect(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Collected {
            bytes: Vec::new(),
            limit,
        })))
    }

    /// Takes what was collected.
    pub(crate) fn collected(&self) -> Vec<u8> {
        std::mem::take(&mut self.lock().bytes)
    }
}

impl Sink for Collected {
    fn take(&mut self, bytes: &[u8]) -> Result<(), OutputTooLarge> {
        if self.bytes.len() + bytes.len() > self.limit {
            return Err(OutputTooLarge { limit: self.limit });
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

impl<S: Sink> OutputStream for Output<S> {
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        let taken = self.lock().take(&bytes);
        taken.map_err(|error| StreamError::Trap(error.into()))
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(PERMIT_BYTES)
    }
}

#[wasmtime_wasi::async_trait]
impl<S: Sink> Pollable for Output<S> {
    async fn ready(&mut self) {}
}

impl<S: Sink> AsyncWrite for Output<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let taken = self.lock().take(bytes);
        Poll::Ready(taken.map(|()| bytes.len()).map_err(std::io::Error::other))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl<S> IsTerminal for Output<S> {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl<S: Sink> StdoutStream for Output<S> {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Arc<Mutex<Logbook>> {
        Arc::new(Mutex::new(Logbook::new(1 << 20)))
    }

    fn messages(book: &Arc<Mutex<Logbook>>) -> Vec<String> {
        let lines = book.lock().unwrap().take();
        lines.iter().map(|line| line.message.to_string()).collect()
    }

    #[test]
    fn writes_become_lines() {
        let book = book();
        let mut out = Output::stdout(&book);
        for text in ["one\ntw", "o\r\n\nlast"] {
            out.write(text.into()).unwrap();
        }
        out.finish();
        assert_eq!(messages(&book), ["one", "two", "", "last"]);
    }

    #[test]
    fn endless_line_is_bounded() {
        let book = book();
        let mut out = Output::stderr(&book);
        for _ in 0..100 {
            out.write(vec![b'x'; 4096].into()).unwrap();
        }
        assert!(out.lock().line.len() <= MAX_LINE_BYTES + 1);
        assert!(out.tail().len() <= TAIL_BYTES);
        out.finish();
        assert!(messages(&book)[0].ends_with("[cut]"));
    }

    #[test]
    fn result_over_its_limit_is_an_error() {
        let mut out = Output::collect(10);
        out.write("0123456789".into()).unwrap();
        let error = out.write("x".into()).unwrap_err();
        let StreamError::Trap(error) = error else {
            panic!("expected a trap, got {error}");
        };
        assert!(error.is::<OutputTooLarge>());
        assert_eq!(out.collected(), b"0123456789");
    }
}
