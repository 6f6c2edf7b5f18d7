//! One attempt, from its input to its outcome. Nothing here fails: every error is an outcome.

use std::sync::Arc;

use attune_core::error::{Failure, kind};
use attune_core::event::{Outcome, Usage};
use attune_core::pin::Invocation;
use attune_core::{Timestamp, Value};
use attune_driver::port::{Attempt, Finished, LogLevel, LogLine};
use attune_host_api::files::SCRATCH_BYTES;
use attune_host_api::http::HttpLimits;
use attune_host_api::{Grants, Subject};
use tokio_util::sync::CancellationToken;

use crate::admission::Admitted;
use crate::component::{Entry, Prepared};
use crate::outcome::{self, Phase};
use crate::pure::Seed;
use crate::runtime::Inner;
use crate::sandbox::{HttpSetup, PureSetup, Sandbox, Setup};
use crate::{command, results, secret, typed};

/// Runs an attempt on the thread that polls this.
pub(crate) async fn run(inner: &Inner, attempt: Attempt, stop: CancellationToken) -> Finished {
    let (outcome, usage, logs) = reuse_or_perform(inner, &attempt, &stop).await;
    Finished {
        id: attempt.id,
        outcome,
        usage,
        logs,
    }
}

/// An attempt's end, before it has a name.
pub(crate) type Done = (Outcome, Usage, Vec<LogLine>);

/// Takes the result that the same attempt had before, where the task allows it.
async fn reuse_or_perform(inner: &Inner, attempt: &Attempt, stop: &CancellationToken) -> Done {
    let Some((key, most)) = results::reusable(attempt) else {
        return perform(inner, attempt, stop).await;
    };
    if let Some(value) = inner.results.get(key, most) {
        let usage = Usage {
            attempts: 1,
            ..Usage::default()
        };
        return (Outcome::Succeeded(value), usage, vec![reused()]);
    }
    let done = perform(inner, attempt, stop).await;
    if let (Outcome::Succeeded(value), usage, _) = &done {
        let bytes = usize::try_from(usage.output_bytes).unwrap_or(usize::MAX);
        inner.results.put(key, value, bytes);
    }
    done
}

/// Says in the log of an attempt why it used nothing.
fn reused() -> LogLine {
    LogLine {
        at: crate::runtime::now(),
        level: LogLevel::Debug,
        stream: "log".into(),
        message: "the result is one from before (`cache`)".into(),
        fields: Vec::new(),
    }
}

async fn perform(inner: &Inner, attempt: &Attempt, stop: &CancellationToken) -> Done {
    let entered = tokio::select! {
        biased;
        entered = enter(inner, attempt) => entered,
        () = stop.cancelled() => return (Outcome::Interrupted, Usage::default(), Vec::new()),
    };
    let (prepared, mut admitted, mut sandbox) = match entered {
        Ok(entered) => entered,
        Err(failure) => return (Outcome::Failed(failure), Usage::default(), Vec::new()),
    };
    let deadline = tokio::time::Instant::now() + sandbox.timeout();
    let ended = {
        let call = admitted.run(call(&mut sandbox, &prepared, &attempt.input));
        tokio::select! {
            biased;
            called = tokio::time::timeout_at(deadline, call) => match called {
                Ok(called) => Ended::Called(called),
                Err(_) => Ended::Stopped(Outcome::TimedOut),
            },
            () = stop.cancelled() => Ended::Stopped(Outcome::Interrupted),
        }
    };
    let done = finish(&sandbox, ended, &attempt.input);
    secret::hidden(done, &attempt.input, sandbox.secrets_given())
}

