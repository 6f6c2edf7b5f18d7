//! What all attempts share to send requests: the operator's bounds, the resolver, TLS.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::sync::Semaphore;

use super::address::Networks;
use super::pattern::Pattern;
use super::resolve::{Resolve, SystemResolver};
use super::tls::Tls;

/// Connections of all attempts together. Each is a file of the process, which has others to open.
const MAX_CONNECTIONS: usize = 512;

/// How requests are sent.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Requests that the operator allows at most, whatever manifests want; `None` is all.
    pub ceiling: Option<Vec<Pattern>>,
    /// Ranges that may be reached although they are not public.
    pub networks: Networks,
    /// Finds the addresses of names.
    pub resolver: Arc<dyn Resolve>,
    /// Certificates trusted beside the machine's.
    pub roots: Vec<CertificateDer<'static>>,
}

/// A file without certificates that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no certificate in PEM form in it")]
pub struct NoCertificate;

impl HttpSettings {
    /// Trusts the certificates of a PEM file too.
    ///
    /// # Errors
    /// If there is none, or one of them cannot be read.
    pub fn trust(&mut self, pem: &[u8]) -> Result<(), NoCertificate> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let found = found.map_err(|_| NoCertificate)?;
        if found.is_empty() {
            return Err(NoCertificate);
        }
        self.roots.extend(found);
        Ok(())
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            ceiling: None,
            networks: Networks::default(),
            resolver: Arc::new(SystemResolver),
            roots: Vec::new(),
        }
    }
}

/// Sends the requests of all attempts.
#[derive(Debug)]
pub struct HttpClient {
    pub(super) ceiling: Option<Vec<Pattern>>,
    pub(super) networks: Networks,
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) tls: Tls,
    pub(super) connections: Arc<Semaphore>,
}

impl HttpClient {
    /// Makes a client; nothing is opened yet.
    pub fn new(settings: HttpSettings) -> Self {
        Self {
            ceiling: settings.ceiling,
            networks: settings.networks,
            resolver: settings.resolver,
            tls: Tls::new(settings.roots),
            connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        }
    }
}
