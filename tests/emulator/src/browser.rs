//! A browser without a screen: it follows the emulator's own pages over HTTP, as a person would.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use roxmltree::{Document, Node};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};

use crate::config::same;
use crate::form::Form;
use crate::world::MFA_CODE;

/// How long a page may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How many pages a sign-in may have.
const PAGES: usize = 10;

/// A browser with its cookies: whoever has signed in once is known to it.
#[derive(Debug, Clone)]
pub struct Browser {
    address: SocketAddr,
    base_url: String,
    tls: Option<Arc<ClientConfig>>,
    cookies: Vec<(String, String)>,
}

/// Where the emulator sent the browser: back to the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The address, with the parameters in its query or its fragment.
    pub url: String,
    /// The fields, if they come in a form (`form_post`).
    pub form: Option<Vec<(String, String)>>,
}

/// What a browser shows.
#[derive(Debug, Clone)]
pub struct Page {
    /// The status that it came with.
    pub status: u16,
    /// The heading.
    pub title: String,
    /// The text of the page's alert, if there is one.
    pub error: Option<String>,
    /// The whole document.
    pub html: String,
}

/// Where a browser is.
#[derive(Debug, Clone)]
pub enum Landing {
    /// At a page of the emulator's.
    Page(Page),
    /// On its way back to the application.
    Redirect(Redirect),
}

/// A user, as he sits in front of the pages.
pub(crate) struct Person<'a> {
    pub(crate) upn: &'a str,
    pub(crate) password: &'a str,
}

impl Redirect {
    /// A parameter, wherever it travels.
    pub fn value(&self, name: &str) -> Option<String> {
        if let Some(form) = &self.form {
            return form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        }
        let at = self.url.find(['?', '#'])?;
        Form::parse(self.url.get(at + 1..)?)?.value(name).map(str::to_owned)
    }

    /// Goes there, as the browser would: a `GET`, or a `POST` of the form; a fragment stays behind. It answers the status.
    ///
    /// # Errors
    ///
    /// The address is not plain http, or nobody answers there.
    pub fn deliver(&self) -> io::Result<u16> {
        let rest = self.url.strip_prefix("http://").ok_or_else(|| other("the redirect is not plain http"))?;
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let place = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
        let stream = TcpStream::connect(place)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        let body = self.form.as_deref().map(encoded);
        let answer = converse(stream, &head(authority, &path, body.as_deref(), &[]), body.as_deref())?;
        Ok(answer.status)
    }
}

impl Page {
    /// Whether the page has an element of this identifier.
    pub fn has(&self, id: &str) -> bool {
        self.read(|document| find(document, id).is_some()).unwrap_or(false)
    }

    fn read<T>(&self, look: impl FnOnce(&Document<'_>) -> T) -> io::Result<T> {
        let text = self.html.trim_start().trim_start_matches("<!DOCTYPE html>");
        Ok(look(&Document::parse(text).map_err(|error| other(format!("the page is not XML: {error}")))?))
    }
}

impl Browser {
    pub(crate) fn new(address: SocketAddr, base_url: &str, authority: Option<&str>) -> io::Result<Browser> {
        let tls = authority.map(trusting).transpose()?;
        Ok(Browser { address, base_url: base_url.to_owned(), tls, cookies: Vec::new() })
    }

    /// Opens an address of the emulator's.
    ///
    /// # Errors
    ///
    /// The address is another server's, or the answer is not one of its pages.
    pub fn open(&mut self, url: &str) -> io::Result<Landing> {
        self.go(url, None)
    }

    /// Fills in the fields of a page's form, and presses the button of this identifier.
    ///
    /// # Errors
    ///
    /// The page has no such button or field, or the answer is not one of the emulator's.
    pub fn press(&mut self, page: &Page, button: &str, fields: &[(&str, &str)]) -> io::Result<Landing> {
        let (action, pairs) = page.read(|document| fill(document, button, fields))??;
        self.go(&action, Some(&encoded(&pairs)))
    }

    /// Signs in from page to page, until the browser is sent back to the application.
    pub(crate) fn sign_in(&mut self, url: &str, person: &Person<'_>) -> io::Result<Redirect> {
        let landing = self.open(url)?;
        match self.follow(landing, person)? {
            Landing::Redirect(redirect) => Ok(redirect),
            Landing::Page(page) => Err(other(page.error.unwrap_or(page.title))),
        }
    }

    /// Does what the pages ask for, to the last one.
    pub(crate) fn follow(&mut self, mut landing: Landing, person: &Person<'_>) -> io::Result<Landing> {
        let mut typed = 0;
        for _ in 0..PAGES {
            let Landing::Page(page) = &landing else { return Ok(landing) };
            let page = page.clone();
            landing = if page.has("sign-in") && typed == 0 {
                typed += 1;
                let fields = [("username", person.upn), ("password", person.password)];
                self.press(&page, "sign-in", &fields)?
            } else if page.has("another") {
                let account = page.read(|document| account(document, person.upn))?;
                self.press(&page, account.as_deref().unwrap_or("another"), &[])?
            } else if page.has("verify") && page.error.is_none() {
                self.press(&page, "verify", &[("code", MFA_CODE)])?
            } else if page.has("accept") {
                self.press(&page, "accept", &[])?
            } else {
                return Ok(landing);
            };
        }
        Err(other("the pages have no end"))
    }

