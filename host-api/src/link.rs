//! Puts all our interfaces into a linker. Which of them an action may use is decided at the call.

use wasmtime::component::{HasSelf, Linker};

use crate::bindings::attune::action::{config, context, kv, log, secrets};
use crate::state::HostState;

/// Adds `log`, `context`, `config`, `kv` and `secrets` to `linker`.
///
/// # Errors
/// If one of them is there already.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    state: fn(&mut T) -> &mut HostState,
) -> wasmtime::Result<()> {
    log::add_to_linker::<T, HasSelf<HostState>>(linker, state)?;
    context::add_to_linker::<T, HasSelf<HostState>>(linker, state)?;
    config::add_to_linker::<T, HasSelf<HostState>>(linker, state)?;
    kv::add_to_linker::<T, HasSelf<HostState>>(linker, state)?;
    secrets::add_to_linker::<T, HasSelf<HostState>>(linker, state)
}
