//! Questions to people, and their answers.

use attune_core::Value;
use attune_core::spec::schema::Schema;
use attune_driver::handle::Command;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::run::{after, visible};
use crate::auth::{Reader, Runner};
use crate::error::{ApiError, Code, Item, Result};
use crate::extract::{Json, Path};
use crate::idempotency::Once;
use crate::launch::mark_replayed;
use crate::limits::LIST_SCAN;
use crate::query::{NoQuery, PageQuery, Query, rows};
use crate::reply::{Data, List};
use crate::state::App;
use crate::wire::inquiry::{InquiryId, InquiryView};
use crate::wire::run::RunSummaryView;
use crate::wire::start::RespondBody;

/// Lists open inquiries, those of the newest run first.
#[utoipa::path(
    get, path = "/inquiries", tag = "inquiries",
    params(PageQuery),
    responses((status = 200, description = "Open inquiries.", body = List<InquiryView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn list_inquiries(
    caller: Reader,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<List<InquiryView>> {
    let limit = rows(query.limit);
    let mut after = query.after.as_deref().map(cursor).transpose()?;
    let (mut found, mut scanned) = (Vec::new(), 0);
    while found.len() <= limit && scanned < LIST_SCAN {
        let asked = limit + 1;
        let place = after.map(|id: InquiryId| (id.run, id.task));
        let batch = app.views.inquiries(place, asked).await?;
        let end = batch.len() < asked;
        scanned += batch.len();
        for (run, inquiry) in batch {
            after = Some(InquiryId {
                run,
                task: inquiry.task,
            });
            if caller.token().packs.is_empty() || visible(&caller, &app, run.0).await.is_ok() {
                found.push(InquiryView::new(run, inquiry));
            }
        }
        if end {
            return Ok(List::page(found, limit, |row| row.id.clone()));
        }
    }
    let mut page = List::page(found, limit, |row| row.id.clone());
    page.next = page.next.or(after.map(|id| id.to_string()));
    Ok(page)
}

fn cursor(text: &str) -> Result<InquiryId> {
    InquiryId::parse(text).ok_or_else(|| {
        let detail = "query parameter `after`: must be the id of an inquiry";
        ApiError::new(Code::InvalidQuery, detail)
    })
}

/// Returns an open inquiry.
#[utoipa::path(
    get, path = "/inquiries/{id}", tag = "inquiries",
    params(("id" = String, Path, description = "The inquiry: `RUN-TASK`.")),
    responses((status = 200, description = "The inquiry.", body = Data<InquiryView>)),
    extensions(("x-role" = json!("read"))),
)]
pub(crate) async fn get_inquiry(
    caller: Reader,
    State(app): State<App>,
    Path(id): Path<InquiryId>,
    _: NoQuery,
) -> Result<Data<InquiryView>> {
    let run = visible(&caller, &app, id.run.0).await?;
    let inspected = app.handle.inspect(run).await?;
    let inquiry = inspected.run.inquiry(id.task);
    let inquiry = inquiry.ok_or_else(|| ApiError::not_found("open inquiry", id))?;
    let data = InquiryView::new(run, inquiry);
    Ok(Data { data })
}

/// Answers an inquiry.
#[utoipa::path(
    post, path = "/inquiries/{id}/respond", tag = "inquiries",
    params(
        ("id" = String, Path, description = "The inquiry: `RUN-TASK`."),
        ("idempotency-key" = Option<String>, Header, description = "Makes repeating this request safe."),
    ),
    request_body = RespondBody,
    responses(
        (status = 200, description = "The run.", body = Data<RunSummaryView>),
        (status = 409, description = "It was answered before, this comes too late, or the key was used for another request."),
        (status = 422, description = "The answer does not fit the inquiry's schema."),
    ),
    extensions(("x-role" = json!("run")), ("x-semantic-422" = json!(true))),
)]
pub(crate) async fn respond_inquiry(
    caller: Runner,
    State(app): State<App>,
    Path(id): Path<InquiryId>,
    Once(key): Once,
    Json(body): Json<RespondBody>,
) -> Result<Response> {
    let run = visible(&caller, &app, id.run.0).await?;
    let inspected = app.handle.inspect(run).await?;
    if inspected.run.task_row(id.task).is_none() {
        return Err(ApiError::not_found("inquiry", id));
    }
    let key = key.map(|key| key.idempotency(&caller, &format!("respond {id}"), &body.value.0));
    match inspected.run.inquiry(id.task) {
        Some(inquiry) => check(inquiry.schema.as_ref(), &body.value.0)?,
        // With a key this may be the answer that closed it, once more.
        None if key.is_some() => {}
        None => {
            let detail = format!("inquiry `{id}` was answered or withdrawn");
            return Err(ApiError::new(Code::NotWaiting, detail));
        }
    }
    let command = Command::Respond {
        task: id.task,
        value: body.value.0,
    };
    let replayed = app
        .handle
        .command_once(run, command, caller.name(), key)
        .await?;
    let mut response = after(&app, run).await?.into_response();
    if replayed {
        mark_replayed(&mut response);
    }
    Ok(response)
}

/// Checks an answer against the inquiry's schema.
fn check(schema: Option<&Value>, answer: &Value) -> Result<()> {
    // A schema that is none has failed the task when it was asked.
    let Some(Ok(schema)) = schema.map(Schema::from_value) else {
        return Ok(());
    };
    let mismatches = schema.mismatches(answer);
    let items: Vec<Item> = mismatches
        .into_iter()
        .map(|mismatch| Item {
            fix: mismatch.fix,
            ..Item::at(format!("/value{}", mismatch.pointer), mismatch.message)
        })
        .collect();
    match items.first() {
        None => Ok(()),
        Some(first) => {
            let detail = format!("the answer at `{}` {}", first.pointer, first.message);
            Err(ApiError::new(Code::InvalidAnswer, detail).items(items))
        }
    }
}