    fn go(&mut self, url: &str, body: Option<&str>) -> io::Result<Landing> {
        let path = if url.starts_with('/') { Some(url) } else { url.strip_prefix(self.base_url.as_str()) };
        let path = path.filter(|path| path.starts_with('/'));
        let path = path.ok_or_else(|| other(format!("{url} is not the emulator's")))?;
        let host = self.base_url.split_once("://").map_or("", |(_, host)| host);
        let head = head(host, path, body, &self.cookies);
        let stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        let answer = match &self.tls {
            None => converse(stream, &head, body)?,
            Some(tls) => {
                let name = host.split(':').next().unwrap_or_default().to_owned();
                let name = ServerName::try_from(name).map_err(io::Error::other)?;
                let session = ClientConnection::new(Arc::clone(tls), name).map_err(io::Error::other)?;
                converse(StreamOwned::new(session, stream), &head, body)?
            }
        };
        for cookie in answer.values("set-cookie") {
            let pair = cookie.split(';').next().and_then(|pair| pair.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.retain(|(known, _)| known != name);
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        if let Some(location) = answer.values("location").next() {
            return Ok(Landing::Redirect(Redirect { url: location.to_owned(), form: None }));
        }
        landing(answer)
    }
}

fn trusting(authority: &str) -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(authority.as_bytes()).map_err(io::Error::other)?;
    roots.add(certificate).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn landing(answer: Answer) -> io::Result<Landing> {
    let html = String::from_utf8(answer.body).map_err(io::Error::other)?;
    let mut page = Page { status: answer.status, title: String::new(), error: None, html };
    let (title, error, redirect) = page.read(|document| {
        let title = document.descendants().find(|node| node.has_tag_name("h1")).map(text);
        let redirect = find(document, "redirect").map(|form| Redirect {
            url: form.attribute("action").unwrap_or_default().to_owned(),
            form: Some(inputs(form)),
        });
        (title, find(document, "error").map(text), redirect)
    })?;
    page.title = title.unwrap_or_default();
    page.error = error;
    Ok(redirect.map_or(Landing::Page(page), Landing::Redirect))
}

fn find<'a, 'i>(document: &'a Document<'i>, id: &str) -> Option<Node<'a, 'i>> {
    document.descendants().find(|node| node.attribute("id") == Some(id))
}

fn text(node: Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect()
}

/// The fields of a form as they stand.
fn inputs(form: Node<'_, '_>) -> Vec<(String, String)> {
    let fields = form.descendants().filter(|node| node.has_tag_name("input"));
    let pair = |node: Node<'_, '_>| {
        Some((node.attribute("name")?.to_owned(), node.attribute("value").unwrap_or_default().to_owned()))
    };
    fields.filter_map(pair).collect()
}

type Filled = (String, Vec<(String, String)>);

/// The form of a button, filled in.
fn fill(document: &Document<'_>, button: &str, fields: &[(&str, &str)]) -> io::Result<Filled> {
    let missing = |what: &str| other(format!("the page has no {what}"));
    let button = find(document, button).ok_or_else(|| missing(button))?;
    let form = button.ancestors().find(|node| node.has_tag_name("form")).ok_or_else(|| missing("form"))?;
    let mut pairs = inputs(form);
    for (name, value) in fields {
        let pair = pairs.iter_mut().find(|(known, _)| known == name).ok_or_else(|| missing(name))?;
        pair.1 = (*value).to_owned();
    }
    if let (Some(name), Some(value)) = (button.attribute("name"), button.attribute("value")) {
        pairs.push((name.to_owned(), value.to_owned()));
    }
    Ok((form.attribute("action").unwrap_or_default().to_owned(), pairs))
}

/// The button of an account.
fn account(document: &Document<'_>, upn: &str) -> Option<String> {
    let field = document.descendants().find(|node| {
        node.attribute("name") == Some("account")
            && node.attribute("value").is_some_and(|value| same(value, upn))
    })?;
    let form = field.ancestors().find(|node| node.has_tag_name("form"))?;
    let button = form.descendants().find(|node| node.has_tag_name("button"))?;
    button.attribute("id").map(str::to_owned)
}

fn encoded(pairs: &[(String, String)]) -> String {
    let one = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", one(name), one(value))).collect();
    pairs.join("&")
}

fn head(host: &str, path: &str, body: Option<&str>, cookies: &[(String, String)]) -> String {
    let method = if body.is_some() { "POST" } else { "GET" };
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    if let Some(body) = body {
        let length = body.len();
        head.push_str(&format!(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"
        ));
    }
    if !cookies.is_empty() {
        let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        head.push_str(&format!("Cookie: {}\r\n", pairs.join("; ")));
    }
    head + "\r\n"
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// One request on one connection.
fn converse(mut stream: impl Read + Write, head: &str, body: Option<&str>) -> io::Result<Answer> {
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.unwrap_or_default().as_bytes())?;
    stream.flush()?;
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes);
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let Some(at) = at else { return Err(ended.err().unwrap_or_else(|| other("there is no answer"))) };
    let body = bytes.split_off(at + 4);
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let pair = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_lowercase(), value.trim().to_owned()))
    };
    let headers = lines.filter_map(pair).collect();
    Ok(Answer { status: status.ok_or_else(|| other("there is no status"))?, headers, body })
}

fn other(text: impl Into<String>) -> io::Error {
    io::Error::other(text.into())
}
