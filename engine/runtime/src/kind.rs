//! What was uploaded, told from its first bytes and its exports.

use std::sync::Arc;

use attune_core::pin::Invocation;
use attune_driver::port::InspectError;
use wasmtime::Engine;
use wasmtime::component::types::{Component, ComponentFunc, ComponentItem};

use crate::component::{CLI_RUN, HANDLER};
use crate::manifest::Command;
use crate::typed;

/// What every component starts with: magic, version and layer.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// What every core module starts with.
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// Functions and interfaces that a component may export: each is looked at and kept by name.
const MAX_EXPORTS: usize = 1_000;

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Component,
    Module,
    Other,
}

impl Format {
    /// Looks at the first bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(COMPONENT) {
            Self::Component
        } else if bytes.starts_with(MODULE) {
            Self::Module
        } else {
            Self::Other
        }
    }
}

/// A function that could be called.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) interface: Option<Arc<str>>,
    pub(crate) function: Arc<str>,
    pub(crate) types: ComponentFunc,
}

impl Candidate {
    /// The name by which a manifest chooses it.
    pub(crate) fn name(&self) -> String {
        match &self.interface {
            Some(interface) => format!("{interface}#{}", self.function),
            None => self.function.to_string(),
        }
    }
}

/// All exports that matter.
#[derive(Debug, Default)]
pub(crate) struct Exports {
    /// Names, for people.
    pub(crate) names: Vec<Arc<str>>,
    handler: Option<Arc<str>>,
    command: Option<Arc<str>>,
    /// Whether it describes itself.
    pub(crate) describes: bool,
    candidates: Vec<Candidate>,
}

impl Exports {
    /// Reads the exports of a component.
    pub(crate) fn read(engine: &Engine, component: &Component) -> Self {
        let mut exports = Self::default();
        for (name, item) in component.exports(engine) {
            match item.ty {
                ComponentItem::ComponentInstance(instance) => {
                    exports.names.push(name.into());
                    if !exports.known(name) {
                        exports.interface(name, instance.exports(engine));
                    }
                }
                // The name that QuickJS components give to their own start.
                ComponentItem::ComponentFunc(_) if name == "init" => {}
                ComponentItem::ComponentFunc(types) => {
                    exports.names.push(name.into());
                    exports.candidates.push(Candidate {
                        interface: None,
                        function: name.into(),
                        types,
                    });
                }
                ComponentItem::CoreFunc(_)
                | ComponentItem::Module(_)
                | ComponentItem::Component(_)
                | ComponentItem::Type(_)
                | ComponentItem::Resource(_) => {}
            }
        }
        exports
    }

    /// Notes an interface that is not for `typed`; tells whether it was one.
    fn known(&mut self, name: &str) -> bool {
        if same_interface(name, HANDLER) {
            self.handler = Some(name.into());
        } else if same_interface(name, CLI_RUN) {
            self.command = Some(name.into());
        } else if same_interface(name, "attune:action/describe@1.0.0") {
            self.describes = true;
        } else {
            // The instance `exports` is componentize-py's own.
            return name == "exports";
        }
        true
    }

