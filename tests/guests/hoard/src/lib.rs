//! Has the host hold things or work for it, without end and at little cost of its own.

use std::mem::forget;

use attune_sdk::prelude::*;
use wasip2::cli::stdout::get_stdout;
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::types::{Fields, OutgoingRequest};
use wasip2::random::random::get_random_bytes;

/// An hour.
const LONG_NS: u64 = 3_600_000_000_000;

#[derive(Deserialize, JsonSchema)]
struct Input {
    what: What,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum What {
    /// Bodies of requests, as full as they get, none of which is sent.
    Bodies,
    /// Headers.
    Headers,
    /// Pollables.
    Pollables,
    /// Handles of one stream.
    Handles,
    /// Lines of log.
    Log,
    /// Random bytes.
    Random,
    /// Output that does not end, in large pieces.
    Output,
}

/// Hoards.
#[action]
fn hoard(input: Input) -> Result<(), ActionError> {
    let large = vec![b'x'; 1 << 20];
    let text = "x".repeat(900 << 10);
    loop {
        match input.what {
            What::Bodies => body(&large),
            What::Headers => header(&large[..15 << 10]),
            What::Pollables => forget(subscribe_duration(LONG_NS)),
            What::Handles => forget(get_stdout()),
            What::Log => info!(text),
            What::Random => drop(core::hint::black_box(get_random_bytes(64 << 10))),
            What::Output => write(&large),
        }
    }
}

fn body(bytes: &[u8]) {
    let request = OutgoingRequest::new(Fields::new());
    let body = request.body().expect("it is a new request");
    let stream = body.write().expect("it is a new body");
    while let Ok(room @ 1..) = stream.check_write() {
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        if stream.write(&bytes[..room.min(bytes.len())]).is_err() {
            break;
        }
    }
    forget((request, stream, body));
}

fn header(bytes: &[u8]) {
    let list = [("x".to_owned(), bytes.to_vec())];
    forget(Fields::from_list(&list).expect("the headers are valid"));
}

fn write(bytes: &[u8]) {
    let stream = get_stdout();
    while let Ok(room @ 1..) = stream.check_write() {
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        stream
            .write(&bytes[..room.min(bytes.len())])
            .expect("standard output takes everything");
    }
}
