//! Live streams as server-sent events: JSON on one line each, a sign of life when nothing happens,
//! an end with the run's, and a place to resume from.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use attune_core::RunId;
use attune_driver::handle::Observed;
use attune_driver::port::LogFilter;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::Receiver;

use super::run::visible;
use crate::auth::Reader;
use crate::error::{ApiError, Code, Result};
use crate::extract::Path;
use crate::launch::wait;
use crate::query::NoQuery;
use crate::state::App;
use crate::wire::event::EventView;
use crate::wire::log::LogView;

/// What a quiet stream sends: a comment.
const HEARTBEAT: &str = ": still here\n\n";
/// How often new log lines are looked for.
const LOG_PAUSE: Duration = Duration::from_millis(250);
/// Log lines read at once.
const LOG_BATCH: usize = 200;

/// Streams a run's events, from its first or from where `Last-Event-ID` left off.
///
/// Ends after the run's last event; a client that comes back then gets 204, which stops browsers
/// from coming again.
#[utoipa::path(
    get, path = "/runs/{id}/stream", tag = "runs",
    params(
        ("id" = u64, Path, description = "The run."),
        ("last-event-id" = Option<u64>, Header, description = "Go on behind this event."),
    ),
    responses(
        (status = 200, description = "Events, each an `Event`.", body = String, content_type = "text/event-stream"),
        (status = 204, description = "The run is over and nothing is left to tell."),
    ),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn stream_run(
    caller: Reader,
    State(app): State<App>,
    Path(id): Path<u64>,
    _: NoQuery,
    headers: HeaderMap,
) -> Result<Response> {
    let run = visible(&caller, &app, id).await?;
    follow_events(&app, run, &headers, 0).await
}

/// Streams events from number `first` on, or from where the client left off.
pub(super) async fn follow_events(
    app: &App,
    run: RunId,
    headers: &HeaderMap,
    first: u64,
) -> Result<Response> {
    let place = place(app)?;
    let first = last_event_id(headers)?.map_or(first, |last| last.saturating_add(1));
    if first > 0 {
        let inspected = app.handle.inspect(run).await?;
        if inspected.run.status().is_over() && first >= inspected.events {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
    let events = app.handle.follow(run, first).await?;
    let live = Live {
        app: app.clone(),
        events,
        _place: place,
    };
    Ok(answer(stream::unfold(live, |mut live| async {
        let chunk = live.next().await?;
        Some((Ok::<_, Infallible>(chunk), live))
    })))
}

struct Live {
    app: App,
    events: Receiver<Observed>,
    _place: OwnedSemaphorePermit,
}

impl Live {
    async fn next(&mut self) -> Option<Bytes> {
        tokio::select! {
            event = self.events.recv() => {
                let event = EventView::from(&event?);
                Some(chunk(event.number, event.kind, &event))
            }
            () = tokio::time::sleep(self.app.limits().heartbeat) => Some(HEARTBEAT.into()),
            () = self.app.shutdown.cancelled() => None,
        }
    }
}

/// Streams log lines behind the cursor `after`, or behind where the client left off.
pub(super) fn follow_logs(
    app: &App,
    run: RunId,
    filter: LogFilter,
    headers: &HeaderMap,
    after: Option<u64>,
) -> Result<Response> {
    let logs = Logs {
        run,
        filter,
        after: last_event_id(headers)?.or(after),
        lines: VecDeque::new(),
        over: false,
        quiet: Duration::ZERO,
        _place: place(app)?,
        app: app.clone(),
    };
    Ok(answer(stream::unfold(logs, |mut logs| async {
        let chunk = logs.next().await?;
        Some((Ok::<_, Infallible>(chunk), logs))
    })))
}

struct Logs {
    app: App,
    run: RunId,
    filter: LogFilter,
    after: Option<u64>,
    lines: VecDeque<LogView>,
    /// The run was over before the last look.
    over: bool,
    quiet: Duration,
    _place: OwnedSemaphorePermit,
}

impl Logs {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                self.quiet = Duration::ZERO;
                self.after = Some(line.id);
                return Some(chunk(line.id, "log", &line));
            }
            let found = self
                .app
                .views
                .logs(self.run, &self.filter, self.after, LOG_BATCH)
                .await
                .ok()?;
            if found.is_empty() {
                if self.over || self.app.shutdown.is_cancelled() {
                    return None;
                }
                self.over = wait(&self.app, self.run, LOG_PAUSE).await.ok()?;
                self.quiet += LOG_PAUSE;
                if self.quiet >= self.app.limits().heartbeat {
                    self.quiet = Duration::ZERO;
                    return Some(HEARTBEAT.into());
                }
            }
            self.lines = found.into_iter().map(LogView::from).collect();
        }
    }
}

/// Takes a place for a stream.
fn place(app: &App) -> Result<OwnedSemaphorePermit> {
    app.streams.clone().try_acquire_owned().map_err(|_| {
        let limit = app.limits().streams;
        ApiError::new(
            Code::Overloaded,
            format!("`streams`: {limit} streams are open already"),
        )
        .retry_after(10)
    })
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    let number = number.filter(|number| *number <= attune_core::RunId::MAX.0);
    number.map(Some).ok_or_else(|| {
        ApiError::new(
            Code::InvalidHeader,
            "`last-event-id` must be the number of an event",
        )
    })
}

/// One event. JSON has no line breaks, so one `data:` line holds it.
fn chunk<T: Serialize>(id: u64, kind: &str, data: &T) -> Bytes {
    let data = serde_json::to_string(data).expect("wire types always serialize");
    format!("id: {id}\nevent: {kind}\ndata: {data}\n\n").into()
}

fn answer<S>(chunks: S) -> Response
where
    S: futures::Stream<Item = std::result::Result<Bytes, Infallible>> + Send + 'static,
{
    let headers = [(header::CONTENT_TYPE, "text/event-stream")];
    (headers, Body::from_stream(chunks)).into_response()
}