    fn interface<'a>(
        &mut self,
        name: &str,
        items: impl Iterator<Item = (&'a str, wasmtime::component::types::ComponentExtern<'a>)>,
    ) {
        for (function, item) in items {
            if let ComponentItem::ComponentFunc(types) = item.ty {
                self.candidates.push(Candidate {
                    interface: Some(name.into()),
                    function: function.into(),
                    types,
                });
            }
        }
    }

    /// Refuses more exports than anybody has use for.
    pub(crate) fn check(&self) -> Result<(), InspectError> {
        let count = self.names.len().max(self.candidates.len());
        if count <= MAX_EXPORTS {
            return Ok(());
        }
        Err(InspectError {
            code: "too_large",
            message: format!("the component has {count} exports, the limit is {MAX_EXPORTS}"),
            hint: None,
        })
    }

    /// Decides what is called.
    pub(crate) fn choose(
        &self,
        wanted: Option<&str>,
        command: &Command,
    ) -> Result<(Invocation, Option<Candidate>), InspectError> {
        if let Some(wanted) = wanted {
            return self.chosen(wanted, command);
        }
        if self.handler.is_some() {
            return Ok((Invocation::Handler, None));
        }
        match self.candidates.as_slice() {
            [] if self.command.is_some() => Ok((command.invocation(), None)),
            [] => Err(self.nothing()),
            [only] if self.command.is_none() => typed(only),
            _ => Err(self.ambiguous()),
        }
    }

    fn chosen(
        &self,
        wanted: &str,
        command: &Command,
    ) -> Result<(Invocation, Option<Candidate>), InspectError> {
        let is = |interface: &Option<Arc<str>>| {
            let interface = interface.as_deref();
            interface.is_some_and(|name| wanted == name || wanted == format!("{name}#run"))
        };
        if is(&self.handler) {
            return Ok((Invocation::Handler, None));
        }
        if is(&self.command) {
            return Ok((command.invocation(), None));
        }
        let found = self.candidates.iter().find(|c| c.name() == wanted);
        found.map_or_else(
            || {
                Err(InspectError {
                    code: "no_export",
                    message: format!("the component does not export `{wanted}`"),
                    hint: Some(format!("it exports {}", self.list())),
                })
            },
            typed,
        )
    }

    fn nothing(&self) -> InspectError {
        InspectError {
            code: "no_export",
            message: "the component exports no function that can be called".into(),
            hint: Some(format!(
                "export `{HANDLER}`, any function of your own, or `wasi:cli/run`; it exports {}",
                self.list()
            )),
        }
    }

    fn ambiguous(&self) -> InspectError {
        InspectError {
            code: "ambiguous_export",
            message: format!("the component exports several functions: {}", self.list()),
            hint: Some("choose one with `export:` in the manifest".into()),
        }
    }

    /// Lists what can be chosen.
    fn list(&self) -> String {
        /// Names that a message shows.
        const SHOWN: usize = 20;
        let own = [&self.handler, &self.command].into_iter().flatten();
        let mut names: Vec<String> = own.map(|name| format!("`{name}`")).collect();
        let candidates = self.candidates.iter().map(|c| format!("`{}`", c.name()));
        names.extend(candidates.take(SHOWN));
        if self.candidates.len() > SHOWN {
            names.push(format!("{} more", self.candidates.len() - SHOWN));
        }
        if names.is_empty() {
            return "nothing".into();
        }
        names.join(", ")
    }
}

fn typed(candidate: &Candidate) -> Result<(Invocation, Option<Candidate>), InspectError> {
    let parameters = typed::parameters(&candidate.types);
    let types = parameters.iter().map(|(_, ty)| ty.clone());
    let types = types.chain(candidate.types.results());
    if let Some(what) = typed::unsupported(types) {
        return Err(InspectError {
            code: "unsupported_type",
            message: format!("`{}` takes or returns {what}", candidate.name()),
            hint: Some("use plain values: numbers, text, lists, records, variants".into()),
        });
    }
    let invocation = Invocation::Typed {
        interface: candidate.interface.clone(),
        function: Arc::clone(&candidate.function),
    };
    Ok((invocation, Some(candidate.clone())))
}

/// Tells whether two interfaces are the same but for a compatible version.
pub(crate) fn same_interface(name: &str, known: &str) -> bool {
    let Some((known_name, known_version)) = known.split_once('@') else {
        return name == known;
    };
    let Some((name, version)) = name.split_once('@') else {
        return false;
    };
    name == known_name && compatible(version) == compatible(known_version)
}

/// The part of a version that must be equal: the major number, or `0.minor`. A prerelease is only
/// compatible with itself.
fn compatible(version: &str) -> &str {
    if version.contains('-') {
        return version;
    }
    let mut dots = version.match_indices('.').map(|(at, _)| at);
    let end = if version.starts_with("0.") {
        dots.nth(1)
    } else {
        dots.next()
    };
    &version[..end.unwrap_or(version.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_match_by_semver() {
        for (name, known, same) in [
            ("wasi:cli/run@0.2.12", CLI_RUN, true),
            ("wasi:cli/run@0.3.0", CLI_RUN, false),
            ("wasi:cli/run@0.2.0-rc-1", CLI_RUN, false),
            ("wasi:cli/run", CLI_RUN, false),
            ("attune:action/handler@1.4.0", HANDLER, true),
            ("attune:action/handler@2.0.0", HANDLER, false),
        ] {
            assert_eq!(same_interface(name, known), same, "{name}");
        }
    }
}
