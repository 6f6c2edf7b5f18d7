//! What the store's handles and its writer share: the database, the tail, the key.
//!
//! Readers take a transaction under a short read lock and then need no lock: they see the state
//! of the last commit, which is always on disk.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock};

use attune_core::RunId;
use attune_driver::port::{AppendError, Position, StoreError};
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, WriteTransaction};
use tokio::sync::{Semaphore, oneshot};

use crate::append::Prepared;
use crate::fault::{Fault, Outcome};
use crate::id::Ids;
use crate::job::{Call, Job};
use crate::journal;
use crate::open::Opener;
use crate::rule::MAX_TAIL_BYTES;
use crate::seal::Sealer;
use crate::space::Space;
use crate::table;
use crate::tail::{State, Tail, Waited};

/// Jobs that may wait for a commit at a time; they can be large (a component has 64 MiB).
const JOBS: usize = 64;

/// See the module.
pub(crate) struct Shared {
    pub(crate) opener: Opener,
    pub(crate) sealer: Sealer,
    pub(crate) space: Space,
    pub(crate) ids: Mutex<Ids>,
    /// Signals the writer.
    pub(crate) wake: Condvar,
    /// Rises with every change of the catalog.
    pub(crate) generation: AtomicU64,
    /// Up to here everything is on disk, except what a failure lost.
    pub(crate) synced: AtomicU64,
    /// Commits since the start; each is one sync.
    pub(crate) commits: AtomicU64,
    database: RwLock<Option<Database>>,
    tail: Mutex<Tail>,
    tail_bytes: AtomicUsize,
    jobs: Semaphore,
}

impl Shared {
    pub(crate) fn new(
        opener: Opener,
        sealer: Sealer,
        space: Space,
        database: Database,
    ) -> Outcome<Self> {
        let highest = highest_run(&database.begin_read()?)?;
        Ok(Self {
            opener,
            sealer,
            space,
            ids: Mutex::default(),
            wake: Condvar::new(),
            generation: AtomicU64::new(1),
            synced: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            database: RwLock::new(Some(database)),
            tail: Mutex::new(Tail::new(highest)),
            tail_bytes: AtomicUsize::new(0),
            jobs: Semaphore::new(JOBS),
        })
    }

