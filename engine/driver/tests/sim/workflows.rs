//! The workflows that are simulated, with what they call.
//!
//! Every result depends on parameters and inputs alone, so that a run that was not cancelled ends
//! the same however often the process died.

use std::collections::BTreeMap;
use std::sync::Arc;

use attune_core::event::Trigger;
use attune_core::pin::{ActionPin, AttemptLimits, Invocation, Pins, WorkflowPin};
use attune_core::spec::{self, Options};
use attune_core::{Definition, Digest, Timestamp, Value};
use attune_driver::MemoryStore;
use attune_driver::handle::StartRun;
use attune_driver::port::{Catalog, KvWrite};

/// Names and sources. `sim.pure` and `sim.effect` give back their input's `value`, changed.
pub(crate) const SOURCES: [(&str, &str); 9] = [
    (
        "sim.chain",
        "{tasks: [{name: a, action: sim.pure, input: {value: '{{ parameters.n }}'}, on_success: b},
          {name: b, action: sim.pure, input: {value: '{{ task.a.result }}'}, on_success: c},
          {name: c, action: sim.pure, input: {value: '{{ task.b.result }}'}}],
          output_map: {value: '{{ task.c.result }}'}}",
    ),
    (
        "sim.mixed",
        "{tasks: [{name: a, action: sim.pure, input: {value: '{{ parameters.n }}'}, on_success: b},
          {name: b, action: sim.effect, input: {value: '{{ task.a.result }}'}, on_success: c},
          {name: c, action: sim.pure, input: {value: '{{ task.b.result }}'}, on_success: d},
          {name: d, action: sim.effect, input: {value: '{{ task.c.result }}'}}],
          output_map: {value: '{{ task.d.result }}'}}",
    ),
    (
        "sim.fan",
        "{tasks: [{name: a, action: sim.pure, input: {value: '{{ parameters.n }}'}, on_success: [b, c, d]},
          {name: b, action: sim.effect, input: {value: '{{ task.a.result }}'}, on_success: e},
          {name: c, action: sim.pure, input: {value: '{{ task.a.result + 1 }}'}, on_success: e},
          {name: d, action: sim.effect, input: {value: '{{ task.a.result + 2 }}'}, on_success: e},
          {name: e, action: sim.pure, join: all,
           input: {value: '{{ task.b.result + task.c.result + task.d.result }}'}}],
          output_map: {value: '{{ task.e.result }}'}}",
    ),
    (
        "sim.items",
        "{tasks: [{name: a, action: sim.effect, with_items: '{{ range(7) | list }}', concurrency: 3,
           retry: {count: 3, delay: 2s, backoff: exponential, jitter: full},
           input: {value: '{{ item + parameters.n }}', flaky: '{{ item % 3 == 1 }}'}, on_success: b},
          {name: b, action: sim.pure, with_items: '{{ task.a.result }}', input: {value: '{{ item }}'}}],
          output_map: {value: '{{ task.b.result }}'}}",
    ),
    (
        "sim.broken",
        "{tasks: [{name: a, action: sim.pure, retry: {count: 1, delay: 1s},
           input: {value: '{{ parameters.n }}', broken: true}, on_failure: b, on_success: c},
          {name: b, action: sim.effect, input: {value: '{{ parameters.n }}'}},
          {name: c, action: sim.effect, input: {value: 0}}],
          output_map: {value: '{{ task.b.result }}'}}",
    ),
    (
        "sim.slow",
        "{tasks: [{name: a, action: sim.pure, delay: 20s, input: {value: '{{ parameters.n }}'}, on_success: b},
          {name: b, action: core.sleep, input: {seconds: 30}, on_success: c},
          {name: c, action: sim.effect, input: {value: '{{ task.a.result }}'}}],
          output_map: {value: '{{ task.c.result }}'}}",
    ),
    (
        "sim.parent",
        "{tasks: [{name: a, action: sim.pure, input: {value: '{{ parameters.n }}'}, on_success: b},
          {name: b, type: workflow, action: sim.mixed, with_items: [1, 2, 3], concurrency: 2,
           input: {n: '{{ item + task.a.result }}'}, on_success: c},
          {name: c, action: sim.effect, input: {value: '{{ (task.b.result | last).value }}'}}],
          output_map: {value: '{{ task.c.result }}'}}",
    ),
    (
        "sim.keyed",
        "{concurrency_key: '{{ parameters.n % 2 }}',
          tasks: [{name: a, action: sim.effect, input: {value: '{{ parameters.n }}'}, on_success: b},
          {name: b, action: sim.pure, delay: 1s, input: {value: '{{ task.a.result }}'}}],
          output_map: {value: '{{ task.b.result }}'}}",
    ),
    (
        "sim.facts",
        "{vars: {base: \"{{ kv.get('base') }}\"},
          tasks: [{name: a, action: sim.effect, on_success: b,
           input: {value: \"{{ vars.base + kv.get('more', default=5) + parameters.n }}\"}},
          {name: b, action: sim.pure, when: \"{{ kv.get('base') == 40 }}\", input: {value: '{{ task.a.result }}'}}],
          output_map: {value: '{{ task.b.result }}'}}",
    ),
];

/// The workflows, parsed, with what their runs are pinned to.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) definitions: BTreeMap<&'static str, Arc<Definition>>,
    pins: Pins,
}

impl Library {
    /// Parses all workflows.
    pub(crate) fn new() -> Self {
        let mut pins = Pins::default();
        for (reference, pure) in [("sim.pure", true), ("sim.effect", false)] {
            pins.actions
                .insert(reference.into(), action(reference, pure));
        }
        let mut definitions = BTreeMap::new();
        for (reference, source) in SOURCES {
            let definition = parse(reference, &source_of(source));
            pins.workflows
                .insert(reference.into(), pin(reference, definition.digest));
            definitions.insert(reference, Arc::new(definition));
        }
        Self { definitions, pins }
    }

    /// Puts sources and kv into a store.
    pub(crate) async fn install(&self, store: &MemoryStore) {
        for (_, source) in SOURCES {
            let source = source_of(source).into_bytes().into();
            store.put_content(source).await.unwrap();
        }
        store
            .put_kv("sim", "base", Value::Int(40), KvWrite::default())
            .await
            .unwrap();
    }

    /// Makes the request to start a workflow.
    pub(crate) fn start(&self, reference: &str, n: i64) -> StartRun {
        let definition = &self.definitions[reference];
        StartRun {
            definition: Arc::clone(definition),
            workflow: pin(reference, definition.digest),
            pins: self.pins.clone(),
            parameters: Value::map([("n", Value::Int(n))]),
            labels: Vec::new(),
            trigger: Trigger::Api,
            identity: "tester".into(),
            start_at: None,
            priority: None,
            fuel: None,
            fork: None,
            idempotency: None,
        }
    }
}

fn source_of(source: &str) -> String {
    source.replacen(
        '{',
        "{parameters: {n: {type: integer, required: true}}, ",
        1,
    )
}

/// Parses a workflow that must be valid.
pub(crate) fn parse(reference: &str, source: &str) -> Definition {
    let options = Options {
        default_ref: Some(reference),
        ..Options::inline()
    };
    let parsed = spec::parse_with(source, &options);
    let problems = parsed.diagnostics;
    parsed
        .definition
        .unwrap_or_else(|| panic!("{reference}: {problems:?}"))
}

fn pin(reference: &str, digest: Digest) -> WorkflowPin {
    WorkflowPin {
        reference: reference.into(),
        revision: 1,
        digest,
    }
}

fn action(reference: &str, pure: bool) -> ActionPin {
    ActionPin {
        reference: reference.into(),
        revision: 1,
        digest: Digest::of(reference.as_bytes()),
        invocation: Invocation::Handler,
        pure,
        cacheable: false,
        limits: AttemptLimits::default(),
        builtin: false,
    }
}

/// Returns a request that is remembered under `key`.
pub(crate) fn remembered(start: StartRun, key: u64) -> StartRun {
    let body = start.parameters.to_public_json();
    StartRun {
        idempotency: Some(attune_driver::port::Idempotency {
            key: Digest::of(&key.to_le_bytes()),
            body: Digest::of(body.as_bytes()),
            expires: Timestamp(u64::MAX),
        }),
        ..start
    }
}
