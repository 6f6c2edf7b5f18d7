//! The two worlds a component can be linked to: the real one, where all that has no grant is
//! denied, and the pure one, where clock and randomness are the engine's own.
//!
//! WASI 0.2 is linked whole in both, so that what is linked, not what is imported, decides. Its
//! files are the engine's own, in memory: no path of the host is linked at all.

use attune_host_api::{add_to_linker, files};
use wasmtime::component::Linker;
use wasmtime::{Engine, Result};
use wasmtime_wasi::p2::bindings::{clocks, io, random};

use crate::guest::Guest;
use crate::pure::Pure;

/// The linkers of one engine.
pub(crate) struct Linkers {
    /// For attempts whose effects are real.
    pub(crate) effectful: Linker<Guest>,
    /// For pure attempts.
    pub(crate) pure: Linker<Guest>,
}

impl Linkers {
    /// Builds both.
    pub(crate) fn new(engine: &Engine) -> Result<Self> {
        Ok(Self {
            effectful: effectful(engine)?,
            pure: pure(engine)?,
        })
    }
}

fn effectful(engine: &Engine) -> Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    linker.allow_shadowing(true);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    files::add_to_linker(&mut linker, Guest::files)?;
    add_to_linker(&mut linker, |guest: &mut Guest| &mut guest.host)?;
    Ok(linker)
}

fn pure(engine: &Engine) -> Result<Linker<Guest>> {
    let mut linker = effectful(engine)?;
    crate::wasi_http::deny(&mut linker)?;
    clocks::monotonic_clock::add_to_linker::<Guest, Pure>(&mut linker, Guest::pure)?;
    clocks::wall_clock::add_to_linker::<Guest, Pure>(&mut linker, Guest::pure)?;
    io::poll::add_to_linker::<Guest, Pure>(&mut linker, Guest::pure)?;
    random::insecure_seed::add_to_linker::<Guest, Pure>(&mut linker, Guest::pure)?;
    Ok(linker)
}
