//! Bodies and path parameters, every rejection of which is a problem.

mod body;
mod json;
mod media;
mod name;
mod tag;

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path as AxumPath};
use axum::http::Method;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, Code};
use crate::state::App;

pub(crate) use body::{Upload, WorkflowSource};
pub(crate) use json::{AnyJson, Json, OptionalJson};
pub(crate) use media::accepts;
pub(crate) use name::{Key, Name, Ref};
pub(crate) use tag::IfMatch;

/// Parameters of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let method = parts.method.clone();
        match AxumPath::<T>::from_request_parts(parts, app).await {
            Ok(AxumPath(value)) => Ok(Self(value)),
            Err(rejection) => Err(path_problem(&method, &rejection)),
        }
    }
}

/// Nothing can stand at an impossible path; where one would be created, the name is wrong.
fn path_problem(method: &Method, rejection: &PathRejection) -> ApiError {
    let message = if let PathRejection::FailedToDeserializePathParams(error) = rejection {
        own_message(error.kind())
    } else {
        rejection.body_text()
    };
    let code = if matches!(*method, Method::PUT | Method::POST) {
        Code::InvalidName
    } else {
        Code::NotFound
    };
    ApiError::new(code, message)
}

/// The message that our own types gave, or what axum says in our words.
fn own_message(kind: &ErrorKind) -> String {
    if let ErrorKind::Message(message) | ErrorKind::DeserializeError { message, .. } = kind {
        return message.clone();
    }
    // The numbers in paths are ids.
    if let ErrorKind::ParseError { value, .. }
    | ErrorKind::ParseErrorAtKey { value, .. }
    | ErrorKind::ParseErrorAtIndex { value, .. } = kind
    {
        return format!("`{value}` is not a number");
    }
    kind.to_string()
}
