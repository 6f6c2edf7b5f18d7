//! Reading and writing a scratch file from beginning to end.

use std::sync::Arc;

use bytes::Bytes;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError};

use super::tree::File;

/// What one call reads or writes at most.
const CHUNK_BYTES: usize = 64 << 10;

/// Reads on from a place.
pub(super) struct Reader {
    pub(super) file: Arc<File>,
    pub(super) offset: u64,
}

/// Writes on from a place, or always at the end.
pub(super) struct Writer {
    pub(super) file: Arc<File>,
    /// `None` is the end, wherever that is by then.
    pub(super) offset: Option<u64>,
}

impl InputStream for Reader {
    fn read(&mut self, size: usize) -> Result<Bytes, StreamError> {
        let read = self.file.read(self.offset, size.min(CHUNK_BYTES));
        if read.is_empty() && size > 0 {
            return Err(StreamError::Closed);
        }
        self.offset += read.len() as u64;
        Ok(read.into())
    }
}

impl OutputStream for Writer {
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        let offset = self.offset.unwrap_or_else(|| self.file.len());
        let written = self.file.write(offset, &bytes);
        written.map_err(|full| StreamError::Trap(full.into()))?;
        if let Some(offset) = &mut self.offset {
            *offset += bytes.len() as u64;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(CHUNK_BYTES)
    }
}

#[async_trait::async_trait]
impl Pollable for Reader {
    async fn ready(&mut self) {}
}

#[async_trait::async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {}
}
