//! Making connections, as ureq does, but so that a failure to connect can be told from a later one.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport};
use ureq::{Agent, Error};

/// A client with a pool of connections of its own.
pub(crate) fn agent(config: Config) -> Agent {
    sealable(config, &Seal::default())
}

/// As [`agent`], but once the seal is set it makes no more connections and only uses the one that it has.
pub(crate) fn sealable(config: Config, seal: &Seal) -> Agent {
    let connecting = Connecting(DefaultConnector::default(), seal.clone());
    Agent::with_parts(config, connecting, Resolving(DefaultResolver::default()))
}

/// Whether connections may still be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seal(Arc<AtomicBool>);

impl Seal {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A connection would have been made after the seal was set.
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
struct Connecting(DefaultConnector, Seal);

impl Connector<()> for Connecting {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        if self.1.0.load(Ordering::Relaxed) {
            return Err(Error::Other(Box::new(Sealed)));
        }
        self.0.connect(details, chained).map_err(unconnected)
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
