//! One store for one attempt, with everything that limits it set before anything runs in it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use attune_core::Value;
use attune_core::event::Usage;
use attune_core::pin::AttemptLimits;
use attune_driver::port::{LogLevel, LogLine};
use attune_host_api::files::Scratch;
use attune_host_api::http::{HttpClient, HttpLimits, HttpSession, Placeholders};
use attune_host_api::{Backend, Grants, HostState, Level, Line, Logbook, Subject};
use wasmtime::{Engine, Store};
use wasmtime_wasi::p2::pipe::MemoryInputPipe;

use crate::guest::{Guest, MAX_RESOURCES, World, resources};
use crate::limits::Limiter;
use crate::output::{Collected, Lines, Output};
use crate::pure::{Seed, VirtualClock};
use crate::turns::{Turn, Turns};
use crate::wasi_http::Http;

/// Fuel after which a guest lets others run: about a millisecond.
const YIELD_FUEL: u64 = 1_000_000;

/// What one call between guest and host may copy at least.
const HOST_CALL_BYTES: usize = 1 << 20;

/// Room beside the result in what its call copies: names and structure.
const RESULT_SLACK_BYTES: usize = 64 << 10;

/// Handles a component may hold; several may be of one resource.
const MAX_HANDLES: usize = 2 * MAX_RESOURCES;

/// What a sandbox is made for.
pub(crate) struct Setup {
    pub(crate) subject: Subject,
    pub(crate) limits: AttemptLimits,
    pub(crate) grants: Arc<Grants>,
    pub(crate) http: HttpSetup,
    pub(crate) backend: Arc<dyn Backend>,
    /// Present for pure attempts.
    pub(crate) pure: Option<PureSetup>,
    /// Present for commands.
    pub(crate) command: Option<CommandSetup>,
}

/// What an attempt's requests are sent by.
pub(crate) struct HttpSetup {
    pub(crate) client: Arc<HttpClient>,
    pub(crate) limits: HttpLimits,
}

/// What a pure attempt's world starts from.
pub(crate) struct PureSetup {
    pub(crate) base_ms: u64,
    pub(crate) seed: Seed,
}

/// What a command is started with.
pub(crate) struct CommandSetup {
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) stdin: String,
}

impl CommandSetup {
    fn bytes(&self) -> usize {
        let args = self.args.iter().map(String::len).sum::<usize>();
        let env = self
            .env
            .iter()
            .map(|(name, value)| name.len() + value.len());
        args + env.sum::<usize>() + self.stdin.len()
    }
}

/// A store and what is outside of it.
pub(crate) struct Sandbox {
    pub(crate) store: Store<Guest>,
    limits: AttemptLimits,
    book: Arc<Mutex<Logbook>>,
    stdout: Output<Lines>,
    stderr: Output<Lines>,
    collected: Option<Output<Collected>>,
    /// What a command was given: arguments, environment, stdin.
    given_bytes: usize,
    started: Instant,
}

