//! Answers of outside state to expressions.

use async_trait::async_trait;
use attune_core::Value;
use attune_core::event::FactKey;

use super::catalog::Catalog;
use super::store::StoreError;

/// Answers what an expression of a workflow asks of the world.
#[async_trait]
pub trait FactSource: Send + Sync + 'static {
    /// Returns the answer to `key` for the workflows of `pack`; null if there is none. What comes
    /// from a secret is marked.
    async fn fact(&self, pack: &str, key: &FactKey) -> Result<Value, StoreError>;
}

#[async_trait]
impl<C: Catalog + ?Sized> FactSource for C {
    async fn fact(&self, pack: &str, key: &FactKey) -> Result<Value, StoreError> {
        match key {
            FactKey::Kv(key) => {
                let entry = self.kv(pack, key).await?;
                Ok(entry.map_or(Value::Null, |entry| entry.value))
            }
            FactKey::Secret(name) => {
                let secret = self.secret(pack, name).await?;
                Ok(secret.map_or(Value::Null, Value::secret))
            }
        }
    }
}
