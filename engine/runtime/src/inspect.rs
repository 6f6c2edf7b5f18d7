//! Looks at an upload: what it is, what it wants, whether it can run here at all.

use async_trait::async_trait;
use attune_core::pin::Invocation;
use attune_core::{Digest, Value};
use attune_driver::port::{InspectError, Inspection, Inspector};
use attune_host_api::Grants;
use bytes::Bytes;

use crate::compile::CompileError;
use crate::component::Loaded;
use crate::describe::{Described, describe};
use crate::imports::Imports;
use crate::kind::{Candidate, Exports, Format};
use crate::library::LoadError;
use crate::manifest::Manifest;
use crate::runtime::Runtime;
use crate::{schema, typed};

fn refuse(code: &'static str, message: impl Into<String>, hint: &str) -> InspectError {
    InspectError {
        code,
        message: message.into(),
        hint: (!hint.is_empty()).then(|| hint.to_owned()),
    }
}

#[async_trait]
impl Inspector for Runtime {
    async fn inspect(&self, upload: Bytes, manifest: Value) -> Result<Inspection, InspectError> {
        let runtime = self.clone();
        let work = async move { runtime.look_at(upload, manifest).await };
        let looked = self.on_guests(work).await;
        looked.unwrap_or_else(|| Err(refuse("busy", "the engine lost the upload", "try again")))
    }

    fn effective(&self, grants: &Value) -> Value {
        // What does not parse is not granted: an attempt fails with it.
        let mut wanted = Grants::parse(grants).unwrap_or_default();
        let settings = &self.0.settings;
        let ceiling = settings.http.ceiling.as_ref();
        if ceiling.is_some_and(Vec::is_empty) {
            wanted.http.clear();
        }
        let effective = wanted.within(&settings.grants);
        let json = effective.to_json();
        let (Some(ceiling), false) = (ceiling, effective.http.is_empty()) else {
            return json;
        };
        let patterns = ceiling.iter().map(|own| Value::Text(own.as_text().clone()));
        let mut members = json.as_map().cloned().unwrap_or_default();
        members.insert("http_within".into(), Value::list(patterns.collect()));
        Value::Map(std::sync::Arc::new(members))
    }
}

impl Runtime {
    async fn look_at(&self, upload: Bytes, manifest: Value) -> Result<Inspection, InspectError> {
        let manifest = Manifest::parse(&manifest)?;
        let limits = self.0.settings.limits.clamp(manifest.limits);
        let component = self.component(upload, limits.memory_bytes).await?;
        let added = self.0.library.add(component.clone()).await;
        let (digest, loaded) = added.map_err(|error| not_loaded(&error))?;
        let engine = loaded.component.engine();
        let types = loaded.component.component_type();
        let imports = Imports::read(engine, &types);
        imports.check()?;
        let exports = Exports::read(engine, &types);
        exports.check()?;
        let (invocation, candidate) =
            exports.choose(manifest.export.as_deref(), &manifest.command)?;
        check_memory(&loaded, limits.memory_bytes)?;
        check_link(&loaded, &invocation)?;
        let described = if exports.describes {
            let mut admitted = self.0.admission.admit(&limits, true).await;
            let described = describe(&loaded, digest, limits, &self.0.http);
            admitted.run(described).await?
        } else {
            Described::default()
        };
        let found = Found {
            component,
            digest,
            invocation,
            candidate,
            imports,
            exports,
            described,
        };
        found.put_together(manifest, limits)
    }

    /// Returns the component of an upload.
    async fn component(&self, upload: Bytes, memory_bytes: u64) -> Result<Bytes, InspectError> {
        let limit = self.0.settings.component_bytes;
        if upload.len() as u64 > limit {
            let text = format!(
                "the upload has {} bytes, the limit is {limit}",
                upload.len()
            );
            return Err(refuse("too_large", text, ""));
        }
        match Format::of(&upload) {
            Format::Component => Ok(upload),
            Format::Module => crate::wrap::module(upload, memory_bytes).await,
            Format::Other => Err(refuse(
                "not_wasm",
                "the upload is not WebAssembly: it does not begin with `\\0asm`",
                "upload a component, such as `target/wasm32-wasip2/release/NAME.wasm`",
            )),
        }
    }
}

