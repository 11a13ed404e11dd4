//! The place on this machine that a redirect URI names.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use entrada_core::error::{Misuse, SignInFault};
use url::{Host, Url};

/// A redirect URI of http on this machine, taken apart. The service compares it byte for byte but for its port, so its parts
/// stay as they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// Up to the end of the host.
    start: String,
    port: Option<u16>,
    /// From the path on.
    rest: String,
    ips: Vec<IpAddr>,
}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, Misuse> {
        let refuse = || Misuse::Argument {
            name: "redirect URI",
            reason: "to listen there, it must be of http and on this machine, such as http://localhost",
        };
        let url = Url::parse(text).map_err(|_| refuse())?;
        if url.scheme() != "http" || !url.username().is_empty() || url.password().is_some() {
            return Err(refuse());
        }
        let ips = match url.host() {
            Some(Host::Domain("localhost")) => {
                vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
            }
            Some(Host::Ipv4(ip)) if ip.is_loopback() => vec![IpAddr::V4(ip)],
            Some(Host::Ipv6(ip)) if ip.is_loopback() => vec![IpAddr::V6(ip)],
            _ => return Err(refuse()),
        };
        let (scheme, behind) = text.split_once("://").ok_or_else(refuse)?;
        let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
        let (authority, rest) = behind.split_at(end);
        // An address of IPv6 ends in a bracket, so a colon behind the last one begins a port.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
            _ => (authority, None),
        };
        Ok(Self {
            start: format!("{scheme}://{host}"),
            port: port.filter(|port| *port != 0),
            rest: rest.to_owned(),
            ips,
        })
    }

    pub(crate) fn with_port(&self, port: u16) -> String {
        format!("{}:{port}{}", self.start, self.rest)
    }
}

/// How often a free port is looked for that is free on both addresses.
const TRIES: usize = 16;

/// Listens on every address of this machine that the redirect URI may mean, on one port.
pub(crate) fn bind(address: &Address) -> Result<(Vec<TcpListener>, u16), SignInFault> {
    if let Some(port) = address.port {
        return together(&address.ips, port).map_err(|error| fault(&error, port));
    }
    for _ in 0..TRIES {
        match together(&address.ips, 0) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            bound => return bound.map_err(|error| fault(&error, 0)),
        }
    }
    Err(SignInFault::NoListener { detail: "no port is free on both 127.0.0.1 and [::1]".to_owned() })
}

/// The first address must be had. A second one may be missing from the machine, but not be another program's: the
/// browser may go there first.
fn together(ips: &[IpAddr], port: u16) -> io::Result<(Vec<TcpListener>, u16)> {
    let mut listeners: Vec<TcpListener> = Vec::with_capacity(ips.len());
    let mut port = port;
    for &ip in ips {
        match TcpListener::bind(SocketAddr::new(ip, port)) {
            Ok(listener) => {
                port = listener.local_addr()?.port();
                listeners.push(listener);
            }
            Err(error) if listeners.is_empty() || error.kind() == ErrorKind::AddrInUse => return Err(error),
            Err(_) => {}
        }
    }
    Ok((listeners, port))
}

fn fault(error: &io::Error, port: u16) -> SignInFault {
    if error.kind() == ErrorKind::AddrInUse {
        SignInFault::PortInUse { port }
    } else {
        SignInFault::NoListener { detail: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_keeps_its_writing_but_for_the_port() {
        for (text, port, with_port) in [
            ("http://localhost", None, "http://localhost:7"),
            ("http://localhost/", None, "http://localhost:7/"),
            ("http://localhost:8400", Some(8400), "http://localhost:7"),
            ("http://LocalHost:80/a?b=c:1", Some(80), "http://LocalHost:7/a?b=c:1"),
            ("http://localhost:0/a", None, "http://localhost:7/a"),
            ("http://127.0.0.1:8400/a:1", Some(8400), "http://127.0.0.1:7/a:1"),
            ("http://[::1]/a", None, "http://[::1]:7/a"),
            ("http://[::1]:8400", Some(8400), "http://[::1]:7"),
            ("http://localhost?x", None, "http://localhost:7?x"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.port, address.with_port(7).as_str()), (port, with_port), "{text}");
        }
    }

    #[test]
    fn only_http_on_this_machine_can_be_listened_at() {
        for text in [
            "https://localhost",
            "http://app.example",
            "http://192.168.1.2",
            "http://0.0.0.0",
            "http://[::]",
            "http://joe@localhost",
            "msal://auth",
            "http:localhost",
            "localhost",
            "",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_port_that_is_taken_on_either_address_is_in_use() {
        let ips = ["127.0.0.1", "::1"].map(|ip| ip.parse::<IpAddr>().unwrap());
        for ip in ips {
            // Some machines have no IPv6.
            let Ok(other) = TcpListener::bind(SocketAddr::new(ip, 0)) else { continue };
            let port = other.local_addr().unwrap().port();
            let address = Address::parse(&format!("http://localhost:{port}")).unwrap();
            assert_eq!(bind(&address).unwrap_err(), SignInFault::PortInUse { port }, "{ip}");
        }
        let free = Address::parse("http://localhost").unwrap();
        let (first, one) = bind(&free).unwrap();
        let (second, two) = bind(&free).unwrap();
        assert!(one != two && !first.is_empty() && !second.is_empty());
    }
}
