//! TLS of outgoing requests: one configuration for all, with the machine's certificates, or, on a
//! machine that has none, Mozilla's.

use std::io;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

use super::target::Host;

/// The shared configuration, made when the first request needs it.
#[derive(Debug, Default)]
pub(super) struct Tls {
    config: OnceCell<Arc<ClientConfig>>,
    /// Trusted beside the machine's.
    extra: Vec<CertificateDer<'static>>,
}

impl Tls {
    pub(super) fn new(extra: Vec<CertificateDer<'static>>) -> Self {
        Self {
            config: OnceCell::new(),
            extra,
        }
    }

    /// Returns the configuration. Reading the machine's certificates blocks, so it is done on a
    /// thread for that.
    pub(super) async fn config(&self) -> io::Result<Arc<ClientConfig>> {
        let made = self.config.get_or_try_init(|| async {
            let extra = self.extra.clone();
            let made = tokio::task::spawn_blocking(move || configure(extra));
            made.await.map_err(io::Error::other)?
        });
        made.await.cloned()
    }
}

fn configure(extra: Vec<CertificateDer<'static>>) -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots.add_parsable_certificates(extra);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Returns the name that the server's certificate must have.
pub(super) fn server_name(host: &Host) -> io::Result<ServerName<'static>> {
    match host {
        Host::Name(name) => ServerName::try_from(name.to_string()).map_err(io::Error::other),
        Host::Address(address) => Ok((*address).into()),
    }
}
