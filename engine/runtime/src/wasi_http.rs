//! `wasi:http` in both worlds: sent under the grants in the real one, denied in the pure one.
//!
//! That denial is immediate, not a task of its own: nothing in a pure attempt may depend on when
//! the host gets around to something.

use std::sync::PoisonError;

use attune_host_api::http::HttpSession;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::{RequestOptions, WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::guest::Guest;

/// The interface that sends requests, in the version that the bindings link.
const OUTGOING_HANDLER: &str = "wasi:http/outgoing-handler@0.2.12";

/// The most bytes of headers that a guest may build, for each request.
const MAX_HEADER_BYTES: usize = 16 << 10;

/// What the host may hold for a guest that uses `wasi:http`: headers and two pieces of a body for
/// each resource, and what 16 open connections buffer.
pub(crate) const HELD_BYTES: u64 = 36 << 20;

/// The longest part of a URL that a denial repeats.
const MAX_SHOWN_BYTES: usize = 200;

/// State of `wasi:http` for one attempt.
pub(crate) struct Http {
    ctx: WasiHttpCtx,
    hooks: HttpSession,
}

impl Http {
    /// Makes the state of an attempt.
    pub(crate) fn new(hooks: HttpSession) -> Self {
        let mut ctx = WasiHttpCtx::new();
        ctx.set_field_size_limit(MAX_HEADER_BYTES);
        Self { ctx, hooks }
    }

    /// Returns how many requests were made.
    pub(crate) fn requests(&self) -> u32 {
        self.hooks.requests()
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.http.hooks,
            table: &mut self.table,
            ctx: &mut self.http.ctx,
        }
    }
}

/// Replaces `outgoing-handler` in `linker` by one that denies at once.
pub(crate) fn deny(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.instance(OUTGOING_HANDLER)?.func_wrap(
        "handle",
        |mut store: StoreContextMut<'_, Guest>, (request, _): (Request, Options)| {
            denied(store.data_mut(), request).map(|code| (Err::<Response, _>(code),))
        },
    )
}

type Request = Resource<HostOutgoingRequest>;
type Options = Option<Resource<RequestOptions>>;
type Response = Resource<HostFutureIncomingResponse>;

/// Logs which request was denied, and what would allow it.
fn denied(guest: &mut Guest, request: Request) -> wasmtime::Result<ErrorCode> {
    let request = guest.table.delete(request)?;
    let host = request.authority.as_deref().unwrap_or("?");
    let path = request.path_with_query.as_deref().unwrap_or("/");
    let path = path.split('?').next().unwrap_or("/");
    let end = path.floor_char_boundary(MAX_SHOWN_BYTES);
    let text = format!(
        "a request to `{host}{}` was denied: it needs a grant `http` that names it",
        &path[..end]
    );
    let book = &guest.host.logbook;
    let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
    book.deny(&text);
    Ok(ErrorCode::HttpRequestDenied)
}
