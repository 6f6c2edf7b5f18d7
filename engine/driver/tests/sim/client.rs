//! Clients: start runs, tell them things, watch them. After a crash they ask again for whatever
//! was not acknowledged.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use attune_core::{RunId, Timestamp};
use attune_driver::Handle;
use attune_driver::handle::{CommandError, Executed, StartError, Started};
use attune_driver::port::Clock;

use crate::clock::{BEGIN, VirtualClock};
use crate::disk::SimStore;
use crate::plan::{Order, Told};
use crate::record::Record;
use crate::workflows::Library;

/// Longer than any workflow takes in virtual time, pauses aside.
const LONG: Duration = Duration::from_secs(600);
/// How often an end is waited for before the run counts as hanging.
const ROUNDS: usize = 10;

/// One client in one life.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) handle: Handle,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) store: Arc<SimStore>,
    pub(crate) library: Arc<Library>,
    pub(crate) record: Arc<Mutex<Record>>,
}

/// The process died: whatever came back does not count.
#[derive(Debug)]
pub(crate) struct Dead;

impl Client {
    /// Carries an order out, from where earlier lives have come to.
    pub(crate) async fn carry_out(self, order: Order) -> Result<(), Dead> {
        let at = Timestamp(BEGIN.0 + order.after.as_millis() as u64);
        self.clock.sleep_until(at).await;
        let run = self.start(&order).await?;
        let follower = self.clone().follow(run, order.followed);
        let teller = self.tell_all(run, &order);
        let (followed, told) = tokio::join!(follower, teller);
        followed.and(told)?;
        self.wait(run).await
    }

    /// Records what came back, unless the process is dead.
    fn note(&self, note: impl FnOnce(&mut Record)) -> Result<(), Dead> {
        if self.store.fuse.is_blown() {
            return Err(Dead);
        }
        self.store.note("client", 0);
        note(&mut self.record.lock().unwrap());
        Ok(())
    }

    async fn start(&self, order: &Order) -> Result<RunId, Dead> {
        loop {
            let request = order.request(&self.library);
            let answer = if order.executed {
                let executed = self.handle.execute(request, LONG).await;
                executed.map(|executed| self.executed(executed))
            } else {
                self.handle.start(request).await.map(Ok)
            };
            match answer {
                Ok(started) => {
                    let Started { run, .. } = started?;
                    self.note(|record| record.start(order.key, run))?;
                    return Ok(run);
                }
                Err(StartError::KeyReused) => panic!("key {} was used by nobody else", order.key),
                Err(StartError::Busy | StartError::Stopping | StartError::Store(_)) => {
                    self.pause_after_failure().await?;
                }
            }
        }
    }

    fn executed(&self, executed: Executed) -> Result<Started, Dead> {
        let started = executed.started;
        if let Some(ended) = executed.ended {
            let (status, output) = (ended.run.status(), ended.run.output().clone());
            self.note(|record| record.end(started.run, status, output))?;
        }
        Ok(started)
    }

    async fn pause_after_failure(&self) -> Result<(), Dead> {
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.note(|_| ())
    }

    async fn tell_all(&self, run: RunId, order: &Order) -> Result<(), Dead> {
        for (after, told) in &order.orders {
            tokio::time::sleep(*after).await;
            self.tell(run, *told).await?;
        }
        Ok(())
    }

    async fn tell(&self, run: RunId, told: Told) -> Result<(), Dead> {
        loop {
            let answer = self.handle.command(run, told.command(), "tester".into());
            match answer.await {
                Ok(()) => return self.note(|record| record.told.push((run, told))),
                Err(CommandError::Refused(_) | CommandError::KeyReused) => return Ok(()),
                Err(CommandError::NotFound(_)) => {
                    self.note(|_| ())?;
                    panic!("run {run} was acknowledged and is gone")
                }
                Err(CommandError::Busy | CommandError::Store(_)) => {
                    self.pause_after_failure().await?;
                }
            }
        }
    }

    /// Follows a run from its first event.
    async fn follow(self, run: RunId, wanted: bool) -> Result<(), Dead> {
        let mut next = 0;
        let mut over = !wanted;
        while !over {
            let Ok(mut live) = self.handle.follow(run, next).await else {
                self.pause_after_failure().await?;
                continue;
            };
            while let Some(observed) = live.recv().await {
                assert_eq!(
                    observed.number, next,
                    "a follower of run {run} missed events"
                );
                next += 1;
                over = observed.status.is_over();
                self.note(|record| record.see(run, observed))?;
            }
            self.note(|_| ())?;
        }
        Ok(())
    }

    /// Waits for the end; a run that is paused is let go on.
    async fn wait(&self, run: RunId) -> Result<(), Dead> {
        for _ in 0..ROUNDS {
            match self.handle.wait(run, LONG).await {
                Ok(true) => return self.look(run).await,
                Ok(false) => self.tell(run, Told::Resume).await?,
                Err(CommandError::NotFound(_)) => {
                    self.note(|_| ())?;
                    panic!("run {run} was acknowledged and is gone")
                }
                Err(_failed) => self.pause_after_failure().await?,
            }
        }
        self.note(|_| ())?;
        let inspected = self.handle.inspect(run).await;
        panic!("run {run} never ends: {inspected:#?}")
    }

    async fn look(&self, run: RunId) -> Result<(), Dead> {
        loop {
            if let Ok(inspected) = self.handle.inspect(run).await {
                let run_now = inspected.run;
                let (status, output) = (run_now.status(), run_now.output().clone());
                return self.note(|record| record.end(run, status, output));
            }
            self.pause_after_failure().await?;
        }
    }
}
