//! Components by digest: in memory, else from the disk's cache, else compiled from their bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use attune_core::Digest;
use attune_driver::port::{Artifacts, StoreError};
use bytes::Bytes;
use tokio::sync::OnceCell;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::cache::Cache;
use crate::compile::{CompileError, Compiler};
use crate::component::Loaded;
use crate::engine::Engines;
use crate::linker::Linkers;

/// [`Artifacts`], as an object.
#[async_trait]
pub(crate) trait Blobs: Send + Sync {
    async fn blob(&self, digest: Digest) -> Result<Option<Bytes>, StoreError>;
}

/// Makes an object of any [`Artifacts`].
pub(crate) struct AsBlobs<A>(pub(crate) Arc<A>);

#[async_trait]
impl<A: Artifacts> Blobs for AsBlobs<A> {
    async fn blob(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        self.0.blob(digest).await
    }
}

/// Why a component is not there.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("the component `{0}` is not in the store")]
    Missing(Digest),
    #[error(transparent)]
    Compile(#[from] CompileError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("compiled code could not be loaded: {0}")]
    Load(String),
}

type Slot = Arc<OnceCell<Arc<Loaded>>>;

/// All components that were used lately.
pub(crate) struct Library {
    engines: Engines,
    pooled_linkers: Option<Arc<Linkers>>,
    linkers: Arc<Linkers>,
    compiler: Compiler,
    cache: Option<Arc<Cache>>,
    blobs: Arc<dyn Blobs>,
    shelf: Mutex<Shelf>,
}

/// Loaded components, the time of their last use, and what they take.
#[derive(Default)]
struct Shelf {
    slots: HashMap<Digest, (Slot, u64)>,
    clock: u64,
    limit_bytes: u64,
}

impl Library {
    pub(crate) fn new(
        engines: Engines,
        compiler: Compiler,
        cache: Option<Cache>,
        blobs: Arc<dyn Blobs>,
    ) -> wasmtime::Result<Self> {
        let pooled = engines.pooled.as_ref().map(Linkers::new).transpose()?;
        Ok(Self {
            pooled_linkers: pooled.map(Arc::new),
            linkers: Arc::new(Linkers::new(&engines.on_demand)?),
            engines,
            compiler,
            cache: cache.map(Arc::new),
            blobs,
            shelf: Mutex::default(),
        })
    }

    /// Sets how much memory loaded components may take.
    pub(crate) fn with_memory(self, limit_bytes: u64) -> Self {
        self.shelf().limit_bytes = limit_bytes;
        self
    }

    /// Tells whether there is a pool of instances.
    pub(crate) fn is_pooled(&self) -> bool {
        self.pooled_linkers.is_some()
    }

    /// Returns the component `digest`, which is loaded or compiled once however many ask.
    pub(crate) async fn get(&self, digest: Digest) -> Result<Arc<Loaded>, LoadError> {
        let slot = self.shelf().slot(digest);
        if let Some(loaded) = slot.get() {
            return Ok(Arc::clone(loaded));
        }
        let loaded = slot.get_or_try_init(|| self.load(digest)).await.cloned();
        self.shelf().shrink(digest);
        loaded
    }

    /// Compiles a component that is being uploaded, unless it is known.
    pub(crate) async fn add(&self, component: Bytes) -> Result<(Digest, Arc<Loaded>), LoadError> {
        let digest = Digest::of(&component);
        let slot = self.shelf().slot(digest);
        let make = || async {
            if let Some(loaded) = self.cached(digest).await {
                return Ok(loaded);
            }
            self.compile(digest, component).await
        };
        let loaded = slot.get_or_try_init(make).await.cloned();
        self.shelf().shrink(digest);
        Ok((digest, loaded?))
    }

    async fn load(&self, digest: Digest) -> Result<Arc<Loaded>, LoadError> {
        if let Some(loaded) = self.cached(digest).await {
            return Ok(loaded);
        }
        let blob = self.blobs.blob(digest).await?;
        let component = blob.ok_or(LoadError::Missing(digest))?;
        self.compile(digest, component).await
    }

    async fn cached(&self, digest: Digest) -> Option<Arc<Loaded>> {
        let cache = Arc::clone(self.cache.as_ref()?);
        let code = tokio::task::spawn_blocking(move || cache.get(digest)).await;
        let code = code.ok().flatten()?;
        match self.deserialize(&code) {
            Ok(loaded) => Some(loaded),
            Err(error) => {
                tracing::warn!(component = %digest, %error, "compiled code is of no use");
                self.cache.as_ref()?.remove(digest);
                None
            }
        }
    }

    async fn compile(&self, digest: Digest, bytes: Bytes) -> Result<Arc<Loaded>, LoadError> {
        let code = self.compiler.compile(bytes).await?;
        let loaded = self.deserialize(&code)?;
        if let Some(cache) = self.cache.clone() {
            let kept = tokio::task::spawn_blocking(move || cache.put(digest, &code)).await;
            if let Ok(Err(error)) = kept {
                tracing::warn!(component = %digest, %error, "compiled code was not kept");
            }
        }
        Ok(loaded)
    }

    /// Loads code into the pool's engine, or, where the component does not fit the pool, into the
    /// other one.
    fn deserialize(&self, code: &[u8]) -> Result<Arc<Loaded>, LoadError> {
        if let (Some(engine), Some(linkers)) = (&self.engines.pooled, &self.pooled_linkers) {
            match load(engine, code) {
                Ok(component) => return Ok(Arc::new(Loaded::new(component, linkers.clone()))),
                Err(error) => tracing::debug!(%error, "a component does not fit the pool"),
            }
        }
        let component = load(&self.engines.on_demand, code);
        let component = component.map_err(|error| LoadError::Load(error.to_string()))?;
        Ok(Arc::new(Loaded::new(component, self.linkers.clone())))
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Loads compiled code.
fn load(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `code` came from the compiler of this process, or from the cache, which returns
    // only what carries this engine's MAC.
    #[expect(unsafe_code, reason = "loading code is unsafe by nature")]
    let component = unsafe { Component::deserialize(engine, code) }?;
    // The image that instances map their memory from is made here rather than by the first one.
    component.initialize_copy_on_write_image()?;
    Ok(component)
}

impl Shelf {
    /// Returns the place of a component, new if it has none, and notes its use.
    fn slot(&mut self, digest: Digest) -> Slot {
        self.clock += 1;
        let (slot, used) = self.slots.entry(digest).or_default();
        *used = self.clock;
        Arc::clone(slot)
    }

    /// Drops what was not used for longest until the rest fits; never `keep`. Places of
    /// components that could not be loaded go at once.
    fn shrink(&mut self, keep: Digest) {
        let loading = |slot: &Slot| Arc::strong_count(slot) > 1;
        self.slots
            .retain(|_, (slot, _)| slot.initialized() || loading(slot));
        let size = |slot: &Slot| slot.get().map_or(0, |loaded| loaded.size_bytes());
        let mut total: u64 = self.slots.values().map(|(slot, _)| size(slot)).sum();
        while total > self.limit_bytes {
            let oldest = self.slots.iter().filter(|(digest, _)| **digest != keep);
            let Some((&digest, _)) = oldest.min_by_key(|(_, (_, used))| *used) else {
                break;
            };
            if let Some((slot, _)) = self.slots.remove(&digest) {
                total -= size(&slot);
            }
        }
    }
}
