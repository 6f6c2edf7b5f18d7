//! What a component imports: which of it the engine has, and what follows for its purity.

use std::sync::Arc;

use attune_driver::port::InspectError;
use wasmtime::Engine;
use wasmtime::component::types::{Component, ComponentItem};

use crate::kind::same_interface;

/// Every interface that both worlds link; any compatible version matches.
pub(crate) const PROVIDED: &[&str] = &[
    "attune:action/config@1.0.0",
    "attune:action/context@1.0.0",
    "attune:action/kv@1.0.0",
    "attune:action/log@1.0.0",
    "attune:action/secrets@1.0.0",
    "wasi:cli/environment@0.2.0",
    "wasi:cli/exit@0.2.0",
    "wasi:cli/stderr@0.2.0",
    "wasi:cli/stdin@0.2.0",
    "wasi:cli/stdout@0.2.0",
    "wasi:cli/terminal-input@0.2.0",
    "wasi:cli/terminal-output@0.2.0",
    "wasi:cli/terminal-stderr@0.2.0",
    "wasi:cli/terminal-stdin@0.2.0",
    "wasi:cli/terminal-stdout@0.2.0",
    "wasi:clocks/monotonic-clock@0.2.0",
    "wasi:clocks/wall-clock@0.2.0",
    "wasi:filesystem/preopens@0.2.0",
    "wasi:filesystem/types@0.2.0",
    "wasi:http/outgoing-handler@0.2.0",
    "wasi:http/types@0.2.0",
    "wasi:io/error@0.2.0",
    "wasi:io/poll@0.2.0",
    "wasi:io/streams@0.2.0",
    "wasi:random/insecure-seed@0.2.0",
    "wasi:random/insecure@0.2.0",
    "wasi:random/random@0.2.0",
    "wasi:sockets/instance-network@0.2.0",
    "wasi:sockets/ip-name-lookup@0.2.0",
    "wasi:sockets/network@0.2.0",
    "wasi:sockets/tcp-create-socket@0.2.0",
    "wasi:sockets/tcp@0.2.0",
    "wasi:sockets/udp-create-socket@0.2.0",
    "wasi:sockets/udp@0.2.0",
];

/// Interfaces that a component may import: far more than there are.
const MAX_IMPORTS: usize = 200;

/// Unknown imports that a message shows.
const SHOWN: usize = 20;

/// The imports of a component.
#[derive(Debug, Default)]
pub(crate) struct Imports {
    /// Names, for people.
    pub(crate) names: Vec<Arc<str>>,
    unknown: Vec<String>,
}

impl Imports {
    /// Reads the imports of a component.
    pub(crate) fn read(engine: &Engine, component: &Component) -> Self {
        let mut imports = Self::default();
        for (name, item) in component.imports(engine) {
            imports.names.push(name.into());
            if !is_provided(engine, name, &item.ty) {
                imports.unknown.push(name.to_owned());
            }
        }
        imports
    }

    /// Takes names that are known to be provided.
    pub(crate) fn named(names: Vec<Arc<str>>) -> Self {
        Self {
            names,
            unknown: Vec::new(),
        }
    }

    /// Refuses what the engine does not have, naming each.
    pub(crate) fn check(&self) -> Result<(), InspectError> {
        let count = self.names.len();
        if count > MAX_IMPORTS {
            return Err(InspectError {
                code: "too_large",
                message: format!("the component has {count} imports, the limit is {MAX_IMPORTS}"),
                hint: None,
            });
        }
        if self.unknown.is_empty() {
            return Ok(());
        }
        let shown = &self.unknown[..self.unknown.len().min(SHOWN)];
        let newer = self.unknown.iter().any(|name| name.contains("@0.3"));
        Err(InspectError {
            code: "unknown_import",
            message: format!(
                "the component imports what this engine does not have: `{}`",
                shown.join("`, `")
            ),
            hint: Some(if newer {
                "WASI 0.3 is not supported yet: build for WASI 0.2".into()
            } else {
                "actions may import `attune:action/*@1.x` and WASI 0.2; \
                 anything else must be composed into the component"
                    .into()
            }),
        })
    }

    /// Tells whether one of our own interfaces is imported.
    pub(crate) fn own(&self, interface: &str) -> bool {
        let known = format!("attune:action/{interface}@1.0.0");
        self.names.iter().any(|name| same_interface(name, &known))
    }

    /// Tells whether only those of our own interfaces are imported that need no grant.
    pub(crate) fn are_pure(&self) -> bool {
        !["config", "kv", "secrets"]
            .iter()
            .any(|name| self.own(name))
    }
}

/// Tells whether an import can be satisfied: by a provided interface, or because it only names
/// types.
fn is_provided(engine: &Engine, name: &str, item: &ComponentItem) -> bool {
    match item {
        ComponentItem::ComponentInstance(instance) => {
            let only_types = |item: &ComponentItem| matches!(item, ComponentItem::Type(_));
            PROVIDED.iter().any(|known| same_interface(name, known))
                || instance
                    .exports(engine)
                    .all(|(_, item)| only_types(&item.ty))
        }
        ComponentItem::Type(_) => true,
        ComponentItem::ComponentFunc(_)
        | ComponentItem::CoreFunc(_)
        | ComponentItem::Module(_)
        | ComponentItem::Component(_)
        | ComponentItem::Resource(_) => false,
    }
}
