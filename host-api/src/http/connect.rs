//! From a host to a connection: every address is checked, and one of those is connected to.
//!
//! The name is resolved once for each request: what it means later does not matter.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use wasmtime_wasi_http::Error;

use super::client::HttpClient;
use super::session::Refusal;
use super::target::{Host, Target};
use super::tls::server_name;

/// Addresses of one name that are tried; all are checked.
const MAX_TRIES: usize = 4;

/// Addresses of one name that are looked at: no honest name has more.
const MAX_ADDRESSES: usize = 64;

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection and the address it goes to.
pub(super) struct Connected {
    pub(super) stream: Box<dyn Stream>,
    pub(super) address: IpAddr,
}

impl HttpClient {
    /// Connects to `target` within `limit`, encryption included.
    pub(super) async fn connect(
        &self,
        target: &Target,
        limit: Duration,
    ) -> Result<Connected, Refusal> {
        let deadline = Instant::now() + limit;
        let late = |_| Refusal::Failed(Error::ConnectionTimeout);
        let found = timeout_at(deadline, self.addresses(&target.host));
        let addresses = found.await.map_err(late)??;
        let (stream, address) = reach(&addresses, target.port, deadline).await?;
        let stream: Box<dyn Stream> = if target.https {
            let encrypted = timeout_at(deadline, self.encrypt(stream, &target.host));
            encrypted.await.map_err(late)?.map_err(Error::Tls)?
        } else {
            Box::new(stream)
        };
        Ok(Connected { stream, address })
    }

    /// Returns the addresses of a host, if every one may be reached.
    async fn addresses(&self, host: &Host) -> Result<Vec<IpAddr>, Refusal> {
        let found = match host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => self.resolver.resolve(name).await.map_err(unresolved)?,
        };
        if found.is_empty() || found.len() > MAX_ADDRESSES {
            return Err(Refusal::Failed(Error::DestinationNotFound));
        }
        for address in &found {
            self.networks
                .check(*address)
                .map_err(|what| Refusal::Denied {
                    text: format!(
                        "`{host}` has an address that is {what}: no grant allows it, only the \
                         operator can, by a range in `sandbox.networks`"
                    ),
                    code: Error::DestinationIpProhibited,
                })?;
        }
        Ok(found)
    }

    async fn encrypt(&self, stream: TcpStream, host: &Host) -> io::Result<Box<dyn Stream>> {
        let connector = TlsConnector::from(self.tls.config().await?);
        let stream = connector.connect(server_name(host)?, stream).await?;
        Ok(Box::new(stream))
    }
}

fn unresolved(error: io::Error) -> Refusal {
    tracing::debug!(%error, "a name was not resolved");
    Refusal::Failed(Error::DnsError {
        rcode: None,
        info_code: None,
    })
}

/// Connects to the first address that answers, each with its share of the time left.
async fn reach(
    addresses: &[IpAddr],
    port: u16,
    deadline: Instant,
) -> Result<(TcpStream, IpAddr), Refusal> {
    let tries = addresses.len().min(MAX_TRIES);
    let mut failed = Error::ConnectionTimeout;
    for (index, address) in addresses.iter().take(tries).enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(tries - index).unwrap_or(1);
        let connecting = TcpStream::connect(SocketAddr::new(*address, port));
        match tokio::time::timeout(share, connecting).await {
            Ok(Ok(stream)) => {
                // Small requests should not wait for more; without it they only get slower.
                stream.set_nodelay(true).ok();
                return Ok((stream, *address));
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                failed = Error::ConnectionRefused;
            }
            Ok(Err(_)) => failed = Error::DestinationUnavailable,
            Err(_) => failed = Error::ConnectionTimeout,
        }
    }
    Err(Refusal::Failed(failed))
}
