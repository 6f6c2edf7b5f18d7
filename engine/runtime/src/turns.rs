//! What a guest has the host do for it, it pays for: with fuel where the host says what it cost,
//! and with its turn where the host took long.
//!
//! Fuel alone lets a guest yield while it computes. One that does little but call the host, or
//! copies text between its own components, would use hardly any and keep its thread; so each
//! return to a guest looks at the clock.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use attune_host_api::Logbook;
use wasmtime::{CallHook, CallHookHandler, Result, StoreContextMut, Trap};

use crate::guest::Guest;

/// How long a guest may go on before others get a turn: as long as its fuel lasts until it yields.
const TURN: Duration = Duration::from_millis(1);

/// The turn of one attempt.
pub(crate) struct Turn {
    since: Instant,
    book: Arc<Mutex<Logbook>>,
}

impl Turn {
    /// Begins the first turn of an attempt that writes to `book`.
    pub(crate) fn new(book: &Arc<Mutex<Logbook>>) -> Self {
        Self {
            since: Instant::now(),
            book: Arc::clone(book),
        }
    }

    /// Takes the fuel that is due for what was written.
    fn due(&self) -> u64 {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.take_fuel()
    }

    /// Tells whether it is the turn of others, and begins the next one.
    fn is_over(&mut self) -> bool {
        let now = Instant::now();
        let over = now.duration_since(self.since) >= TURN;
        if over {
            self.since = now;
        }
        over
    }
}

/// Looks at a guest whenever it gets control back from the host.
pub(crate) struct Turns;

type Handled<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

// By hand, not by `async_trait`: that would allocate a future each time.
impl CallHookHandler<Guest> for Turns {
    fn handle_call_event<'a, 'b, 'c>(
        &'a self,
        mut store: StoreContextMut<'b, Guest>,
        hook: CallHook,
    ) -> Handled<'c>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        if !matches!(hook, CallHook::ReturningFromHost) {
            return Box::pin(GoOn);
        }
        let due = store.data().turn.due();
        if due > 0
            && let Err(error) = pay(&mut store, due)
        {
            return Box::pin(std::future::ready(Err(error)));
        }
        if store.data_mut().turn.is_over() {
            return Box::pin(async {
                tokio::task::yield_now().await;
                Ok(())
            });
        }
        Box::pin(GoOn)
    }
}

/// Takes fuel from a guest.
fn pay(store: &mut StoreContextMut<'_, Guest>, due: u64) -> Result<()> {
    let left = store.get_fuel()?;
    store.set_fuel(left.saturating_sub(due))?;
    if left < due {
        return Err(Trap::OutOfFuel.into());
    }
    Ok(())
}

/// Nothing to wait for. Of no size, so that its box takes no memory.
struct GoOn;

impl Future for GoOn {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}