/// Waits for the component and for a place, and makes the store.
async fn enter(
    inner: &Inner,
    attempt: &Attempt,
) -> Result<(Arc<Prepared>, Admitted, Sandbox), Failure> {
    let prepared = prepare(inner, attempt).await?;
    let allowed = allowed(inner, attempt).await?;
    let short = allowed.grants.http.is_empty() && !allowed.grants.files;
    let mut reserved = attempt.limits;
    reserved.memory_bytes = reserved.memory_bytes.saturating_add(prepared.held_bytes);
    if allowed.grants.files {
        reserved.memory_bytes = reserved.memory_bytes.saturating_add(SCRATCH_BYTES);
    }
    let admitted = inner.admission.admit(&reserved, short).await;
    let setup = setup(inner, attempt, allowed)?;
    let mut sandbox = Sandbox::new(prepared.pre.engine(), setup)
        .map_err(|error| outcome::failure(&error, Phase::Instantiate))?;
    if let Entry::Typed(entry) = &prepared.entry {
        sandbox.allow_copies_of(entry.held_bytes());
    }
    Ok((prepared, admitted, sandbox))
}

/// How a call ended.
enum Ended {
    /// It came back.
    Called(Called),
    /// It was stopped.
    Stopped(Outcome),
}

/// What a call copied in and out, and its result.
pub(crate) struct Called {
    pub(crate) input_bytes: usize,
    pub(crate) output_bytes: usize,
    pub(crate) result: Result<Value, Failure>,
}

fn finish(sandbox: &Sandbox, ended: Ended, input: &Value) -> Done {
    let mut usage = sandbox.usage();
    let outcome = match ended {
        Ended::Stopped(outcome) => {
            usage.input_bytes = sandbox.given_bytes(input) as u64;
            outcome
        }
        Ended::Called(called) => {
            usage.input_bytes = called.input_bytes as u64;
            usage.output_bytes = called.output_bytes as u64;
            match called.result {
                Ok(value) => Outcome::Succeeded(value),
                Err(failure) => {
                    let failure = outcome::with_stderr(failure, sandbox.stderr_tail());
                    Outcome::Failed(outcome::with_denials(failure, &sandbox.denials()))
                }
            }
        }
    };
    (outcome, usage, sandbox.logs())
}

async fn prepare(inner: &Inner, attempt: &Attempt) -> Result<Arc<Prepared>, Failure> {
    let action = &attempt.action;
    let loaded = inner.library.get(action.digest).await.map_err(|error| {
        let failure = Failure::engine(kind::ENGINE, error.to_string());
        failure.retryable()
    })?;
    let prepared = loaded.prepare(&action.invocation, attempt.pure);
    prepared.map_err(|error| {
        let text = format!("the component of `{}` cannot be linked", action.reference);
        tracing::error!(action = %action.reference, %error, "a component cannot be linked");
        Failure::engine(kind::ENGINE, text)
    })
}

/// What an attempt may do beside computing.
struct Allowed {
    grants: Arc<Grants>,
    http: HttpLimits,
}

/// Returns what is allowed. A pure attempt may nothing by definition.
async fn allowed(inner: &Inner, attempt: &Attempt) -> Result<Allowed, Failure> {
    if attempt.pure {
        return Ok(Allowed {
            grants: Arc::clone(&inner.no_grants),
            http: HttpLimits::default(),
        });
    }
    let action = &attempt.action;
    let wanted = inner.backend.granted(&action.reference, action.revision);
    let wanted = wanted
        .await
        .map_err(|error| Failure::engine(kind::ENGINE, error.to_string()).retryable())?;
    let grants = Grants::parse(&wanted.grants).map_err(|error| {
        let text = format!(
            "the grants of `{}` are not valid: {error}",
            action.reference
        );
        Failure::engine(kind::ENGINE, text)
    })?;
    Ok(Allowed {
        grants: Arc::new(grants.within(&inner.settings.grants)),
        http: crate::manifest::http_limits(&wanted.manifest),
    })
}

