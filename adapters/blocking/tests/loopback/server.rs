//! A server on loopback that does what a test says, however wrong, and writes down what it gets.

use std::io::{Cursor, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use entrada_core::http::Request;
use url::Url;

/// What arrived: the number of the connection and the request, head and body.
pub(crate) type Seen = Arc<Mutex<Vec<(usize, String)>>>;

/// A thread that accepts connections for as long as the test runs.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) seen: Seen,
    scheme: &'static str,
}

trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

/// One connection, as the server sees it.
pub(crate) struct Connection {
    pub(crate) number: usize,
    stream: Box<dyn Stream>,
    seen: Seen,
}

impl Server {
    /// Each connection is given to `serve`, and closed when that returns.
    pub(crate) fn start(serve: impl Fn(&mut Connection) + Send + Sync + 'static) -> Self {
        Self::wrapped("http", |tcp| Some(Box::new(tcp)), serve)
    }

    /// Every request gets what `answer` makes of it, on connections that stay open.
    pub(crate) fn answering(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::start(move |connection| connection.answer(&answer))
    }

    /// As [`answering`](Self::answering), over TLS.
    pub(crate) fn tls(
        config: rustls::ServerConfig,
        answer: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        let config = Arc::new(config);
        let wrap = move |tcp| -> Option<Box<dyn Stream>> {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).ok()?;
            Some(Box::new(rustls::StreamOwned::new(connection, tcp)))
        };
        Self::wrapped("https", wrap, move |connection| connection.answer(&answer))
    }

    fn wrapped(
        scheme: &'static str,
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync + 'static,
        serve: impl Fn(&mut Connection) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Seen::default();
        let (wrap, serve, log) = (Arc::new(wrap), Arc::new(serve), Arc::clone(&seen));
        std::thread::spawn(move || {
            for (number, tcp) in listener.incoming().enumerate() {
                let Ok(tcp) = tcp else { return };
                let (wrap, serve, seen) = (Arc::clone(&wrap), Arc::clone(&serve), Arc::clone(&log));
                std::thread::spawn(move || {
                    let Some(stream) = wrap(tcp) else { return };
                    serve(&mut Connection { number, stream, seen });
                });
            }
        });
        Self { port, seen, scheme }
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        format!("{}://127.0.0.1:{}{path}", self.scheme, self.port).parse().unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<(usize, String)> {
        self.seen.lock().unwrap().clone()
    }

    /// On which connections the requests came.
    pub(crate) fn connections(&self) -> Vec<usize> {
        self.requests().into_iter().map(|(number, _)| number).collect()
    }
}

impl Connection {
    /// Reads a request, or nothing if the client is gone.
    pub(crate) fn request(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        let mut byte = [0];
        while !bytes.ends_with(b"\r\n\r\n") {
            match self.stream.read(&mut byte) {
                Ok(1) => bytes.push(byte[0]),
                _ => return None,
            }
        }
        let head = String::from_utf8(bytes).unwrap();
        let mut body = vec![0; header(&head, "content-length").map_or(0, |text| text.parse().unwrap())];
        self.stream.read_exact(&mut body).ok()?;
        let request = head + &String::from_utf8(body).unwrap();
        self.seen.lock().unwrap().push((self.number, request.clone()));
        Some(request)
    }

    /// Sends text; false if the client is gone.
    pub(crate) fn send(&mut self, text: &str) -> bool {
        self.stream.write_all(text.as_bytes()).and_then(|()| self.stream.flush()).is_ok()
    }

    /// Sends text again and again until the client is gone.
    pub(crate) fn drip(&mut self, text: &str, pause: Duration) {
        while self.send(text) {
            std::thread::sleep(pause);
        }
    }

    /// Reads until the client is gone, and says nothing.
    pub(crate) fn listen(&mut self) {
        let mut buffer = [0; 1024];
        while matches!(self.stream.read(&mut buffer), Ok(1..)) {}
    }

    fn answer(&mut self, answer: &(impl Fn(&str) -> String + ?Sized)) {
        while let Some(request) = self.request() {
            if !self.send(&answer(&request)) {
                return;
            }
        }
    }
}

/// A proxy that takes every CONNECT, and leads it to `port` whatever host it asks for.
pub(crate) fn tunnelling_proxy(port: u16) -> Server {
    let to = move |mut tcp: TcpStream| -> Option<Box<dyn Stream>> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            tcp.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        tcp.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").ok()?;
        let mut server = TcpStream::connect(("127.0.0.1", port)).ok()?;
        let (mut back, mut forth) = (server.try_clone().ok()?, tcp.try_clone().ok()?);
        std::thread::spawn(move || std::io::copy(&mut back, &mut forth));
        std::thread::spawn(move || {
            std::io::copy(&mut tcp, &mut server).ok();
            server.shutdown(Shutdown::Write).ok();
        });
        // The server only writes down what was asked of it.
        Some(Box::new(Cursor::new(head)))
    };
    Server::wrapped("http", to, |connection| drop(connection.request()))
}

/// The value of a header in the head of a request.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().take_while(|line| !line.is_empty()).skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// A response with a length. `headers` end with a line break each.
pub(crate) fn response(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// A GET without headers, with 5 seconds and 1 MiB.
pub(crate) fn get(url: Url) -> Request {
    let mut request = Request::get(url);
    request.timeout = Duration::from_secs(5);
    request
}

/// A POST with a body.
pub(crate) fn post(url: Url, body: &str) -> Request {
    let mut request = get(url);
    request.method = http::Method::POST;
    request.body = body.as_bytes().to_vec().into();
    request
}