fn not_loaded(error: &LoadError) -> InspectError {
    match error {
        LoadError::Compile(CompileError::Busy) => refuse("busy", error.to_string(), "try again"),
        LoadError::Compile(CompileError::Timeout(_)) => refuse(
            "compile_timeout",
            error.to_string(),
            "build with optimisation for size, or split the component",
        ),
        LoadError::Compile(CompileError::Broken(why)) => refuse(
            "broken_component",
            format!("the component is not valid: {why}"),
            "",
        ),
        LoadError::Compile(CompileError::Failed)
        | LoadError::Missing(_)
        | LoadError::Store(_)
        | LoadError::Load(_) => refuse("broken_component", error.to_string(), ""),
    }
}

/// A memory that is declared larger than the limit could never be made.
fn check_memory(loaded: &Loaded, limit: u64) -> Result<(), InspectError> {
    const PAGE_BYTES: u64 = 64 << 10;
    let required = loaded.component.resources_required();
    let pages = required.and_then(|required| required.max_initial_memory_size);
    let bytes = pages.unwrap_or(0).saturating_mul(PAGE_BYTES);
    if bytes <= limit {
        return Ok(());
    }
    Err(refuse(
        "needs_memory",
        format!("the component declares {bytes} bytes of memory, its limit is {limit}"),
        "raise `limits: {memory: …}` in the manifest, up to the operator's ceiling",
    ))
}

/// Links both worlds and looks up the function, so that no attempt finds out.
fn check_link(loaded: &Loaded, invocation: &Invocation) -> Result<(), InspectError> {
    for pure in [true, false] {
        if let Err(error) = loaded.prepare(invocation, pure) {
            let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
            return Err(refuse(
                "unknown_import",
                format!(
                    "the component does not fit this engine: {}",
                    chain.join(": ")
                ),
                "build it against the interfaces of `attune:action@1.0.0` and WASI 0.2",
            ));
        }
    }
    Ok(())
}

/// Everything that is known of an upload.
struct Found {
    component: Bytes,
    digest: Digest,
    invocation: Invocation,
    candidate: Option<Candidate>,
    imports: Imports,
    exports: Exports,
    described: Described,
}

impl Found {
    fn put_together(
        self,
        manifest: Manifest,
        limits: attune_core::pin::AttemptLimits,
    ) -> Result<Inspection, InspectError> {
        let grants = self.grants(manifest.grants)?;
        let pure = manifest.may_be_pure && grants.is_empty() && self.imports.are_pure();
        let (parameters, output) = self.schemas(manifest.parameters, manifest.output)?;
        Ok(Inspection {
            digest: self.digest,
            component: self.component,
            invocation: self.invocation,
            exports: self.exports.names,
            cacheable: pure && !self.imports.own("context"),
            imports: self.imports.names,
            needs_approval: grants.needs_approval(),
            grants: grants.to_json(),
            pure,
            limits,
            parameters,
            output,
            summary: manifest.label.or(self.described.summary),
            description: manifest.description.or(self.described.description),
        })
    }

    /// The manifest's grants; without any, those that the component says it wants.
    fn grants(&self, manifest: Option<Grants>) -> Result<Grants, InspectError> {
        if let Some(grants) = manifest {
            return Ok(grants);
        }
        Grants::parse(&self.described.grants).map_err(|error| {
            refuse(
                "describe_failed",
                format!("the component wants grants that are not valid: {error}"),
                "",
            )
        })
    }

    fn schemas(
        &self,
        parameters: Option<Value>,
        output: Option<Value>,
    ) -> Result<(Value, Value), InspectError> {
        let derived = match &self.candidate {
            Some(candidate) => {
                let result = candidate.types.results().next();
                let parameters = typed::parameters(&candidate.types);
                Some((
                    typed::parameters_schema(&parameters),
                    typed::result_schema(result.as_ref()),
                ))
            }
            None => None,
        };
        let (own_parameters, own_output) = match derived {
            Some((parameters, output)) => (Some(parameters), Some(output)),
            None => (
                self.described.parameters.clone(),
                self.described.output.clone(),
            ),
        };
        if let (Some(own), Some(named)) = (&own_parameters, &parameters) {
            schema::agree(own, named)?;
        }
        let parameters = parameters.or(own_parameters);
        Ok((
            parameters.unwrap_or_else(schema::any_object),
            output.or(own_output).unwrap_or_else(schema::anything),
        ))
    }
}
