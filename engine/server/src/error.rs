//! Problems as clients see them: one stable code each, mapped to one HTTP status, here only.
//!
//! A problem tells what the caller can mend. What went wrong inside goes to the log; the body then
//! says `internal` and nothing else.

mod code;
mod from;

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub use code::Code;

/// The media type of problems.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// What a handler answers.
pub(crate) type Result<T, E = ApiError> = std::result::Result<T, E>;

/// A problem, to be answered.
#[derive(Debug)]
pub(crate) struct ApiError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<Item>,
    retry_after: Option<u32>,
}

/// A problem as sent (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem<'a> {
    /// `urn:attune:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:attune:problem:not_found")]
    kind: String,
    /// The code in words; the same for every problem of that code.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened this time, and what to do.
    detail: &'a str,
    /// A stable word to branch on.
    #[schema(example = "not_found")]
    code: &'static str,
    /// Each single thing that is wrong, with its place.
    errors: &'a [Item],
}

/// One thing that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProblemItem)]
pub(crate) struct Item {
    /// JSON pointer into the body or file; empty is all of it.
    pub(crate) pointer: String,
    /// What is wrong there.
    pub(crate) message: String,
    /// A stable word: the diagnostic's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<Cow<'static, str>>,
    /// Line of the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
    /// Column of the line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<u32>,
    /// What to write or do instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<String>,
}

impl ApiError {
    /// Makes a problem.
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: code.retry_after(),
        }))
    }

    /// Says that there is no such thing.
    pub(crate) fn not_found(what: &str, name: impl std::fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("{what} `{name}` does not exist"))
    }

    /// Logs what went wrong inside and makes a problem that does not tell it.
    pub(crate) fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = cause, "Request failed");
        Self::new(
            Code::Internal,
            "the server failed; its log says more under the request's id",
        )
    }

    /// The same problem with one more thing that is wrong.
    pub(crate) fn item(mut self, item: Item) -> Self {
        self.0.errors.push(item);
        self
    }

    /// The same problem with all that is wrong.
    pub(crate) fn items(mut self, items: Vec<Item>) -> Self {
        self.0.errors = items;
        self
    }

    /// The same problem, to be tried again after that many seconds.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Returns the code.
    #[cfg(test)]
    pub(crate) fn code(&self) -> Code {
        self.0.code
    }
}

impl Item {
    /// Makes an item with a place and a message.
    pub(crate) fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            message: message.into(),
            ..Self::default()
        }
    }

    /// The same item with a code.
    pub(crate) fn code(self, code: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: Some(code.into()),
            ..self
        }
    }

    /// The same item with what to do.
    pub(crate) fn fix(self, fix: impl Into<String>) -> Self {
        Self {
            fix: Some(fix.into()),
            ..self
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Inner {
            code,
            detail,
            errors,
            retry_after,
        } = *self.0;
        let problem = Problem {
            kind: format!("urn:attune:problem:{}", code.as_str()),
            title: code.title(),
            status: code.status().as_u16(),
            detail: &detail,
            code: code.as_str(),
            errors: &errors,
        };
        let body = serde_json::to_vec(&problem).expect("a problem always serializes");
        let mut response = (code.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        // Answered before the body was read: what still comes cannot be told from a next request.
        if matches!(code, Code::BodyTimeout | Code::TooLarge) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
