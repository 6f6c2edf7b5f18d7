//! The stable codes of problems, each with its HTTP status and title.

use axum::http::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:ident, $title:literal;)*) => {
        /// A stable code of a problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the word that stands in `code`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Returns the HTTP status.
            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// Returns the code in words.
            pub(crate) fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is no JSON.
    InvalidJson = "invalid_json", BAD_REQUEST, "The body is not valid JSON";
    /// The body is no text, or broken multipart.
    InvalidBody = "invalid_body", BAD_REQUEST, "The body cannot be read";
    /// A query parameter is unknown or has the wrong type.
    InvalidQuery = "invalid_query", BAD_REQUEST, "A query parameter is wrong";
    /// A header has a wrong form.
    InvalidHeader = "invalid_header", BAD_REQUEST, "A header is wrong";
    /// No token, or one that is not valid.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "A valid token is needed";
    /// The token's role is too low.
    ForbiddenRole = "forbidden_role", FORBIDDEN, "The token's role does not allow this";
    /// The token is limited to other packs.
    ForbiddenScope = "forbidden_scope", FORBIDDEN, "The token is limited to other packs";
    /// The `Host` is not one of the server's names.
    ForbiddenHost = "forbidden_host", FORBIDDEN, "The server does not go by this host name";
    /// A web page of another origin sent this.
    ForbiddenOrigin = "forbidden_origin", FORBIDDEN, "Requests of other web pages are refused";
    /// There is no such thing.
    NotFound = "not_found", NOT_FOUND, "Not found";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The path has no such method";
    /// None of the accepted media types can be given.
    NotAcceptable = "not_acceptable", NOT_ACCEPTABLE, "No accepted media type is available";
    /// The body stood still for too long.
    BodyTimeout = "body_timeout", REQUEST_TIMEOUT, "The body did not arrive in time";
    /// It exists already.
    AlreadyExists = "already_exists", CONFLICT, "It exists already";
    /// Others use it.
    InUse = "in_use", CONFLICT, "It is in use";
    /// The idempotency key came with another request.
    KeyReused = "idempotency_key_reused", CONFLICT, "The idempotency key was used for another request";
    /// The workflow is disabled.
    WorkflowDisabled = "workflow_disabled", CONFLICT, "The workflow is disabled";
    /// The action waits for an admin.
    PendingApproval = "pending_approval", CONFLICT, "The action waits for approval";
    /// The run's status forbids it.
    StateForbids = "state_forbids", CONFLICT, "The run's state forbids this";
    /// The run has not ended.
    RerunActive = "rerun_active", CONFLICT, "The run is still active";
    /// No failure to run again.
    RerunNothing = "rerun_nothing", CONFLICT, "There is nothing to run again";
    /// A named task never ran.
    RerunNotRun = "rerun_not_run", CONFLICT, "A named task never ran";
    /// Nobody waits for this answer.
    NotWaiting = "not_waiting", CONFLICT, "Nothing waits for this answer";
    /// It changed since the caller looked.
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "It has changed meanwhile";
    /// A limit of the store is reached.
    LimitReached = "limit_reached", CONFLICT, "A limit is reached";
    /// The body is too large.
    TooLarge = "too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// Path and query are too long.
    TargetTooLong = "target_too_long", URI_TOO_LONG, "The request's target is too long";
    /// The body's media type is not understood.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The media type is not supported";
    /// JSON of the wrong shape.
    InvalidRequest = "invalid_request", UNPROCESSABLE_ENTITY, "The request is well-formed but wrong";
    /// A name that cannot be given.
    InvalidName = "invalid_name", UNPROCESSABLE_ENTITY, "The name is not valid";
    /// The workflow file has errors.
    InvalidWorkflow = "invalid_workflow", UNPROCESSABLE_ENTITY, "The workflow file has errors";
    /// The workflow names actions or workflows that are not there.
    UnknownAction = "unknown_action", UNPROCESSABLE_ENTITY, "An action or workflow is missing";
    /// The parameters do not fit.
    InvalidParameters = "invalid_parameters", UNPROCESSABLE_ENTITY, "The parameters do not fit the schema";
    /// The answer to an inquiry does not fit.
    InvalidAnswer = "invalid_answer", UNPROCESSABLE_ENTITY, "The answer does not fit the inquiry's schema";
    /// The component cannot be an action.
    InvalidComponent = "invalid_component", UNPROCESSABLE_ENTITY, "The component cannot be used as an action";
    /// Too many failed logins.
    TooManyLogins = "too_many_logins", TOO_MANY_REQUESTS, "Too many failed logins";
    /// Too many runs wait, or the disk is behind.
    Busy = "busy", TOO_MANY_REQUESTS, "The server has too much to do";
    /// Too many or too large headers.
    HeadersTooLarge = "headers_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large";
    /// Our failure.
    Internal = "internal", INTERNAL_SERVER_ERROR, "The server failed";
    /// Too many requests at once.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "The server is overloaded";
    /// The server stops.
    Stopping = "stopping", SERVICE_UNAVAILABLE, "The server is stopping";
    /// The disk is almost full.
    DiskFull = "disk_full", SERVICE_UNAVAILABLE, "The server's disk is almost full";
}

impl Code {
    /// Returns after how many seconds it makes sense to try again.
    pub(crate) fn retry_after(self) -> Option<u32> {
        match self.status() {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Some(1),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_distinct_words() {
        let words: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        for word in words {
            assert!(
                word.bytes().all(|b| b == b'_' || b.is_ascii_lowercase()),
                "{word}"
            );
        }
    }
}
