//! The request that uploads a component, with its manifest.

use std::fs;
use std::path::Path;

use crate::client::{Request, encode};
use crate::output::error::{CliError, Context, Result};

/// How every component and every module begins.
const WASM: &[u8] = b"\0asm";

/// Says that a file is something else, and what was probably meant.
fn no_component(file: &Path) -> CliError {
    let error = CliError::failed(format!("`{}` is not a component", file.display()));
    let component = file.with_extension("wasm");
    if component != file && component.is_file() {
        let component = component.display();
        return error.hint(format!(
            "name the component, `{component}`: the file beside it is its manifest"
        ));
    }
    error.hint("a component is a `.wasm` file, such as `target/wasm32-wasip2/release/NAME.wasm`")
}

/// Makes the request that uploads a component with the manifest given or beside it.
pub(crate) fn upload(
    file: &Path,
    manifest: Option<&Path>,
    reference: &str,
    query: &str,
) -> Result<Request> {
    let component = fs::read(file).context(|| format!("cannot read `{}`", file.display()))?;
    if !component.starts_with(WASM) {
        return Err(no_component(file));
    }
    let (pack, name) = reference.split_once('.').ok_or_else(|| {
        CliError::usage(format!("`{reference}` is not the name of an action"))
            .hint("actions are called `pack.name`")
    })?;
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{query}")
    };
    let path = format!("/packs/{}/actions/{}{query}", encode(pack), encode(name));
    let request = Request::new("PUT", path);
    let beside = file.with_extension("yaml");
    let manifest = manifest.or(Some(&*beside).filter(|file| file.is_file()));
    let Some(manifest) = manifest else {
        return Ok(request.body("application/wasm", component));
    };
    let manifest =
        fs::read(manifest).context(|| format!("cannot read `{}`", manifest.display()))?;
    Ok(multipart(request, &component, &manifest))
}

/// Puts component and manifest into one body, as RFC 7578 says.
fn multipart(request: Request, component: &[u8], manifest: &[u8]) -> Request {
    let digest = attune_core::Digest::of(component);
    let boundary = format!("attune-{digest}");
    let mut body = Vec::with_capacity(component.len() + manifest.len() + 1_000);
    for (name, kind, content) in [
        ("manifest", "application/yaml", manifest),
        ("component", "application/wasm", component),
    ] {
        body.extend_from_slice(
            format!(
                "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"; \
                 filename=\"{name}\"\r\ncontent-type: {kind}\r\n\r\n"
            )
            .as_bytes(),
        );
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    request.body(&format!("multipart/form-data; boundary={boundary}"), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_not_taken_for_components() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("a.yaml");
        fs::write(&manifest, "label: A\n").unwrap();
        let refused = |file: &Path| upload(file, None, "t.a", "").unwrap_err();
        let error = refused(&manifest);
        assert!(
            error.message.ends_with("a.yaml` is not a component"),
            "{error}"
        );
        assert!(error.hint.unwrap().contains("wasm32-wasip2"));
        let component = folder.path().join("a.wasm");
        fs::write(&component, "(component)").unwrap();
        assert!(
            refused(&manifest)
                .hint
                .unwrap()
                .contains("a.wasm`: the file beside it")
        );
        let text = refused(&component);
        assert!(
            text.message.ends_with("a.wasm` is not a component"),
            "{text}"
        );
    }
}
