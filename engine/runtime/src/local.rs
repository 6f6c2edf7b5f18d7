//! Running one component without a server: what `attune action run FILE.wasm` does.

use attune_core::error::{Failure, kind};
use attune_core::event::{AttemptContext, Outcome, Usage};
use attune_core::pin::ActionPin;
use attune_core::spec::schema::Schema;
use attune_core::{AttemptId, Digest, RunId, TaskId, Value};
use attune_driver::port::{Attempt, Finished, InspectError, Inspection, Inspector, Runner};
use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::runtime::{Runtime, now};

/// The name that an action has locally.
const REFERENCE: &str = "local.action";

/// What one local run needs.
#[derive(Clone, Debug)]
pub struct LocalCall {
    /// The component, as built.
    pub component: Bytes,
    /// Its manifest, JSON; null without one.
    pub manifest: Value,
    /// The input.
    pub input: Value,
    /// The pack's configuration, for components that read it.
    pub config: Value,
}

impl Runtime {
    /// Inspects a component and runs one attempt of it, under the same sandbox as on a server.
    /// An input that does not fit the component's schema is a failed attempt.
    ///
    /// # Errors
    /// If the component is refused.
    pub async fn run_once(
        &self,
        call: LocalCall,
        stop: CancellationToken,
    ) -> Result<(Inspection, Finished), InspectError> {
        let inspection = self
            .inspect(call.component.clone(), call.manifest.clone())
            .await?;
        let attempt = attempt(&inspection, call);
        if let Some(failure) = misfit(&inspection.parameters, &attempt.input) {
            let finished = Finished {
                id: attempt.id,
                outcome: Outcome::Failed(failure),
                usage: Usage::default(),
                logs: Vec::new(),
            };
            return Ok((inspection, finished));
        }
        let finished = self.run(attempt, stop).await;
        Ok((inspection, finished))
    }
}

/// Says how an input does not fit, if it does not.
fn misfit(parameters: &Value, input: &Value) -> Option<Failure> {
    let schema = Schema::from_json(parameters).ok()?;
    let mismatches = schema.validate(input);
    let first = mismatches.first()?;
    let text = format!(
        "the input does not fit at `{}`: {}",
        first.pointer, first.message
    );
    let all = mismatches.iter().map(|mismatch| {
        Value::map([
            ("pointer", Value::from(mismatch.pointer.as_str())),
            ("message", Value::from(mismatch.message.as_str())),
        ])
    });
    let details = Value::map([("mismatches", Value::list(all.collect()))]);
    Some(Failure::engine(kind::INVALID_INPUT, text).with_details(details))
}

fn attempt(inspection: &Inspection, call: LocalCall) -> Attempt {
    let started = now();
    let id = AttemptId {
        run: RunId(1),
        task: TaskId(1),
        attempt: 1,
    };
    Attempt {
        id,
        name: "action".into(),
        action: ActionPin {
            reference: REFERENCE.into(),
            revision: 1,
            digest: inspection.digest,
            invocation: inspection.invocation.clone(),
            pure: inspection.pure,
            cacheable: inspection.cacheable,
            limits: inspection.limits,
            builtin: false,
        },
        pack: "local".into(),
        config: call.config,
        input: call.input,
        limits: inspection.limits,
        context: AttemptContext {
            first_started: started,
            deadline: None,
            timeout: None,
            seed: started.0,
            idempotency_key: Digest::of(REFERENCE.as_bytes()),
        },
        started,
        pure: inspection.pure,
        cache: None,
    }
}
