//! Making connections, as ureq does, but so that a failure to connect can be told from a later one.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Uri;
use rustls::ClientConfig;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, SocksConnector, TcpConnector,
};
use ureq::{Agent, Error};

use crate::tls::{Peer, Securing};

/// A client with a pool of connections of its own.
pub(crate) fn agent(config: Config, tls: Arc<ClientConfig>) -> Agent {
    sealable(config, tls, &Line::default())
}

/// As [`agent`], but it tells of the line that its connections make up, which can be sealed.
pub(crate) fn sealable(config: Config, tls: Arc<ClientConfig>, line: &Line) -> Agent {
    let secured = Securing { config: tls, peer: line.peer.clone() };
    // As ureq's own, but for the TLS.
    let chain =
        ().chain(SocksConnector::default())
            .chain(ConnectProxyConnector::default())
            .chain(TcpConnector::default())
            .chain(secured);
    let connecting = Connecting { chain, line: line.clone() };
    Agent::with_parts(config, connecting, Resolving(DefaultResolver::default()))
}

/// The connection of a client, which may be made again until it is sealed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    /// Who is at the other end.
    pub(crate) peer: Peer,
    sealed: Arc<AtomicBool>,
}

impl Line {
    /// From now on the client only uses the connection that it has.
    pub(crate) fn seal(&self) {
        self.sealed.store(true, Ordering::Relaxed);
    }
}

/// A connection would have been made after the line was sealed.
#[derive(Debug, thiserror::Error)]
#[error("the server closed the connection in the middle of the authentication")]
pub(crate) struct Sealed;

/// An I/O error that came before there was a connection.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unconnected(pub(crate) io::Error);

fn unconnected(error: Error) -> Error {
    match error {
        Error::Io(error) => Error::Other(Box::new(Unconnected(error))),
        error => error,
    }
}

#[derive(Debug)]
struct Connecting<C> {
    chain: C,
    line: Line,
}

impl<C: Connector<()>> Connector<()> for Connecting<C> {
    type Out = C::Out;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        if self.line.sealed.load(Ordering::Relaxed) {
            return Err(Error::Other(Box::new(Sealed)));
        }
        self.chain.connect(details, chained).map_err(unconnected)
    }
}

#[derive(Debug)]
struct Resolving(DefaultResolver);

impl Resolver for Resolving {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        self.0.resolve(uri, config, timeout).map_err(unconnected)
    }
}
