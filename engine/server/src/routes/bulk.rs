//! Steering many runs at once, by the filters of their list.

use attune_core::RunId;
use attune_core::run::RunStatus;
use attune_driver::handle::{Command, CommandError};
use attune_driver::port::RunFilter;
use axum::extract::State;
use futures::StreamExt as _;
use futures::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use super::run::RunsQuery;
use crate::auth::{Caller, Runner};
use crate::error::{ApiError, Code, Item, Result};
use crate::extract::OptionalJson;
use crate::limits::{LIST_MAX, LIST_SCAN};
use crate::query::{Limit, Query, given, given_id, number_cursor};
use crate::reply::Data;
use crate::state::App;
use crate::wire::bulk::{BulkBody, BulkView, RefusedView};
use crate::wire::time::Time;

/// Commands under way at once: each waits for the disk, and they share its syncs.
const AT_ONCE: usize = 32;

/// Which runs to steer.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BulkQuery {
    /// Runs at most, unless they are only counted.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 500, default = 500)]
    #[serde(default, deserialize_with = "given")]
    limit: Option<Limit>,
    /// Cursor: `next` of the answer before.
    after: Option<String>,
    /// Of this workflow.
    workflow: Option<String>,
    /// In this status; repeated: in any of them.
    #[serde(default)]
    status: Vec<String>,
    /// Created at or after.
    #[param(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "given")]
    since: Option<Time>,
    /// Created before.
    #[param(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "given")]
    until: Option<Time>,
    /// Children of this run.
    #[serde(default, deserialize_with = "given_id")]
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    parent: Option<u64>,
    /// With this label, as `name:value`; repeated: with all of them.
    #[serde(default)]
    label: Vec<String>,
    /// Text within name, workflow or error message, any case.
    search: Option<String>,
    /// Only count.
    #[serde(default)]
    dry_run: bool,
}

/// Cancels all runs that the filters match and that have not ended.
#[utoipa::path(
    post, path = "/runs/cancel", tag = "runs",
    params(BulkQuery),
    request_body = Option<BulkBody>,
    responses((status = 200, description = "What became of them.", body = Data<BulkView>)),
    extensions(("x-role" = json!("run")), ("x-semantic-422" = json!(true))),
)]
pub(crate) async fn cancel_runs(
    caller: Runner,
    State(app): State<App>,
    Query(query): Query<BulkQuery>,
    OptionalJson(body): OptionalJson<BulkBody>,
) -> Result<Data<BulkView>> {
    let mode = body.mode.unwrap_or_default().into();
    let bulk = Bulk::new(&caller, query, body, |status| !status.is_over())?;
    bulk.steer(&app, &caller, &Command::Cancel { mode }).await
}

/// Runs what failed again, in all runs that the filters match and that did not complete.
#[utoipa::path(
    post, path = "/runs/retry", tag = "runs",
    params(BulkQuery),
    request_body = Option<BulkBody>,
    responses((status = 200, description = "What became of them.", body = Data<BulkView>)),
    extensions(("x-role" = json!("run")), ("x-semantic-422" = json!(true))),
)]
pub(crate) async fn retry_runs(
    caller: Runner,
    State(app): State<App>,
    Query(query): Query<BulkQuery>,
    OptionalJson(body): OptionalJson<BulkBody>,
) -> Result<Data<BulkView>> {
    let bulk = Bulk::new(&caller, query, body, |status| {
        status.is_over() && status != RunStatus::Completed
    })?;
    let command = Command::Rerun { tasks: Vec::new() };
    bulk.steer(&app, &caller, &command).await
}

/// Refuses what a body names and a query could not.
fn check(body: &BulkBody) -> Result<()> {
    let wrong = |pointer: String, message: String| {
        let item = Item::at(pointer, message.clone());
        ApiError::new(Code::InvalidRequest, message).item(item)
    };
    if let Some(id) = body.parent
        && !(1..=RunId::MAX.0).contains(&id)
    {
        let message = format!("`{id}` is no id of a run");
        return Err(wrong("/parent".to_owned(), message));
    }
    for (place, word) in body.status.iter().enumerate() {
        if RunStatus::parse(word).is_none() {
            let message = format!("`{word}` is no status of a run");
            return Err(wrong(format!("/status/{place}"), message));
        }
    }
    for (place, label) in body.label.iter().enumerate() {
        if !label.contains(':') {
            let message = format!("`{label}` is no label: it must be `name:value`");
            return Err(wrong(format!("/label/{place}"), message));
        }
    }
    Ok(())
}

/// A request, understood.
struct Bulk {
    /// `None`: no status that is asked for allows it.
    filter: Option<RunFilter>,
    after: Option<RunId>,
    limit: usize,
    dry_run: bool,
}

impl Bulk {
    fn new(
        caller: &Caller,
        query: BulkQuery,
        body: BulkBody,
        allowed: impl Fn(RunStatus) -> bool,
    ) -> Result<Self> {
        check(&body)?;
        let after = number_cursor(query.after.as_deref())?.map(RunId);
        let limit = query.limit.map_or(LIST_MAX, |limit| limit.0);
        let dry_run = query.dry_run || body.dry_run;
        let both = |mut a: Vec<String>, b: Vec<String>| {
            a.extend(b);
            a
        };
        let filters = RunsQuery {
            limit: None,
            after: None,
            workflow: body.workflow.or(query.workflow),
            status: both(query.status, body.status),
            since: body.since.or(query.since),
            until: body.until.or(query.until),
            parent: body.parent.or(query.parent),
            label: both(query.label, body.label),
            search: body.search.or(query.search),
        };
        let mut filter = filters.filter(caller)?;
        if filter.status.is_empty() {
            filter.status = RunStatus::ALL.to_vec();
        }
        filter.status.retain(|status| allowed(*status));
        Ok(Self {
            filter: (!filter.status.is_empty()).then_some(filter),
            after,
            limit: if dry_run { LIST_SCAN } else { limit },
            dry_run,
        })
    }

    async fn steer(self, app: &App, caller: &Runner, command: &Command) -> Result<Data<BulkView>> {
        let (found, next) = self.find(app).await?;
        let mut data = BulkView {
            dry_run: self.dry_run,
            count: found.len() as u64,
            next: next.map(|run| run.to_string()),
            ..BulkView::default()
        };
        if self.dry_run {
            return Ok(Data { data });
        }
        let told = stream::iter(found).map(|run| async move {
            let told = app.handle.command(run, command.clone(), caller.name());
            (run, told.await)
        });
        let mut told = told.buffered(AT_ONCE);
        while let Some((run, result)) = told.next().await {
            match result {
                Ok(()) => data.runs.push(run.0),
                Err(error @ (CommandError::Refused(_) | CommandError::NotFound(_))) => {
                    data.refused.push(RefusedView {
                        run: run.0,
                        detail: error.to_string(),
                    });
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Data { data })
    }

    /// Returns the runs that match, and where to go on.
    async fn find(&self, app: &App) -> Result<(Vec<RunId>, Option<RunId>)> {
        let Some(filter) = &self.filter else {
            return Ok((Vec::new(), None));
        };
        let (mut found, mut after) = (Vec::new(), self.after);
        loop {
            let rows = (self.limit - found.len()).min(LIST_MAX);
            let page = app.views.run_page(filter, after, rows).await?;
            found.extend(page.runs.iter().map(|run| run.id));
            after = page.next;
            // A page may be empty and still have a next one: one request looks at one such.
            if after.is_none() || found.len() >= self.limit || page.runs.is_empty() {
                return Ok((found, after));
            }
        }
    }
}