    /// Locks the tail. Nothing that holds it panics half-way, so a poisoned lock is still sound.
    pub(crate) fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a look at the synced state.
    pub(crate) fn read(&self) -> Outcome<ReadTransaction> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or(StoreError::Closed)?;
        Ok(database.begin_read()?)
    }

    /// Begins a change: for the writer alone.
    pub(crate) fn begin(&self) -> Outcome<WriteTransaction> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or(StoreError::Closed)?;
        Ok(database.begin_write()?)
    }

    /// Takes the database away; dropping it closes it.
    pub(crate) fn take_database(&self) -> Option<Database> {
        let mut database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        database.take()
    }

    /// Puts in a database that was opened again, and takes appends.
    pub(crate) fn restore(&self, database: Database) -> Outcome<()> {
        let highest = highest_run(&database.begin_read()?)?;
        let mut place = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *place = Some(database);
        drop(place);
        self.tail().reset(highest);
        Ok(())
    }

    /// Returns how much has been appended and is not durable.
    pub(crate) fn tail_bytes(&self) -> usize {
        self.tail_bytes.load(Ordering::Relaxed)
    }

    /// Tells whether the disk does not keep up, so that nothing should be begun.
    pub(crate) fn is_busy(&self) -> bool {
        self.tail_bytes() > MAX_TAIL_BYTES
    }

    /// Returns the number of a run's events that are durable.
    pub(crate) fn synced_events(&self, run: RunId) -> Result<u64, StoreError> {
        Ok(journal::count(&self.read()?, &self.sealer, run)?)
    }

    /// Puts an append into the locked tail.
    pub(crate) fn push(
        &self,
        mut tail: MutexGuard<'_, Tail>,
        prepared: Prepared,
        expected: u64,
    ) -> Result<Position, AppendError> {
        let bytes = prepared.size_bytes();
        let (position, wake) = tail.push(prepared, expected)?;
        self.tail_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.wake_if(tail, wake);
        Ok(position)
    }

    /// Waits until `position` is durable.
    pub(crate) async fn durable(&self, position: u64) -> Result<(), StoreError> {
        let waited = {
            let mut tail = self.tail();
            let (waited, wake) = tail.wait(position);
            self.wake_if(tail, wake);
            waited
        };
        match waited {
            Waited::Over(result) => result,
            Waited::Wait(answer) => answer.await.unwrap_or(Err(StoreError::Closed)),
        }
    }

    /// Makes a change in the next commit and returns what it gave, when that is durable. `work`
    /// may run again if the commit is given up; when it gives an error it must have changed
    /// nothing. `catalog` tells whether it changes what may be kept of the catalog.
    async fn call<T, E, F>(&self, catalog: bool, work: F) -> Result<T, E>
    where
        F: FnMut(&WriteTransaction) -> Outcome<Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let permit = self.jobs.acquire().await;
        let _permit = permit.map_err(|_closed| StoreError::Closed)?;
        let (answer, receiver) = oneshot::channel();
        self.submit(Box::new(Call {
            work,
            catalog,
            given: None,
            answer,
        }))?;
        match receiver.await {
            Ok(given) => given,
            Err(_gone) => Err(StoreError::Closed.into()),
        }
    }

    /// Makes a change of the catalog: see [`Shared::call`].
    pub(crate) async fn change<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnMut(&WriteTransaction) -> Outcome<Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.call(true, work).await
    }

    /// Makes any other change: see [`Shared::call`].
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnMut(&WriteTransaction) -> Outcome<Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.call(false, work).await
    }

    fn submit(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let mut tail = self.tail();
        tail.usable()?;
        let wake = tail.push_job(job);
        self.wake_if(tail, wake);
        Ok(())
    }

    fn wake_if(&self, mut tail: MutexGuard<'_, Tail>, wake: bool) {
        if wake && tail.asleep {
            tail.asleep = false;
            drop(tail);
            self.wake.notify_one();
        }
    }

    /// Tells everybody that a batch is durable.
    pub(crate) fn settle(&self, last: u64, bytes: usize) {
        let waiters = self.tail().settle(last);
        self.synced.store(last, Ordering::Release);
        self.tail_bytes.fetch_sub(bytes, Ordering::Relaxed);
        for (_, waiter) in waiters {
            // Whoever waited may have gone.
            let _gone = waiter.send(Ok(()));
        }
    }

    /// Tells everybody that the store has failed.
    pub(crate) fn fail(&self, error: &StoreError) {
        let (waiters, jobs) = self.tail().fail(error.clone());
        self.tail_bytes.store(0, Ordering::Relaxed);
        for (_, waiter) in waiters {
            let _gone = waiter.send(Err(error.clone()));
        }
        for job in jobs {
            job.finish(Err(error.clone()));
        }
    }

    /// Asks the writer to commit what there is and to end.
    pub(crate) fn close(&self) {
        let mut tail = self.tail();
        if matches!(tail.state, State::Open) {
            tail.state = State::Closing;
        }
        self.wake_if(tail, true);
    }

    /// Reads on a thread where waiting for the disk holds nobody up.
    pub(crate) async fn scan<T: Send + 'static>(
        self: &std::sync::Arc<Self>,
        look: impl FnOnce(&Self, &ReadTransaction) -> Outcome<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = std::sync::Arc::clone(self);
        let looked = tokio::task::spawn_blocking(move || {
            let tx = shared.read()?;
            look(&shared, &tx)
        });
        match looked.await {
            Ok(result) => result.map_err(StoreError::from),
            Err(error) => Err(StoreError::Io(error.to_string().into())),
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared(..)")
    }
}

fn highest_run(tx: &ReadTransaction) -> Outcome<RunId> {
    let runs = tx.open_table(table::RUN)?;
    let last = runs.last().map_err(Fault::from)?;
    Ok(RunId(last.map_or(0, |(run, _)| run.value())))
}