fn setup(inner: &Inner, attempt: &Attempt, allowed: Allowed) -> Result<Setup, Failure> {
    let mut limits = inner.settings.limits.clamp(attempt.limits);
    if let Some(timeout) = attempt.context.timeout {
        limits.timeout_ms = limits.timeout_ms.min(timeout.0);
    }
    let now = crate::runtime::now();
    if let Some(deadline) = attempt.context.deadline {
        limits.timeout_ms = limits.timeout_ms.min(deadline.since(now).0);
    }
    let pure = attempt.pure.then(|| pure_setup(attempt));
    let start = pure.as_ref().map_or(now, |pure| Timestamp(pure.base_ms));
    let action = &attempt.action;
    Ok(Setup {
        subject: Subject {
            id: attempt.id,
            action: Arc::clone(&action.reference),
            revision: action.revision,
            pack: Arc::clone(&attempt.pack),
            config: attempt.config.clone(),
            deadline: Timestamp(start.0.saturating_add(limits.timeout_ms)),
            idempotency_key: attempt.context.idempotency_key,
        },
        limits,
        grants: allowed.grants,
        http: HttpSetup {
            client: Arc::clone(&inner.http),
            limits: allowed.http,
        },
        backend: Arc::clone(&inner.backend),
        pure,
        command: match &action.invocation {
            Invocation::Command { args, env, stdin } => {
                Some(command::setup(args, env, stdin.as_deref(), &attempt.input)?)
            }
            Invocation::Handler | Invocation::Typed { .. } => None,
        },
    })
}

/// Where a pure attempt's clock starts and what its randomness comes from: the task execution,
/// or, for what may be answered from a cache, the content alone.
fn pure_setup(attempt: &Attempt) -> PureSetup {
    let action = &attempt.action;
    if !action.cacheable {
        return PureSetup {
            base_ms: attempt.context.first_started.0,
            seed: Seed::Number(attempt.context.seed),
        };
    }
    PureSetup {
        base_ms: 0,
        seed: Seed::Content {
            digest: action.digest,
            function: match &action.invocation {
                Invocation::Handler | Invocation::Command { .. } => "run".into(),
                Invocation::Typed { function, .. } => Arc::clone(function),
            },
            input: attempt.input.clone(),
        },
    }
}

/// Makes the instance and calls it.
async fn call(sandbox: &mut Sandbox, prepared: &Prepared, input: &Value) -> Called {
    let instance = prepared.pre.instantiate_async(&mut sandbox.store).await;
    let instance = match instance {
        Ok(instance) => instance,
        Err(error) => return Called::failed(outcome::failure(&error, Phase::Instantiate)),
    };
    match &prepared.entry {
        Entry::Handler(indices) => {
            let guest = match indices.load(&mut sandbox.store, &instance) {
                Ok(guest) => guest,
                Err(error) => {
                    return Called::failed(outcome::failure(&error, Phase::Instantiate));
                }
            };
            handler(sandbox, &guest, input).await
        }
        Entry::Typed(entry) => typed::call(sandbox, &instance, entry, input).await,
        Entry::Command(index) => command::call(sandbox, &instance, index, input).await,
    }
}

async fn handler(
    sandbox: &mut Sandbox,
    guest: &attune_host_api::bindings::exports::attune::action::handler::Guest,
    input: &Value,
) -> Called {
    let input = input.to_revealed_json();
    let called = guest.call_run(&mut sandbox.store, &input).await;
    let (output_bytes, result) = match called {
        Ok(Ok(text)) => (text.len(), sandbox.checked(&text)),
        Ok(Err(error)) => (0, Err(outcome::reported(error))),
        Err(error) => (0, Err(outcome::failure(&error, Phase::Call))),
    };
    Called {
        input_bytes: input.len(),
        output_bytes,
        result,
    }
}

impl Sandbox {
    /// Checks the size of a result and parses it.
    pub(crate) fn checked(&self, text: &str) -> Result<Value, Failure> {
        self.fits(text.len())?;
        outcome::result(text)
    }

    /// Checks the size of a result.
    pub(crate) fn fits(&self, bytes: usize) -> Result<(), Failure> {
        let limit = self.output_limit();
        if bytes <= limit {
            return Ok(());
        }
        let error = crate::output::OutputTooLarge { limit };
        Err(Failure::engine(kind::OUTPUT_TOO_LARGE, error.to_string()))
    }
}

impl Called {
    /// A call that did not come to have a result.
    pub(crate) fn failed(failure: Failure) -> Self {
        Self {
            input_bytes: 0,
            output_bytes: 0,
            result: Err(failure),
        }
    }
}
