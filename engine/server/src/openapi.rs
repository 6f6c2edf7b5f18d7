//! The description of the API, generated from the handlers: OpenAPI 3.1, completed with what is the
//! same for all of them (problems, security, patterns of names).

mod parameter;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use utoipa::openapi::{Info, OpenApi, OpenApiBuilder};
use utoipa::{PartialSchema, ToSchema};

use crate::config::AuthMode;
use crate::error::{PROBLEM_JSON, Problem};
use crate::router::surface;

/// Marks operations whose inputs mean more than a schema can say.
const SEMANTIC: &str = "x-semantic-422";
/// The role that an operation needs; none is open.
const ROLE: &str = "x-role";
/// Methods that an item of a path may have.
const METHODS: &[&str] = &["get", "put", "post", "delete", "patch"];
/// Every description begins from this.
const ABOUT: &str = "Workflows whose tasks are WebAssembly components. Errors are problems (RFC \
    9457) with a stable `code`; lists are pages with a cursor.";

/// The description, ready to be sent.
#[derive(Clone)]
pub(crate) struct Description(Bytes);

impl Description {
    /// Completes what the handlers say.
    pub(crate) fn new(document: OpenApi, auth: AuthMode, version: &str) -> Self {
        let json = complete(document, auth, version);
        let text = serde_json::to_vec_pretty(&json).expect("a JSON value always serializes");
        Self(text.into())
    }

    /// Answers with it.
    pub(crate) fn answer(&self) -> Response {
        let mut response = self.0.clone().into_response();
        let kind = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

/// Returns the description as it is with tokens, for documents and checks.
pub fn openapi_json(version: &str) -> String {
    let (_, document) = surface().split_for_parts();
    let json = complete(document, AuthMode::Tokens, version);
    serde_json::to_string_pretty(&json).expect("a JSON value always serializes")
}

/// Returns the ids of operations that may answer 422 to what fits their schema.
pub fn semantic_operations() -> Vec<String> {
    let (_, document) = surface().split_for_parts();
    let json = complete(document, AuthMode::Tokens, "");
    let mut found: Vec<String> = operations(&json)
        .filter(|operation| operation.get(SEMANTIC).is_some())
        .filter_map(|operation| Some(operation.get("operationId")?.as_str()?.to_owned()))
        .collect();
    found.sort();
    found
}

/// The description before any route.
pub(crate) fn empty() -> OpenApi {
    OpenApiBuilder::new().info(Info::new("Attune", "0")).build()
}

fn operations(document: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(_, item)| {
        METHODS
            .iter()
            .filter_map(|method| item.get(*method)?.as_object())
    })
}

fn complete(document: OpenApi, auth: AuthMode, version: &str) -> Value {
    let mut json = serde_json::to_value(document).expect("a description always serializes");
    json["info"]["version"] = version.into();
    json["info"]["description"] = ABOUT.into();
    json["info"]["license"] = json!({"name": "Apache-2.0", "identifier": "Apache-2.0"});
    json["servers"] = json!([{"url": "/"}]);
    add_problem(&mut json["components"]);
    if auth == AuthMode::Tokens {
        json["components"]["securitySchemes"] = json!({
            "token": {"type": "http", "scheme": "bearer", "bearerFormat": "att_…"}
        });
    }
    let paths = json["paths"].as_object_mut().into_iter().flatten();
    for (_, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get_mut(*method).and_then(Value::as_object_mut) {
                complete_operation(method, operation, auth);
            }
        }
    }
    json
}

/// Adds the schema of problems, with what it refers to.
fn add_problem(components: &mut Value) {
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    for (name, schema) in schemas {
        components["schemas"][name] = json!(schema);
    }
    components["responses"]["Problem"] = json!({
        "description": "A problem: its `code` says which.",
        "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
}

fn complete_operation(method: &str, operation: &mut Map<String, Value>, auth: AuthMode) {
    // The framework keeps marks unordered: the same code must give the same text.
    for mark in [SEMANTIC, ROLE] {
        if let Some(value) = operation.shift_remove(mark) {
            operation.insert(mark.to_owned(), value);
        }
    }
    let needs_token = operation.contains_key(ROLE) && auth == AuthMode::Tokens;
    if needs_token {
        operation.insert("security".to_owned(), json!([{"token": []}]));
    }
    let has_body = operation.contains_key("requestBody");
    let mut in_path = false;
    let id = operation["operationId"].clone();
    let id = id.as_str().unwrap_or_default().to_owned();
    if id == "put_action" {
        complete_upload(&mut operation["requestBody"]);
    }
    for parameter in operation
        .get_mut("parameters")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        in_path |= parameter["in"] == "path";
        parameter::complete(&id, parameter);
    }
    let mut statuses = vec!["400", "403", "414", "431", "500", "503"];
    if needs_token {
        statuses.extend(["401", "429"]);
    }
    if in_path {
        // Where something would be created, a name that cannot be given is 422 instead.
        statuses.extend(["404"]);
        if matches!(method, "put" | "post") {
            statuses.push("422");
        }
    }
    if has_body {
        statuses.extend(["408", "413", "415", "422"]);
    }
    let responses = operation["responses"]
        .as_object_mut()
        .expect("every handler describes its answers");
    for status in statuses {
        responses.entry(status).or_insert_with(|| json!({}));
    }
    for (status, response) in responses.iter_mut() {
        if status.starts_with(['4', '5']) {
            problem_response(response);
        }
        if let Some(stream) = response.pointer_mut("/content/text~1event-stream") {
            stream["schema"] = stream_event();
        }
    }
    responses.sort_keys();
}

/// Says of which parts a form consists.
fn complete_upload(body: &mut Value) {
    body["required"] = true.into();
    body["content"]["multipart/form-data"]["schema"] = json!({
        "type": "object",
        "properties": {
            "component": {"type": "string", "contentMediaType": "application/wasm"},
            "manifest": {"type": "string", "description": "YAML or JSON."},
        },
        "required": ["component"],
        "additionalProperties": false,
    });
}

/// One event of a stream: its data is JSON on one line.
fn stream_event() -> Value {
    let data = json!({"type": "string", "contentMediaType": "application/json"});
    json!({
        "type": "object",
        "properties": {"id": {"type": "string"}, "event": {"type": "string"}, "data": data},
        "required": ["id", "event", "data"],
    })
}

/// Gives an answer the form of a problem, keeping what the handler says of it.
fn problem_response(response: &mut Value) {
    let known = response.get("description").cloned();
    *response = match known {
        None => json!({"$ref": "#/components/responses/Problem"}),
        Some(description) => json!({
            "description": description,
            "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }),
    };
}
