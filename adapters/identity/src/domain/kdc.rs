//! What the sspi crate wants sent to the KDC, over TCP (RFC 4120, section 7.2.2).

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use sspi::{NetworkProtocol, NetworkRequest};
use url::Url;

use super::reply;
use crate::error::{IdentityError, line};

/// The longest reply that is read; a ticket with a large PAC takes some 64 KiB.
const LONGEST_REPLY: u32 = 1 << 20;
/// The port of Kerberos.
const PORT: u16 = 88;

/// Where a KDC is.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address(Url);

impl Address {
    /// Reads `host`, `host:port` or `[address]:port`.
    pub(super) fn parse(text: &str) -> Result<Self, IdentityError> {
        let malformed = || IdentityError::KdcAddressMalformed { address: text.escape_default().to_string() };
        if text.contains(['/', '@', '?', '#', '\\', '%']) || text.chars().any(|c| !c.is_ascii_graphic()) {
            return Err(malformed());
        }
        let url = Url::parse(&format!("tcp://{text}")).map_err(|_| malformed())?;
        match url.host_str() {
            Some(host) if !host.is_empty() && url.port() != Some(0) => Ok(Self(url)),
            _ => Err(malformed()),
        }
    }

    /// As the crate wants it.
    pub(super) fn url(&self) -> Url {
        self.0.clone()
    }
}

/// The host, and the port if it was named.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_start_matches("tcp://"))
    }
}

/// The conversation with KDCs in one round, and what is remembered of it for the case that it fails.
pub(super) struct Kdc {
    timeout: Duration,
    /// Why the last question had no answer.
    pub(super) silence: Option<String>,
    /// The code of the last answer, where that was an error.
    pub(super) refusal: Option<u32>,
}

impl Kdc {
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, silence: None, refusal: None }
    }

    /// Sends a question, of which the length is a part, and takes the answer, likewise.
    pub(super) fn ask(&mut self, request: &NetworkRequest) -> sspi::Result<Vec<u8>> {
        let answer = if request.protocol == NetworkProtocol::Tcp {
            exchange(&request.url, &request.data, self.timeout)
        } else {
            Err(io::Error::other("only addresses of TCP can be asked"))
        };
        self.refusal = answer.as_ref().ok().and_then(|answer| reply::error_code(answer.get(4..)?));
        answer.map_err(|error| {
            let detail = line(&format!("{}: {error}", request.url));
            self.silence = Some(detail.clone());
            sspi::Error::new(sspi::ErrorKind::NoAuthenticatingAuthority, detail)
        })
    }
}

/// One question and its answer on a connection of their own.
fn exchange(url: &Url, question: &[u8], timeout: Duration) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + timeout;
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let mut stream = connect(host, url.port().unwrap_or(PORT), deadline)?;
    stream.set_write_timeout(Some(left(deadline)?))?;
    stream.write_all(question)?;
    let mut answer = vec![0; 4];
    read(&mut stream, &mut answer, deadline)?;
    let length = answer.iter().fold(0, |length, byte| length << 8 | u32::from(*byte));
    if length > LONGEST_REPLY {
        return Err(io::Error::other(format!("the answer has {length} bytes, {LONGEST_REPLY} are allowed")));
    }
    answer.resize(4 + length as usize, 0);
    read(&mut stream, &mut answer[4..], deadline)?;
    Ok(answer)
}

/// The first address of a host that accepts a connection.
fn connect(host: &str, port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, left(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Fills a buffer, and does not let a server that sends byte by byte take longer.
fn read(stream: &mut TcpStream, mut buffer: &mut [u8], deadline: Instant) -> io::Result<()> {
    while !buffer.is_empty() {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(filled) => buffer = &mut buffer[filled..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The time that is left; a timeout of zero would mean none.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    use super::*;

    /// Asks a server that says something and closes, or that says nothing and stays.
    fn ask(answer: Option<Vec<u8>>, timeout: Duration) -> (sspi::Result<Vec<u8>>, Kdc) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = Address::parse(&listener.local_addr().unwrap().to_string()).unwrap().url();
        let request = NetworkRequest { protocol: NetworkProtocol::Tcp, url, data: b"\0\0\0\x02hi".to_vec() };
        let mut kdc = Kdc::new(timeout);
        let result = match answer {
            None => kdc.ask(&request),
            Some(answer) => thread::scope(|scope| {
                scope.spawn(move || {
                    let (mut stream, _) = listener.accept().unwrap();
                    let mut question = [0; 6];
                    stream.read_exact(&mut question).unwrap();
                    assert_eq!(&question, b"\0\0\0\x02hi");
                    stream.write_all(&answer).unwrap();
                });
                kdc.ask(&request)
            }),
        };
        (result, kdc)
    }

    #[test]
    fn an_answer_comes_with_its_length() {
        let (answer, kdc) = ask(Some(b"\0\0\0\x03yes".to_vec()), Duration::from_secs(10));
        assert_eq!(answer.unwrap(), b"\0\0\0\x03yes");
        assert_eq!((kdc.silence, kdc.refusal), (None, None));
    }

    #[test]
    fn a_short_long_or_absent_answer_is_silence() {
        for (answer, timeout, words) in [
            (Some(b"\0\0".to_vec()), 10_000, "end of file"),
            (Some(b"\0\0\0\x03ye".to_vec()), 10_000, "end of file"),
            (Some(b"\xff\xff\xff\xff".to_vec()), 10_000, "1048576 are allowed"),
            (None, 50, "timed out"),
        ] {
            let (answer, kdc) = ask(answer, Duration::from_millis(timeout));
            assert_eq!(answer.unwrap_err().error_type, sspi::ErrorKind::NoAuthenticatingAuthority);
            let silence = kdc.silence.unwrap();
            assert!(silence.contains(words) && silence.starts_with("tcp://127.0.0.1:"), "{silence}");
        }
    }

    #[test]
    fn addresses_of_anything_but_tcp_are_not_asked() {
        let mut kdc = Kdc::new(Duration::from_secs(10));
        let url = Url::parse("https://proxy.contoso.com/KdcProxy").unwrap();
        let request = NetworkRequest { protocol: NetworkProtocol::Https, url, data: Vec::new() };
        assert!(kdc.ask(&request).unwrap_err().description.contains("TCP"));
    }

    #[test]
    fn an_address_is_a_host_and_perhaps_a_port() {
        for (text, shown) in [
            ("dc1.contoso.com", "dc1.contoso.com"),
            ("192.0.2.1:1088", "192.0.2.1:1088"),
            ("[2001:db8::1]:88", "[2001:db8::1]:88"),
        ] {
            assert_eq!(format!("{:?}", Address::parse(text).unwrap()), shown);
        }
        for text in ["", ":88", "a:0", "a:b", "a:70000", "tcp://a", "a/b", "u@a", "a b", "a?b", "2001:db8::1"]
        {
            let error = Address::parse(text).unwrap_err();
            assert_eq!(error.code(), "kerberos_kdc_address_malformed", "{text}");
        }
    }
}
