//! Returns what it is told about its attempt.

use attune_sdk::prelude::*;

/// Returns its context.
#[action]
fn about() -> Result<Value, ActionError> {
    context::progress(50, "half way");
    Ok(json!({
        "run_id": context::run_id(),
        "task_id": context::task_id(),
        "attempt": context::attempt(),
        "action_ref": context::action_ref(),
        "idempotency_key": context::idempotency_key(),
        "time_left_ms": context::time_left().as_millis(),
    }))
}
