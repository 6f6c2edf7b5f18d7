//! `attune:action/context`: what the action is being run for. Needs no grant; an action that
//! imports it is not cacheable.

use crate::bindings::attune::action::context::Host;
use crate::logbook::Level;
use crate::state::HostState;

/// The longest message of a progress report that is kept, in characters.
const MAX_PROGRESS_CHARS: usize = 500;

impl Host for HostState {
    fn run_id(&mut self) -> u64 {
        self.subject.id.run.0
    }

    fn task_id(&mut self) -> u64 {
        self.subject.id.task.0
    }

    fn attempt(&mut self) -> u32 {
        self.subject.id.attempt
    }

    fn action_ref(&mut self) -> String {
        format!("{}@{}", self.subject.action, self.subject.revision)
    }

    fn deadline_ms(&mut self) -> u64 {
        self.subject.deadline.0
    }

    fn idempotency_key(&mut self) -> String {
        self.subject.idempotency_key.to_string()
    }

    fn progress(&mut self, percent: u8, message: String) {
        let percent = percent.min(100);
        let message: String = message.chars().take(MAX_PROGRESS_CHARS).collect();
        let fields = vec![("percent".to_owned(), percent.to_string())];
        self.with_log(|book| book.write_fields(Level::Info, "progress", &message, fields));
        self.progress = Some((percent, message.into()));
    }
}
