//! `wasi:http`: linked, so that components which import it load, and denied.
//!
//! The denial is immediate, not a task of its own: nothing in a pure attempt may depend on when
//! the host gets around to something.

use std::sync::{Arc, Mutex, PoisonError};

use attune_host_api::{Level, Logbook};
use http::Request;
use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, RequestOptions as WitOptions};
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::p2::{HttpError, HttpResult};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::guest::Guest;

/// The most bytes of headers that a guest may build.
const MAX_HEADER_BYTES: usize = 32 << 10;

/// The longest part of a URL that a denial repeats.
const MAX_SHOWN_BYTES: usize = 200;

/// State of `wasi:http` for one attempt.
pub(crate) struct Http {
    ctx: WasiHttpCtx,
    hooks: Deny,
}

impl Http {
    /// Makes the state of an attempt that may send nothing.
    pub(crate) fn denied() -> Self {
        let mut ctx = WasiHttpCtx::new();
        ctx.set_field_size_limit(MAX_HEADER_BYTES);
        Self { ctx, hooks: Deny }
    }
}

/// Sends nothing.
struct Deny;

type Sent = Result<
    (
        http::Response<WasiBody>,
        Box<dyn Future<Output = Result<(), Error>> + Send>,
    ),
    Error,
>;

impl WasiHttpHooks for Deny {
    fn send_request(
        &mut self,
        _: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        Box::new(std::future::ready(Err(Error::HttpRequestDenied)))
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

/// Borrows what denying a request needs.
pub(crate) struct DenyView<'a> {
    pub(crate) table: &'a mut ResourceTable,
    pub(crate) logbook: &'a Arc<Mutex<Logbook>>,
}

/// Names [`DenyView`] to the linker.
pub(crate) struct DenyHttp;

impl HasData for DenyHttp {
    type Data<'a> = DenyView<'a>;
}

impl outgoing_handler::Host for DenyView<'_> {
    fn handle(
        &mut self,
        request: Resource<HostOutgoingRequest>,
        _: Option<Resource<WitOptions>>,
    ) -> HttpResult<Resource<HostFutureIncomingResponse>> {
        let request = self.table.delete(request).map_err(HttpError::trap)?;
        let host = request.authority.as_deref().unwrap_or("?");
        let path = request.path_with_query.as_deref().unwrap_or("/");
        let path = path.split('?').next().unwrap_or("/");
        let end = path.floor_char_boundary(MAX_SHOWN_BYTES.min(path.len()));
        let text = format!(
            "a request to `{host}{}` was denied: it needs a grant `http` that names it",
            &path[..end]
        );
        let mut book = self.logbook.lock().unwrap_or_else(PoisonError::into_inner);
        book.write(Level::Warn, "log", &text);
        Err(ErrorCode::HttpRequestDenied.into())
    }
}