impl Sandbox {
    /// Makes a store of `engine`.
    pub(crate) fn new(engine: &Engine, setup: Setup) -> wasmtime::Result<Self> {
        let limits = setup.limits;
        let book = Arc::new(Mutex::new(Logbook::new(to_usize(limits.log_bytes))));
        let (seed, base_ms) = match setup.pure {
            Some(pure) => (Some(pure.seed), pure.base_ms),
            None => (None, 0),
        };
        let mut world = World::new(&book, seed.clone());
        let given_bytes = setup.command.as_ref().map_or(0, CommandSetup::bytes);
        let collected = setup.command.map(|command| {
            let result = Output::collect(to_usize(limits.output_bytes));
            world
                .wasi
                .args(&command.args)
                .envs(&command.env)
                .stdin(MemoryInputPipe::new(command.stdin))
                .stdout(result.clone());
            result
        });
        let placeholders = Arc::new(Placeholders::default());
        let session = HttpSession::new(
            setup.http.client,
            Arc::clone(&setup.grants),
            setup.http.limits,
            Arc::clone(&placeholders),
            Arc::clone(&book),
        );
        let scratch = setup.grants.files.then(Scratch::default);
        let guest = Guest {
            wasi: world.wasi.build(),
            table: resources(),
            host: HostState {
                subject: setup.subject,
                grants: setup.grants,
                logbook: Arc::clone(&book),
                progress: None,
                placeholders,
                secrets_given: Vec::new(),
                backend: setup.backend,
            },
            limiter: Limiter::new(limits.memory_bytes),
            clock: VirtualClock::new(base_ms),
            seed: seed.unwrap_or(Seed::Number(0)),
            http: Http::new(session),
            scratch,
            turn: Turn::new(&book),
        };
        let mut store = Store::try_new(engine, guest)?;
        store.limiter(|guest| &mut guest.limiter);
        store.set_fuel(limits.fuel)?;
        store.fuel_async_yield_interval(Some(YIELD_FUEL))?;
        store.call_hook_async(Turns);
        let result = to_usize(limits.output_bytes).saturating_add(RESULT_SLACK_BYTES);
        store.set_hostcall_fuel(result.max(HOST_CALL_BYTES));
        store.set_max_component_handles(MAX_HANDLES);
        Ok(Self {
            store,
            limits,
            book,
            stdout: world.stdout,
            stderr: world.stderr,
            collected,
            given_bytes,
            started: Instant::now(),
        })
    }

    /// Lets one call between guest and host copy so much, where that is more than it may anyway.
    pub(crate) fn allow_copies_of(&mut self, bytes: u64) {
        let most = self.store.hostcall_fuel().max(to_usize(bytes));
        self.store.set_hostcall_fuel(most);
    }

    /// Returns how long the attempt may take.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.limits.timeout_ms)
    }

    /// Returns how large the result may be.
    pub(crate) fn output_limit(&self) -> usize {
        to_usize(self.limits.output_bytes)
    }

    /// Returns how much was given to a guest that was called with `input`.
    pub(crate) fn given_bytes(&self, input: &Value) -> usize {
        match self.collected {
            Some(_) => self.given_bytes,
            None => input.to_revealed_json().len(),
        }
    }

    /// Returns what a command wrote.
    pub(crate) fn collected(&self) -> Vec<u8> {
        self.collected
            .as_ref()
            .map_or_else(Vec::new, Output::collected)
    }

    /// Returns the end of stderr.
    pub(crate) fn stderr_tail(&self) -> String {
        self.stderr.tail()
    }

    /// Returns what was used so far.
    pub(crate) fn usage(&self) -> Usage {
        let left = self.store.get_fuel().unwrap_or(0);
        Usage {
            fuel: self.limits.fuel.saturating_sub(left),
            wall_us: u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            peak_memory_bytes: self.store.data().limiter.peak_bytes(),
            attempts: 1,
            http_requests: self.store.data().http.requests(),
            ..Usage::default()
        }
    }

    /// Takes out what was denied to the action.
    pub(crate) fn denials(&self) -> Vec<Arc<str>> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.take_denials()
    }

    /// Returns the secrets that the guest was given by the host.
    pub(crate) fn secrets_given(&self) -> impl Iterator<Item = &str> {
        let given = &self.store.data().host.secrets_given;
        given.iter().map(|(_, secret)| &**secret)
    }

    /// Takes the log out.
    pub(crate) fn logs(&self) -> Vec<LogLine> {
        self.stdout.finish();
        self.stderr.finish();
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.take().into_iter().map(log_line).collect()
    }
}

/// Converts a size that came from limits, which fit the address space.
pub(crate) fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn log_line(line: Line) -> LogLine {
    LogLine {
        at: line.at,
        level: match line.level {
            Level::Trace => LogLevel::Trace,
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        },
        stream: line.stream.into(),
        message: line.message,
        fields: line.fields,
    }
}
