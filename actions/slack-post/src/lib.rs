//! The action `slack.post`: posts a message to Slack, by an incoming webhook.

use attune_sdk::http::{Request, Response};
use attune_sdk::prelude::*;

/// How much of Slack's answer a failure repeats.
const SHOWN_CHARS: usize = 200;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The URL of the incoming webhook, which is a secret: take it from `kv.get_secret`.
    webhook: String,
    /// The message, in Slack's mrkdwn; beside `blocks` what notifications show.
    text: String,
    /// The message as [blocks](https://api.slack.com/block-kit).
    blocks: Option<Vec<Value>>,
    /// The `ts` of the message that this one answers.
    thread: Option<String>,
    /// Whether links are shown with a preview.
    unfurl: Option<bool>,
}

/// Posts a message to Slack by an incoming webhook.
///
/// Failures: `slack_rate_limited` (worth a retry, as `slack_unavailable` is), `slack_refused`
/// with Slack's word for it, such as `no_text` or `channel_is_archived`, in `error.details.slack`.
#[action(grants = {"http": ["POST https://hooks.slack.com/*"]})]
fn post(input: Input) -> Result<(), ActionError> {
    if input.text.is_empty() {
        return Err(ActionError::invalid_input("`text` is empty"));
    }
    let mut message = json!({"text": input.text});
    if let Some(blocks) = input.blocks {
        message["blocks"] = blocks.into();
    }
    if let Some(thread) = input.thread {
        message["thread_ts"] = thread.into();
    }
    if let Some(unfurl) = input.unfurl {
        message["unfurl_links"] = unfurl.into();
    }
    let response = Request::post(input.webhook).json(&message)?.send()?;
    judge(&response)
}

fn judge(response: &Response) -> Result<(), ActionError> {
    if (200..300).contains(&response.status) {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&response.body);
    let slack: String = text.trim().chars().take(SHOWN_CHARS).collect();
    let status = response.status;
    let error = match status {
        429 => {
            let message = "slack takes no more messages for now";
            ActionError::transient(message).with_kind("slack_rate_limited")
        }
        500.. => {
            let message = format!("slack is not available: it answered {status}");
            ActionError::transient(message).with_kind("slack_unavailable")
        }
        _ => ActionError::permanent(format!("slack refused the message: `{slack}`"))
            .with_kind("slack_refused"),
    };
    let mut details = json!({"status": status, "slack": slack});
    if let Some(after) = response.header("retry-after") {
        details["retry_after"] = after.into();
    }
    Err(error.with_details(details))
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn examples_come_true() {
        testing::check_examples(&post, include_str!("../examples.json"));
    }
}
