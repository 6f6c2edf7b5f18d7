//! Answers: `{"data": …}`, lists with their cursor, created and accepted ones with their place.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// An answer with one thing in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Data<T> {
    /// The thing.
    pub(crate) data: T,
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The rows.
    pub(crate) data: Vec<T>,
    /// Where to go on (`after=`), or null at the end.
    pub(crate) next: Option<String>,
}

impl<T: Serialize> IntoResponse for Data<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

impl<T> List<T> {
    /// Makes a page out of `limit + 1` rows that were asked for: the surplus row tells that there
    /// are more, `cursor` names the last one given.
    pub(crate) fn page(mut data: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> Self {
        let more = data.len() > limit;
        data.truncate(limit);
        let next = data.last().filter(|_| more).map(cursor);
        Self { data, next }
    }
}

/// Makes a JSON answer.
pub(crate) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let mut bytes = Vec::with_capacity(512);
    serde_json::to_writer(&mut bytes, body).expect("wire types always serialize");
    let mut response = (status, bytes).into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

/// Makes an answer with status, place and thing.
pub(crate) fn placed<T: Serialize>(status: StatusCode, location: &str, data: T) -> Response {
    let mut response = json(status, &Data { data });
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}
