//! Compiling, off the request path and bounded: in parallel, in the queue, in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use wasmtime::Engine;

/// Compilations that may wait for their turn; beyond that an upload is told to come back.
const MAX_WAITING: usize = 32;

/// Why nothing was compiled.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CompileError {
    #[error("too many components are being compiled")]
    Busy,
    #[error("compiling took more than {0} s")]
    Timeout(u64),
    #[error("{0}")]
    Broken(String),
    #[error("the compiler failed")]
    Failed,
}

/// Compiles components.
pub(crate) struct Compiler {
    engine: Engine,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    limit: Duration,
    blocking: Handle,
}

impl Compiler {
    /// Makes a compiler that uses half the cores, on the blocking threads of `blocking`.
    pub(crate) fn new(engine: Engine, limit_ms: u64, blocking: Handle) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            engine,
            turns: Arc::new(Semaphore::new((cores / 2).max(1))),
            waiting: AtomicUsize::new(0),
            limit: Duration::from_millis(limit_ms),
            blocking,
        }
    }

    /// Compiles a component to code that both engines load.
    pub(crate) async fn compile(&self, component: bytes::Bytes) -> Result<Vec<u8>, CompileError> {
        let _place = Place::take(&self.waiting).ok_or(CompileError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned();
        // One that cannot be stopped holds its turn for longer than anybody should wait.
        let turn = tokio::time::timeout(self.limit, turn).await;
        let turn = turn.map_err(|_| CompileError::Busy)?;
        let turn = turn.map_err(|_| CompileError::Failed)?;
        let engine = self.engine.clone();
        let task = self.blocking.spawn_blocking(move || {
            // The turn is held until the compiler returns, also when nobody waits for it any
            // more: a compilation cannot be stopped, and must not add up.
            let _turn = turn;
            engine.precompile_component(&component)
        });
        match tokio::time::timeout(self.limit, task).await {
            Ok(Ok(Ok(code))) => Ok(code),
            Ok(Ok(Err(error))) => Err(CompileError::Broken(explain(&error))),
            Ok(Err(_)) => Err(CompileError::Failed),
            Err(_) => Err(CompileError::Timeout(self.limit.as_secs())),
        }
    }
}

/// A place in the queue, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        if waiting.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING {
            waiting.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns the compiler's complaint in one line.
fn explain(error: &wasmtime::Error) -> String {
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    chain.join(": ").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiler(limit_ms: u64) -> Arc<Compiler> {
        let engine = Engine::default();
        Arc::new(Compiler::new(engine, limit_ms, Handle::current()))
    }

    fn component() -> bytes::Bytes {
        wat::parse_str("(component)").unwrap().into()
    }

    /// Takes all turns.
    async fn occupy(compiler: &Compiler) -> tokio::sync::OwnedSemaphorePermit {
        let all = u32::try_from(compiler.turns.available_permits()).unwrap();
        let turns = Arc::clone(&compiler.turns).acquire_many_owned(all);
        turns.await.unwrap()
    }

    #[tokio::test]
    async fn full_queue_refuses_and_empties_again() {
        let compiler = compiler(60_000);
        let turns = occupy(&compiler).await;
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..MAX_WAITING {
            let compiler = Arc::clone(&compiler);
            waiting.spawn(async move { compiler.compile(component()).await });
        }
        while compiler.waiting.load(Ordering::Relaxed) < MAX_WAITING {
            tokio::task::yield_now().await;
        }
        let refused = compiler.compile(component()).await;
        assert!(matches!(refused, Err(CompileError::Busy)), "{refused:?}");
        drop(turns);
        assert!(waiting.join_all().await.iter().all(Result::is_ok));
        assert_eq!(compiler.waiting.load(Ordering::Relaxed), 0);
        compiler.compile(component()).await.unwrap();
    }

    #[tokio::test]
    async fn nobody_waits_for_a_turn_without_end() {
        let compiler = compiler(10);
        let _turns = occupy(&compiler).await;
        let refused = compiler.compile(component()).await;
        assert!(matches!(refused, Err(CompileError::Busy)), "{refused:?}");
        assert_eq!(compiler.waiting.load(Ordering::Relaxed), 0);
    }
}
