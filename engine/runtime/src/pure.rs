//! What a pure attempt sees instead of the world: a clock that moves by itself, randomness from a
//! seed. The same attempt gets the same bytes, after a restart too.

mod clock;
mod poll;
mod random;

pub(crate) use clock::VirtualClock;
pub(crate) use random::{Seed, SeededRandom, canonical};

use std::sync::Arc;

use wasmtime::component::{HasData, ResourceTable};

/// Borrows what the virtual clock and poll work on.
pub(crate) struct PureView<'a> {
    pub(crate) clock: &'a Arc<VirtualClock>,
    pub(crate) seed: &'a Seed,
    pub(crate) table: &'a mut ResourceTable,
}

/// Names [`PureView`] to the linker.
pub(crate) struct Pure;

impl HasData for Pure {
    type Data<'a> = PureView<'a>;
}
