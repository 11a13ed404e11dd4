//! What goes back over the wire, whole or at a pace.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::Value;
use tokio::time::Sleep;

/// A response.
pub(crate) type Reply = Response<Content>;

/// A body: some bytes, then some filler, in pieces, with pauses, and perhaps with a bad end.
pub(crate) struct Content {
    bytes: Bytes,
    filler: u64,
    declared: Option<u64>,
    piece: usize,
    pause: Option<Duration>,
    cut: bool,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Content {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let declared = Some(bytes.len() as u64);
        Content { bytes, filler: 0, declared, piece: usize::MAX, pause: None, cut: false, sleep: None }
    }

    /// So many bytes, made while they are sent.
    pub(crate) fn filler(length: u64) -> Self {
        Content { filler: length, declared: None, piece: 64 * 1024, ..Content::whole(Bytes::new()) }
    }

    /// The same bytes, a few at a time.
    pub(crate) fn dripping(self, piece: usize, pause: Duration) -> Self {
        Content { piece: piece.max(1), pause: Some(pause), ..self }
    }

    /// The first half of the bytes, after which the connection breaks.
    pub(crate) fn broken(self) -> Self {
        let half = self.bytes.len() / 2;
        Content {
            bytes: self.bytes.slice(..half),
            declared: self.declared.map(|length| length.max(1)),
            // The pause lets the first half out before the end comes.
            pause: Some(Duration::from_millis(20)),
            cut: true,
            ..self
        }
    }

    fn next_piece(&mut self) -> Option<Bytes> {
        if !self.bytes.is_empty() {
            let length = self.bytes.len().min(self.piece);
            return Some(self.bytes.split_to(length));
        }
        let length = self.filler.min(self.piece as u64);
        if length == 0 {
            return None;
        }
        self.filler -= length;
        Some(Bytes::from(vec![b' '; usize::try_from(length).unwrap_or(0)]))
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(sleep) = self.sleep.as_mut() {
            match sleep.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => self.sleep = None,
            }
        }
        match self.next_piece() {
            Some(piece) => {
                self.sleep = self.pause.map(|pause| Box::pin(tokio::time::sleep(pause)));
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            None if self.cut => Poll::Ready(Some(Err(hang_up()))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && self.filler == 0 && !self.cut
    }

    fn size_hint(&self) -> SizeHint {
        self.declared.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// The error that makes the server close a connection without a further word.
pub(crate) fn hang_up() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the emulator hangs up")
}

pub(crate) fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Content::whole(body));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

pub(crate) fn json(status: StatusCode, body: &Value) -> Reply {
    reply(status, "application/json; charset=utf-8", body.to_string())
}

pub(crate) fn html(status: StatusCode, body: String) -> Reply {
    reply(status, "text/html; charset=utf-8", body)
}

pub(crate) fn soap(status: StatusCode, body: String) -> Reply {
    reply(status, "application/soap+xml; charset=utf-8", body)
}

pub(crate) fn plain(status: StatusCode) -> Reply {
    let text = status.canonical_reason().unwrap_or("Error");
    html(status, format!("<html><body><h1>{} {text}</h1></body></html>", status.as_u16()))
}

/// The reply with a header more; a value that cannot be a header is left out.
pub(crate) fn with_header(mut reply: Reply, name: HeaderName, value: &str) -> Reply {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().append(name, value);
    }
    reply
}
