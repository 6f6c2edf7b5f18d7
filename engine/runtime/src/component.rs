//! A compiled component in memory, with everything about it that need not be found out again.

use std::sync::{Arc, Mutex, PoisonError};

use attune_core::pin::Invocation;
use attune_host_api::bindings::exports::attune::action::handler;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use crate::guest::Guest;
use crate::linker::Linkers;
use crate::typed::TypedEntry;
use crate::wasi_http;

/// What is called in a component.
pub(crate) enum Entry {
    /// `handler#run`.
    Handler(handler::GuestIndices),
    /// Any other function.
    Typed(TypedEntry),
    /// `wasi:cli/run#run`.
    Command(ComponentExportIndex),
}

/// A component linked to a world, with its entry looked up.
pub(crate) struct Prepared {
    pub(crate) pre: InstancePre<Guest>,
    pub(crate) entry: Entry,
    /// What the host may hold for an attempt beside what its limits say.
    pub(crate) held_bytes: u64,
}

/// A component in memory.
pub(crate) struct Loaded {
    pub(crate) component: Component,
    linkers: Arc<Linkers>,
    /// Few: at most each way to call it in each world.
    prepared: Mutex<Vec<(World, Arc<Prepared>)>>,
}

/// Which way a component is called, in which world.
#[derive(Clone, Debug, PartialEq)]
struct World {
    pure: bool,
    invocation: Key,
}

#[derive(Clone, Debug, PartialEq)]
enum Key {
    Handler,
    Typed(Option<Arc<str>>, Arc<str>),
    Command,
}

impl From<&Invocation> for Key {
    fn from(invocation: &Invocation) -> Self {
        match invocation {
            Invocation::Handler => Self::Handler,
            Invocation::Typed {
                interface,
                function,
            } => Self::Typed(interface.clone(), function.clone()),
            Invocation::Command { .. } => Self::Command,
        }
    }
}

/// The interface of handlers; any 1.x that a component exports matches.
pub(crate) const HANDLER: &str = "attune:action/handler@1.0.0";

/// The interface of commands; any 0.2.x that a component exports matches.
pub(crate) const CLI_RUN: &str = "wasi:cli/run@0.2.0";

impl Loaded {
    pub(crate) fn new(component: Component, linkers: Arc<Linkers>) -> Self {
        Self {
            component,
            linkers,
            prepared: Mutex::new(Vec::new()),
        }
    }

    /// Returns how much memory the code takes.
    pub(crate) fn size_bytes(&self) -> u64 {
        let range = self.component.image_range();
        (range.end as usize).saturating_sub(range.start as usize) as u64
    }

    /// Links the component to the pure or the real world and looks up what `invocation` calls;
    /// the second time it is there already.
    pub(crate) fn prepare(
        &self,
        invocation: &Invocation,
        pure: bool,
    ) -> wasmtime::Result<Arc<Prepared>> {
        let world = World {
            pure,
            invocation: invocation.into(),
        };
        let known = || self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = known().iter().find(|(key, _)| *key == world) {
            return Ok(Arc::clone(found));
        }
        let pre = self.link(pure)?;
        let entry = self.entry(&pre, invocation)?;
        let held_bytes = self.held_bytes(&entry);
        let prepared = Arc::new(Prepared {
            pre,
            entry,
            held_bytes,
        });
        known().push((world, Arc::clone(&prepared)));
        Ok(prepared)
    }

    /// Links the component to one of the worlds.
    pub(crate) fn link(&self, pure: bool) -> wasmtime::Result<InstancePre<Guest>> {
        let linker = if pure {
            &self.linkers.pure
        } else {
            &self.linkers.effectful
        };
        linker.instantiate_pre(&self.component)
    }

    fn held_bytes(&self, entry: &Entry) -> u64 {
        let types = self.component.component_type();
        let mut imports = types.imports(self.component.engine());
        let uses_http = imports.any(|(name, _)| name.starts_with("wasi:http/types@"));
        let by_http = if uses_http { wasi_http::HELD_BYTES } else { 0 };
        let by_values = match entry {
            Entry::Typed(entry) => entry.held_bytes(),
            Entry::Handler(_) | Entry::Command(_) => 0,
        };
        by_http + by_values
    }

    fn entry(&self, pre: &InstancePre<Guest>, invocation: &Invocation) -> wasmtime::Result<Entry> {
        Ok(match invocation {
            Invocation::Handler => Entry::Handler(handler::GuestIndices::new(pre)?),
            Invocation::Typed {
                interface,
                function,
            } => Entry::Typed(TypedEntry::find(
                &self.component,
                interface.as_deref(),
                function,
            )?),
            Invocation::Command { .. } => Entry::Command(self.command()?),
        })
    }

    fn command(&self) -> wasmtime::Result<ComponentExportIndex> {
        let missing = || wasmtime::format_err!("the component does not export `{CLI_RUN}`");
        let interface = self.component.get_export_index(None, CLI_RUN);
        let interface = interface.ok_or_else(missing)?;
        let run = self.component.get_export_index(Some(&interface), "run");
        run.ok_or_else(missing)
    }
}
