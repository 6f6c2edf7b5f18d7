//! Core modules become components on the server, where they say what they are: by a section with
//! their interfaces, or by being a program for WASI preview 1.

use attune_driver::port::InspectError;
use bytes::Bytes;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1,
    WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER as COMMAND_ADAPTER,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as REACTOR_ADAPTER,
};
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

mod go;

/// What a module's sections say.
#[derive(Debug, Default)]
struct Module {
    /// It carries a section with its interfaces.
    has_interfaces: bool,
    /// It exports `_start`.
    is_program: bool,
    /// It imports WASI preview 1.
    needs_preview1: bool,
    /// Go made it.
    is_go: bool,
    /// Other modules it imports from.
    imports: Vec<String>,
}

/// Wraps a core module, off the async path, or says why not. `memory_bytes` is what it will have.
pub(crate) async fn module(upload: Bytes, memory_bytes: u64) -> Result<Bytes, InspectError> {
    let wrapped = tokio::task::spawn_blocking(move || wrap(&upload, memory_bytes)).await;
    wrapped.unwrap_or_else(|_| Err(broken("it could not be read")))
}

fn broken(why: impl std::fmt::Display) -> InspectError {
    InspectError {
        code: "broken_component",
        message: format!("the core module cannot be made a component: {why}"),
        hint: None,
    }
}

fn wrap(upload: &[u8], memory_bytes: u64) -> Result<Bytes, InspectError> {
    let module = Module::read(upload).map_err(broken)?;
    if !module.has_interfaces && !module.is_program {
        return Err(refused(&module));
    }
    let rewritten = if module.is_go && module.is_program {
        Some(go::rewrite(upload, memory_bytes).map_err(broken)?)
    } else {
        None
    };
    let upload = rewritten.as_deref().unwrap_or(upload);
    let mut encoder = ComponentEncoder::default().validate(true);
    encoder = encoder
        .module(upload)
        .map_err(|error| broken(chain(&error)))?;
    if module.needs_preview1 || module.is_program {
        let adapter = if module.is_program {
            COMMAND_ADAPTER
        } else {
            REACTOR_ADAPTER
        };
        let adapted = encoder.adapter(PREVIEW1, adapter);
        encoder = adapted.map_err(|error| broken(chain(&error)))?;
    }
    let component = encoder.encode().map_err(|error| broken(chain(&error)))?;
    Ok(component.into())
}

/// A module that says nothing about what it is.
fn refused(module: &Module) -> InspectError {
    let imports = match module.imports.as_slice() {
        [] => String::new(),
        names => format!(", which imports from `{}`", names.join("`, `")),
    };
    InspectError {
        code: "core_module",
        message: format!(
            "the upload is a core module{imports}, not a component, and says nothing about its \
             interfaces"
        ),
        hint: Some(
            "build for `wasm32-wasip2`, or make a component of it with `wasm-tools component new`"
                .into(),
        ),
    }
}

fn chain(error: &dyn std::fmt::Display) -> String {
    format!("{error:#}").replace('\n', " ")
}

impl Module {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other payload of a module says nothing about what it is"
    )]
    fn read(bytes: &[u8]) -> wasmparser::Result<Self> {
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::CustomSection(section) => {
                    module.has_interfaces |= section.name().starts_with("component-type");
                    module.is_go |= section.name() == go::MARK;
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        module.is_program |= export?.name == "_start";
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        module.import(import?.module);
                    }
                }
                _ => {}
            }
        }
        Ok(module)
    }

    fn import(&mut self, from: &str) {
        /// Names that a message shows.
        const SHOWN: usize = 20;
        if from == PREVIEW1 {
            self.needs_preview1 = true;
        }
        if self.imports.len() < SHOWN && !self.imports.iter().any(|known| known == from) {
            self.imports.push(from.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Format;

    #[test]
    fn preview1_program_becomes_a_component() {
        let program = wat::parse_str(
            r#"(module
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (memory (export "memory") 1)
                (func (export "_start") (call $exit (i32.const 0))))"#,
        );
        let component = wrap(&program.unwrap(), 1 << 26).unwrap();
        assert_eq!(Format::of(&component), Format::Component);
    }

    #[test]
    fn module_that_says_nothing_is_refused_with_its_imports() {
        let module = wat::parse_str(r#"(module (import "env" "f" (func)))"#).unwrap();
        let error = wrap(&module, 1 << 26).unwrap_err();
        assert_eq!(error.code, "core_module");
        assert!(error.message.contains("`env`"), "{}", error.message);
    }

    #[test]
    fn broken_module_is_refused() {
        assert_eq!(
            wrap(b"\0asm\x01\0\0\0\x0b", 1 << 26).unwrap_err().code,
            "broken_component"
        );
    }
}
