//! What a turn set going takes its place in the queue.

use crate::effect::{Effect, StartAttempt};
use crate::event::{AttemptStarted, EventKind, Outcome};
use crate::id::RunId;
use crate::run::VisitId;
use crate::step;
use crate::time::Millis;

use super::super::mock::Answer;
use super::{Going, Message, ROOT, World};

impl World {
    /// Ends a turn: dispatches attempts, and lines up what has ended within the machine.
    pub(super) fn conclude(&mut self, run: RunId, mut going: Going) {
        self.dispatch(run, &mut going);
        // The run's next phase begins when nothing in it is left.
        while self.members[&run].run.queue.is_empty() && self.follow_into(run, &mut going) {
            self.dispatch(run, &mut going);
        }
        let mut attempts = std::mem::take(&mut going.attempts);
        attempts.sort_by_key(|(visit, _)| going.order.get(visit).copied());
        self.line_up(run, &going, attempts);
        if run == ROOT {
            self.record(going);
        }
    }

    fn record(&mut self, mut going: Going) {
        let mut begun = std::mem::take(&mut going.begun);
        begun.sort_by_key(|visit| going.position(*visit));
        let root = &self.members[&ROOT].run;
        let names = begun
            .iter()
            .filter_map(|visit| root.task_name(root.visit(*visit).task()));
        self.sequence.extend(names);
    }

    /// Merges the ends of attempts with the visits that have ended within the machine.
    fn line_up(&mut self, run: RunId, going: &Going, attempts: Vec<(VisitId, Message)>) {
        let Some(member) = self.members.get_mut(&run) else {
            return;
        };
        let known = usize::from(member.pending) + member.announced;
        let fresh: Vec<VisitId> = member.run.queue.iter().skip(known).copied().collect();
        member.announced += fresh.len();
        let mut attempts = attempts.into_iter().peekable();
        for visit in fresh {
            while let Some((_, message)) =
                attempts.next_if(|(other, _)| going.position(*other) < going.position(visit))
            {
                self.queue.push_back(message);
            }
            self.queue.push_back(Message::Follow(run));
        }
        self.queue.extend(attempts.map(|(_, message)| message));
    }

    fn dispatch(&mut self, run: RunId, going: &mut Going) {
        while let Some(ready) = self.members[&run].run.next_ready() {
            let started = EventKind::AttemptStarted(AttemptStarted {
                task: ready.task,
                attempt: ready.attempt,
            });
            let Ok(turn) = self.turn(run, started, step::apply) else {
                return;
            };
            let starts: Vec<StartAttempt> = turn.stepped.effects.iter().filter_map(start).collect();
            self.perform(run, turn, going);
            for start in starts {
                self.run_attempt(run, &start, going);
            }
        }
    }

    /// Lets a mock answer an attempt.
    fn run_attempt(&mut self, run: RunId, start: &StartAttempt, going: &mut Going) {
        let answer = self.mocks.answer(&start.name, start.item, start.visit);
        let Answer { outcome, takes } = answer;
        let (outcome, takes) = match start.context.timeout {
            Some(timeout) if takes > timeout => (Outcome::TimedOut, timeout),
            _ => (outcome, takes),
        };
        let message = Message::Finished(run, start.task, start.attempt, outcome);
        if takes > Millis(0) {
            self.put_later(takes, message);
            return;
        }
        if let Some((visit, _)) = self.members[&run].run.find(start.task) {
            going.attempts.push((visit, message));
        }
    }
}

fn start(effect: &Effect) -> Option<StartAttempt> {
    if let Effect::StartAttempt(start) = effect {
        Some((**start).clone())
    } else {
        None
    }
}
