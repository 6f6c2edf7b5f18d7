//! The engine inside this process: nothing is stored, nothing listens.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use attune_driver::MemoryStore;
use attune_runtime::Allocator;

use crate::build;
use crate::client::{Client, LocalTransport, Request, encode};
use crate::commands::{components, upload};
use crate::engine::{Engine, Setup};
use crate::output::error::{Context, Result};
use crate::{install, paths};

/// An engine that lives as long as the command.
pub(crate) struct LocalEngine {
    engine: Engine,
    client: Client,
}

impl LocalEngine {
    /// Starts an engine with an empty store in memory. Compiled components are kept in the
    /// user's cache folder.
    ///
    /// # Errors
    /// If the sandbox cannot be started.
    pub(crate) async fn start() -> Result<Self> {
        let setup = Setup {
            runtime: attune_runtime::Settings {
                cache_dir: Some(paths::cache_dir().join("compiled")),
                allocator: Allocator::OnDemand,
                ..attune_runtime::Settings::default()
            },
            driver: attune_driver::Config::default(),
            server: attune_server::Config {
                auth: attune_server::AuthMode::None,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                ..attune_server::Config::default()
            },
            counters: Arc::new(String::new),
        };
        let engine = Engine::start(Arc::new(MemoryStore::new()), setup).await?;
        let client = Client::Local(LocalTransport::new(engine.server.clone()));
        Ok(Self { engine, client })
    }

    /// Returns a client of its API.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Installs what a workflow's source mentions: standard actions, and actions and workflows
    /// of the pack that the file stands in.
    ///
    /// # Errors
    /// If one of them is refused.
    pub(crate) async fn add_what_it_uses(&self, file: &Path, source: &str) -> Result {
        let mut sources = source.to_owned();
        let mut workflows = Vec::new();
        for (reference, path) in pack_files(file, "workflows", &["yaml", "yml"]) {
            if source.contains(&*reference) {
                let text = fs::read_to_string(&path)
                    .context(|| format!("cannot read `{}`", path.display()))?;
                sources.push_str(&text);
                workflows.push((reference, text));
            }
        }
        install::standard(&*self.engine.catalog, &self.engine.runtime, |name| {
            sources.contains(name)
        })
        .await?;
        for (reference, path) in pack_files(file, "actions", &["wasm"]) {
            if sources.contains(&*reference) {
                self.client
                    .data(upload(&path, None, &reference, "approve=true")?)
                    .await?;
            }
        }
        for (reference, text) in workflows {
            let path = format!("/workflows/{}", encode(&reference));
            let request = Request::new("PUT", path).body("application/yaml", text);
            self.client.data(request).await?;
        }
        Ok(())
    }
}

impl LocalEngine {
    /// Installs the standard actions and the components of a pack's folder.
    ///
    /// # Errors
    /// If one of them is refused.
    pub(crate) async fn add_pack(&self, pack: &Path) -> Result {
        install::standard(&*self.engine.catalog, &self.engine.runtime, |_name| true).await?;
        for file in components(pack)? {
            if let Some(reference) = build::reference_of_file(&file) {
                let request = upload(&file, None, &reference, "approve=true")?;
                self.client.data(request).await?;
            }
        }
        Ok(())
    }
}

/// Returns refs and files of one of the folders of the pack that `file` stands in.
fn pack_files(file: &Path, folder: &str, ends: &[&str]) -> Vec<(String, PathBuf)> {
    let Ok(file) = file.canonicalize() else {
        return Vec::new();
    };
    let Some(pack) = file
        .ancestors()
        .skip(1)
        .take(2)
        .find(|dir| dir.join("pack.yaml").is_file())
    else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir(pack.join(folder)) else {
        return Vec::new();
    };
    let mut found: Vec<(String, PathBuf)> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| *path != file)
        .filter(|path| {
            path.extension()
                .is_some_and(|found| ends.iter().any(|end| found == *end))
        })
        .filter_map(|path| Some((build::reference_of_file(&path)?, path)))
        .collect();
    found.sort();
    found
}
