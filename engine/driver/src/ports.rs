//! The ports one driver is built on, and the names under which the loop knows them.

use std::sync::Arc;

use crate::port::{Artifacts, Clock, Dispatch, FactSource, Random, Store, Views};

/// All that a driver needs of the world. `Debug` is left out: ports are handles.
pub struct Ports<S, D, C, R, A> {
    /// The journal.
    pub store: Arc<S>,
    /// The synced state, for readers.
    pub views: Arc<dyn Views>,
    /// Contents by digest: the sources of workflows.
    pub artifacts: Arc<A>,
    /// Answers to expressions.
    pub facts: Arc<dyn FactSource>,
    /// Takes attempts.
    pub dispatch: Arc<D>,
    /// Time.
    pub clock: Arc<C>,
    /// Chance.
    pub random: Arc<R>,
}

/// The types of one driver's ports, so that the loop has one parameter instead of five.
pub trait World: Send + Sync + 'static {
    /// The journal.
    type Store: Store;
    /// Takes attempts.
    type Dispatch: Dispatch;
    /// Time.
    type Clock: Clock;
    /// Chance.
    type Random: Random;
    /// Contents by digest.
    type Artifacts: Artifacts;

    /// Returns the ports.
    fn ports(&self) -> &PortsOf<Self>;
}

/// The ports of a [`World`].
pub type PortsOf<W> = Ports<
    <W as World>::Store,
    <W as World>::Dispatch,
    <W as World>::Clock,
    <W as World>::Random,
    <W as World>::Artifacts,
>;

impl<S: Store, D: Dispatch, C: Clock, R: Random, A: Artifacts> World for Ports<S, D, C, R, A> {
    type Store = S;
    type Dispatch = D;
    type Clock = C;
    type Random = R;
    type Artifacts = A;

    fn ports(&self) -> &PortsOf<Self> {
        self
    }
}
