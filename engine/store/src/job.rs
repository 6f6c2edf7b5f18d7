//! A job is any other change than an append: what the catalog writes, a block of ids, retention.
//! The writer runs it within the next commit; whoever asked is answered when that is durable.

use std::fmt;

use attune_driver::port::StoreError;
use redb::WriteTransaction;
use tokio::sync::oneshot;

use crate::fault::Outcome;

/// See the module.
pub(crate) trait Job: Send {
    /// Makes the change. May be called again in another transaction if that one is given up.
    fn run(&mut self, tx: &WriteTransaction) -> Outcome<()>;
    /// Answers whoever asked.
    fn finish(self: Box<Self>, result: Result<(), StoreError>);
    /// Tells whether what may be kept of the catalog changes.
    fn changes_catalog(&self) -> bool;
}

impl fmt::Debug for dyn Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Job(..)")
    }
}

/// A job made of a closure that gives `Result<T, E>`; one that gives an error has changed nothing.
pub(crate) struct Call<F, T, E> {
    pub(crate) work: F,
    pub(crate) catalog: bool,
    pub(crate) given: Option<Result<T, E>>,
    pub(crate) answer: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Call<F, T, E>
where
    F: FnMut(&WriteTransaction) -> Outcome<Result<T, E>> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &WriteTransaction) -> Outcome<()> {
        self.given = Some((self.work)(tx)?);
        Ok(())
    }

    fn finish(self: Box<Self>, result: Result<(), StoreError>) {
        let answer = match (result, self.given) {
            (Ok(()), Some(given)) => given,
            (Ok(()), None) => Err(StoreError::Closed.into()),
            (Err(error), _) => Err(error.into()),
        };
        // Whoever asked may have gone; the change stands.
        let _gone = self.answer.send(answer);
    }

    fn changes_catalog(&self) -> bool {
        self.catalog
    }
}
