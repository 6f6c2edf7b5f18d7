//! How stores write records: one format, versioned, shared by every store.
//!
//! A value is a format-version byte followed by postcard. Golden fixtures hold every record of
//! every version, so the form of what was once written cannot change unnoticed. What cannot be
//! read is [`StoreError::Corrupt`] and names the record.

mod chunk;
mod log;
#[cfg(test)]
mod tests;

use std::fmt::Display;

use attune_core::Run;
use attune_core::effect::OpenInquiry;
use attune_core::projection::RunSummary;
use postcard::ser_flavors::Flavor;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::port::{
    ActionRecord, KvEntry, PackRecord, StoreError, TimerKind, TokenRecord, WorkflowRecord,
};

pub use chunk::{EventChunk, MAX_CHUNK_BYTES, count_events, decode_events, encode_events};
pub use log::{LogBlock, LogChunk, count_lines, decode_logs};

/// The format in which records are written. Older ones are read as long as their fixtures stand.
pub const FORMAT: u8 = 1;

/// How much room a record gets before its size is known: most are smaller.
const RECORD_GUESS_BYTES: usize = 256;

/// Something that a store keeps as one value.
pub trait Record: Serialize + DeserializeOwned {
    /// What it is called in messages.
    const NAME: &'static str;
}

macro_rules! records {
    ($($record:ty = $name:literal;)*) => {$(
        impl Record for $record {
            const NAME: &'static str = $name;
        }
    )*};
}
records! {
    RunSummary = "run";
    OpenInquiry = "inquiry";
    TimerKind = "timer";
    WorkflowRecord = "workflow";
    ActionRecord = "action";
    PackRecord = "pack";
    TokenRecord = "token";
    KvEntry = "kv entry";
    attune_core::Value = "secret";
}

/// Writes a record.
pub fn encode<R: Record>(record: &R) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(RECORD_GUESS_BYTES);
    bytes.push(FORMAT);
    write(&mut bytes, record);
    bytes
}

/// Reads a record; `key` names it in errors.
///
/// # Errors
/// [`StoreError::Corrupt`] if `bytes` is not such a record in a known format.
pub fn decode<R: Record>(key: impl Display, bytes: &[u8]) -> Result<R, StoreError> {
    let body = body(R::NAME, &key, bytes)?;
    whole(R::NAME, &key, body)
}

/// Writes a machine and the number of events it has seen.
pub fn encode_snapshot(events: u64, run: &Run) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(RECORD_GUESS_BYTES);
    bytes.push(FORMAT);
    bytes.extend_from_slice(&events.to_le_bytes());
    write(&mut bytes, run);
    bytes
}

/// Reads what [`encode_snapshot`] wrote.
///
/// # Errors
/// [`StoreError::Corrupt`] if `bytes` is not a snapshot in a known format.
pub fn decode_snapshot(key: impl Display, bytes: &[u8]) -> Result<(u64, Run), StoreError> {
    let name = "snapshot";
    let (events, machine) = body(name, &key, bytes)?
        .split_first_chunk::<8>()
        .ok_or_else(|| corrupt(name, &key, "it is cut short"))?;
    Ok((u64::from_le_bytes(*events), whole(name, &key, machine)?))
}

/// Appends the postcard form of `value`.
fn write<T: Serialize + ?Sized>(bytes: &mut Vec<u8>, value: &T) {
    postcard::serialize_with_flavor(value, Append(bytes))
        .expect("every record has a length known in advance, and memory does not refuse");
}

/// Checks the version byte and returns what follows it.
fn body<'a>(name: &str, key: &impl Display, bytes: &'a [u8]) -> Result<&'a [u8], StoreError> {
    match bytes.split_first() {
        Some((&FORMAT, body)) => Ok(body),
        Some((version, _)) => Err(corrupt(
            name,
            key,
            format_args!("its format {version} is unknown, this version reads up to {FORMAT}"),
        )),
        None => Err(corrupt(name, key, "it is empty")),
    }
}

/// Reads a value that takes up all of `bytes`.
fn whole<T: DeserializeOwned>(
    name: &str,
    key: &impl Display,
    bytes: &[u8],
) -> Result<T, StoreError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(corrupt(
            name,
            key,
            format_args!("{} bytes too many", rest.len()),
        )),
        Err(error) => Err(corrupt(name, key, error)),
    }
}

fn corrupt(name: &str, key: &impl Display, why: impl Display) -> StoreError {
    StoreError::Corrupt(format!("{name} `{key}`: {why}").into())
}

/// Lets postcard write to the end of a vector that holds something already.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
