//! `attune serve`: opens the store, starts the engine, listens until asked to stop.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use attune_core::{Millis, Timestamp};
use attune_driver::port::Clock;
use attune_driver::system::SystemClock;
use attune_server::auth;
use attune_store::Store;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::cli::{AuthMode, ServeArgs};
use crate::config::Config;
use crate::engine::{Counters, Engine, Setup};
use crate::output::error::{CliError, Context, Result};
use crate::{install, profile, telemetry};

/// Pause between two rounds of removing what is too old.
const RETENTION_PAUSE: Duration = Duration::from_secs(60);
/// Pause after a round that failed, or between batches of a round.
const BATCH_PAUSE: Duration = Duration::from_millis(100);

/// Runs a server until SIGTERM or Ctrl-C.
///
/// # Errors
/// If it cannot be started.
pub(crate) async fn run(args: ServeArgs) -> Result {
    let config = Config::load(&args)?;
    telemetry::init(config.log_format.value);
    let stop = stop_on_signal()?;
    let listener = listen(config.listen.value).await?;
    let store = open(&config.data.value).await?;
    let engine = Engine::start(Arc::new(store.clone()), setup(&config, &store)?).await?;
    install::standard(&*engine.catalog, &engine.runtime, |_reference| true).await?;
    let token = match config.auth.value {
        AuthMode::None => None,
        AuthMode::Token => auth::first_token(&*engine.catalog, &config.data.value)
            .await
            .context(|| "cannot make the first token".into())?,
    };
    announce(&listener, token.as_ref().map(|token| &*token.path))?;

    let mut background = JoinSet::new();
    background.spawn(retire(store.clone(), config.retention.value, stop.clone()));
    let served = engine.server.serve(listener, stop.clone()).await;
    stop.cancel();
    engine.stop().await;
    while background.join_next().await.is_some() {}
    let closed = tokio::task::spawn_blocking(move || store.close()).await;
    tracing::info!("stopped");
    served.context(|| "the server failed".into())?;
    closed.context(|| "the store did not close".into())
}

fn setup(config: &Config, store: &Store) -> Result<Setup> {
    let counted = store.clone();
    let counters: Counters = Arc::new(move || {
        let commits = counted.commits();
        format!(
            "# HELP attune_store_commits_total Commits of the store, each with one sync.\n\
             # TYPE attune_store_commits_total counter\nattune_store_commits_total {commits}\n"
        )
    });
    let limits = config.limits.value.apply()?;
    let runtime = attune_runtime::Settings {
        cache_dir: Some(config.data.value.join("compiled")),
        component_bytes: limits.component_bytes as u64,
        ..attune_runtime::Settings::default()
    };
    Ok(Setup {
        runtime: config.sandbox.value.apply(runtime)?,
        driver: attune_driver::Config {
            grace: config.grace.value,
            ..attune_driver::Config::default()
        },
        server: attune_server::Config {
            auth: match config.auth.value {
                AuthMode::Token => attune_server::AuthMode::Tokens,
                AuthMode::None => attune_server::AuthMode::None,
            },
            hosts: config.hosts.value.clone(),
            limits,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        counters,
    })
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|cause| {
        CliError::failed(format!("cannot listen on {address}"))
            .caused_by(&cause)
            .hint(format!("{}choose another with `--listen`", remedy(&cause)))
    })
}

/// Returns how a hint begins for a port that cannot be had.
fn remedy(cause: &std::io::Error) -> &'static str {
    if cause.kind() == ErrorKind::AddrNotAvailable {
        "this machine does not have that address: "
    } else if cause.kind() == ErrorKind::PermissionDenied {
        "ports below 1024 need a privilege: "
    } else {
        "stop what listens there, or "
    }
}

async fn open(data: &Path) -> Result<Store> {
    let path = data.to_owned();
    let opened =
        tokio::task::spawn_blocking(move || Store::open(path, attune_store::Options::default()));
    let opened = opened.await.context(|| "the store was not opened".into())?;
    opened
        .context(|| format!("cannot open the store in `{}`", data.display()))
        .map_err(|error| error.hint("`--data` names the folder of the server's state"))
}

/// Says where the server listens, to people and to the command line's profile.
fn announce(listener: &TcpListener, token_file: Option<&Path>) -> Result {
    let address = listener
        .local_addr()
        .context(|| "the listener has no address".into())?;
    let url = format!("http://{address}");
    if let Err(error) = profile::save_local(&url, token_file) {
        tracing::warn!(%error, "the command line's profile was not written");
    }
    let mut out = std::io::stdout().lock();
    // Nobody may be reading: a server without an audience serves all the same.
    let _closed = writeln!(out, "listening on {url}").and_then(|()| out.flush());
    tracing::info!(%address, "listening");
    Ok(())
}

/// Returns a token that is cancelled by SIGTERM or Ctrl-C.
fn stop_on_signal() -> Result<CancellationToken> {
    let failed = || "cannot listen to signals".to_owned();
    let mut terminate = signal(SignalKind::terminate()).context(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).context(failed)?;
    let stop = CancellationToken::new();
    let cancel = stop.clone();
    // Ends with the process; until then a second signal changes nothing.
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        cancel.cancel();
    });
    Ok(stop)
}

/// Removes runs and contents that are too old, batch by batch.
async fn retire(store: Store, keep: Duration, stop: CancellationToken) {
    let clock = SystemClock::default();
    let keep = Millis(u64::try_from(keep.as_millis()).unwrap_or(u64::MAX));
    loop {
        let now: Timestamp = clock.now();
        let pause = match store.remove_old(now, keep).await {
            Ok(removed) if removed.is_anything() => BATCH_PAUSE,
            Ok(_nothing) => RETENTION_PAUSE,
            Err(error) => {
                tracing::warn!(%error, "what is too old was not removed");
                RETENTION_PAUSE
            }
        };
        if stop
            .run_until_cancelled(tokio::time::sleep(pause))
            .await
            .is_none()
        {
            return;
        }
    }
}
