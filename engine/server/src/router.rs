//! The whole surface as one list.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::docs;
use crate::edge::{edge, method_not_allowed, not_found};
use crate::openapi::{self, Description};
use crate::routes::{
    action, audit, bulk, component, execute, fork, health, inquiry, journal, kv, pack, run, secret,
    steer, stream, task, token, validate, workflow, workflow_list,
};
use crate::state::{App, Server};

/// The base path of the API.
pub(crate) const BASE: &str = "/api/v1";

impl Server {
    /// Returns the routes as a service: for `serve`, and for tests in process.
    pub fn router(&self) -> Router {
        let (router, document) = surface().split_for_parts();
        let description =
            Description::new(document, self.app.config.auth, &self.app.config.version);
        router
            .route(
                &format!("{BASE}/openapi.json"),
                get(move || async move { description.answer() }),
            )
            .merge(docs::router())
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed)
            // Each extractor has a limit of its own.
            .layer(DefaultBodyLimit::disable())
            .layer(from_fn_with_state(self.app.clone(), edge))
            .with_state(self.app.clone())
    }
}

/// Every route that is described.
pub(crate) fn surface() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::empty())
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .nest(BASE, api())
}

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(catalog())
        .merge(runs())
        .routes(routes!(token::list_tokens, token::make_token))
        .routes(routes!(token::delete_token))
        .routes(routes!(token::whoami))
        .routes(routes!(health::info))
}

fn catalog() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(pack::list_packs))
        .routes(routes!(pack::get_pack, pack::delete_pack))
        .routes(routes!(pack::get_config, pack::put_config))
        .routes(routes!(kv::list_keys))
        .routes(routes!(kv::get_kv, kv::put_kv, kv::delete_kv))
        .routes(routes!(secret::list_secrets))
        .routes(routes!(secret::put_secret, secret::delete_secret))
        .routes(routes!(action::list_pack_actions))
        .routes(routes!(component::put_action))
        .routes(routes!(action::list_actions))
        .routes(routes!(action::get_action, action::delete_action))
        .routes(routes!(action::list_action_versions))
        .routes(routes!(component::get_component))
        .routes(routes!(action::approve_action))
        .routes(routes!(execute::execute_action))
        .routes(routes!(
            workflow_list::list_pack_workflows,
            workflow::create_workflow
        ))
        .routes(routes!(workflow_list::list_workflows))
        .routes(routes!(validate::validate_workflow))
        .routes(routes!(validate::preview_workflow))
        .routes(routes!(
            workflow::get_workflow,
            workflow::put_workflow,
            workflow::delete_workflow
        ))
        .routes(routes!(workflow_list::list_workflow_versions))
        .routes(routes!(workflow_list::get_workflow_graph))
        .routes(routes!(workflow::enable_workflow))
        .routes(routes!(workflow::disable_workflow))
        .routes(routes!(execute::execute_workflow))
}

fn runs() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(run::list_runs))
        .routes(routes!(run::get_run))
        .routes(routes!(run::get_run_graph))
        .routes(routes!(run::get_run_context))
        .routes(routes!(run::get_run_source))
        .routes(routes!(task::list_tasks))
        .routes(routes!(task::get_task))
        .routes(routes!(task::explain_task))
        .routes(routes!(journal::list_events))
        .routes(routes!(journal::list_logs))
        .routes(routes!(stream::stream_run))
        .routes(routes!(steer::pause_run))
        .routes(routes!(steer::resume_run))
        .routes(routes!(steer::cancel_run))
        .routes(routes!(steer::retry_run))
        .routes(routes!(fork::fork_run))
        .routes(routes!(audit::audit_run))
        .routes(routes!(bulk::cancel_runs))
        .routes(routes!(bulk::retry_runs))
        .routes(routes!(inquiry::list_inquiries))
        .routes(routes!(inquiry::get_inquiry))
        .routes(routes!(inquiry::respond_inquiry))
}
