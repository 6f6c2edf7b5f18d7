//! Actions and workflows that are known while files are checked: those of a pack, or of a server.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use attune_core::Value;
use attune_core::spec::{self, ActionSchemas, Actions};
use serde_json::Value as Json;

use super::workflow::{find, read};
use crate::client::{Client, Request, encode};
use crate::local::LocalEngine;
use crate::output::error::{CliError, Context, Kind, Result};

/// Things asked for at once.
const PAGE: usize = 500;

/// What is known, by ref.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeMap<String, ActionSchemas>);

impl Actions for Known {
    fn lookup(&self, reference: &str) -> Option<ActionSchemas> {
        let name = reference.split('@').next().unwrap_or(reference);
        self.0.get(name).cloned()
    }

    fn references(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

/// Looks at the components and workflows of a pack's folder; the standard actions are known too.
///
/// # Errors
/// If the folder is no pack, or one of its components cannot be used.
pub(super) async fn of_pack(pack: &Path) -> Result<Known> {
    if !pack.join("pack.yaml").is_file() {
        let message = format!("`{}` is no pack: it has no `pack.yaml`", pack.display());
        return Err(CliError::new(Kind::NotFound, message));
    }
    let engine = LocalEngine::start().await?;
    engine.add_pack(pack).await?;
    let mut known = of_server(engine.client()).await?;
    let folder = pack.join("workflows");
    if !folder.is_dir() {
        return Ok(known);
    }
    for file in find(&[folder])? {
        // A file with errors is told about where it is checked itself.
        if let Some(definition) = spec::parse(&read(&file)?).definition {
            let output = definition.output.as_ref();
            let schemas = ActionSchemas {
                parameters: Some(definition.parameters.json().clone()),
                output: output.map(|schema| schema.json().clone()),
            };
            known.0.insert(definition.reference.to_string(), schemas);
        }
    }
    Ok(known)
}

/// Asks a server for everything it has.
///
/// # Errors
/// If it does not answer.
pub(super) async fn of_server(client: &Client) -> Result<Known> {
    let mut known = Known::default();
    for (kind, parameters, output) in [
        ("actions", "parameters", "output"),
        ("workflows", "param_schema", "out_schema"),
    ] {
        for reference in references(client, kind).await? {
            let one = client
                .get(format!("/{kind}/{}", encode(&reference)))
                .await?;
            let schemas = ActionSchemas {
                parameters: schema(&one[parameters]),
                output: schema(&one[output]),
            };
            known.0.entry(reference).or_insert(schemas);
        }
    }
    Ok(known)
}

fn schema(json: &Json) -> Option<Value> {
    (!json.is_null()).then(|| Value::from_serde(json))
}

async fn references(client: &Client, kind: &str) -> Result<Vec<String>> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let request = Request::new("GET", format!("/{kind}?limit={PAGE}{after}"));
        let page = client.json(request).await?;
        let rows = page["data"].as_array().into_iter().flatten();
        found.extend(rows.filter_map(|row| row["ref"].as_str().map(str::to_owned)));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={}", encode(next)),
            None => return Ok(found),
        }
    }
}

/// Returns the components in a pack's folder `actions`.
///
/// # Errors
/// If it cannot be listed.
pub(crate) fn components(pack: &Path) -> Result<Vec<std::path::PathBuf>> {
    let folder = pack.join("actions");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries =
        fs::read_dir(&folder).context(|| format!("cannot list `{}`", folder.display()))?;
    let files = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|end| end == "wasm"))
        .collect();
    files.sort();
    Ok(files)
}
