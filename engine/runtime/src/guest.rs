//! What a store holds for one attempt: WASI, our own interfaces, and what limits it.

use std::sync::{Arc, Mutex};

use attune_host_api::files::{FilesView, Scratch};
use attune_host_api::{HostState, Logbook};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::limits::Limiter;
use crate::output::{Lines, Output};
use crate::pure::{PureView, Seed, SeededRandom, VirtualClock};
use crate::turns::Turn;

/// The most resources that a guest may hold. Of each the host may keep some kibibytes: headers, the
/// part of a body that is not sent yet.
pub(crate) const MAX_RESOURCES: usize = 1_024;

/// The most random bytes that one call gives.
const MAX_RANDOM_BYTES: u64 = 64 << 10;

/// State of one attempt's store.
pub(crate) struct Guest {
    pub(crate) wasi: WasiCtx,
    pub(crate) table: ResourceTable,
    pub(crate) host: HostState,
    pub(crate) limiter: Limiter,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) seed: Seed,
    pub(crate) http: crate::wasi_http::Http,
    /// Present with the grant `files: scratch`.
    pub(crate) scratch: Option<Scratch>,
    pub(crate) turn: Turn,
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl Guest {
    /// Borrows what files are.
    pub(crate) fn files(&mut self) -> FilesView<'_> {
        FilesView {
            scratch: self.scratch.as_ref(),
            table: &mut self.table,
        }
    }

    /// Borrows what the virtual clock works on.
    pub(crate) fn pure(&mut self) -> PureView<'_> {
        PureView {
            clock: &self.clock,
            seed: &self.seed,
            table: &mut self.table,
        }
    }
}

/// The world of a guest, before its linker decides which part of it is real.
pub(crate) struct World {
    /// Builds the WASI context; arguments, environment, stdin and stdout may still be set.
    pub(crate) wasi: WasiCtxBuilder,
    /// Standard error.
    pub(crate) stderr: Output<Lines>,
    /// Standard output, where it is log.
    pub(crate) stdout: Output<Lines>,
}

impl World {
    /// Makes a world with nothing in it but output, which goes to `book`. With a `seed` its
    /// randomness comes from there.
    pub(crate) fn new(book: &Arc<Mutex<Logbook>>, seed: Option<Seed>) -> Self {
        let mut wasi = WasiCtxBuilder::new();
        let (stdout, stderr) = (Output::stdout(book), Output::stderr(book));
        wasi.stdout(stdout.clone())
            .stderr(stderr.clone())
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .max_random_size(MAX_RANDOM_BYTES);
        if let Some(seed) = seed {
            wasi.secure_random(SeededRandom::new(seed.clone(), 0))
                .insecure_random(SeededRandom::new(seed, 1));
        }
        Self {
            wasi,
            stderr,
            stdout,
        }
    }
}

/// Makes an empty table of resources.
pub(crate) fn resources() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(MAX_RESOURCES);
    table
}
