use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entrada_core::application::PublicClientApplication;
use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::error::ErrorKind;
use entrada_core::flow::authorization_code::StartSignIn;
use entrada_core::protocol::redirect::ResponseMode;
use entrada_host::{Interactive, Proxy, Settings};
use url::{Url, form_urlencoded};

use crate::HttpHost;
use crate::server::{Server, response};

/// A token endpoint, and what the browser knows of the sign-in.
pub(crate) struct World {
    pub(crate) server: Server,
    nonce: Arc<Mutex<String>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let nonce = Arc::new(Mutex::new(String::new()));
        let known = Arc::clone(&nonce);
        let server = Server::answering(move |_request| {
            let claims = format!(r#"{{"nonce":"{}","sub":"s","name":"Joe"}}"#, known.lock().unwrap());
            let id_token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
            let body = format!(
                r#"{{"access_token":"the-token","token_type":"Bearer","expires_in":3599,"id_token":"{id_token}"}}"#
            );
            response("200 OK", "content-type: application/json\r\n", &body)
        });
        Self { server, nonce }
    }

    pub(crate) fn flow(&self, redirect_uri: &str) -> StartSignIn {
        let options = AuthorityOptions::default().allow_http_loopback(true);
        let authority = Authority::parse(self.server.url("/contoso.com").as_str(), options).unwrap();
        PublicClientApplication::new("app", authority).sign_in(["user.read"], redirect_uri)
    }

    /// Settings whose browser does as `browse` says.
    pub(crate) fn browsing(&self, browse: impl Fn(&Visit) + Send + Sync + 'static) -> Interactive {
        let nonce = Arc::clone(&self.nonce);
        let mut interactive = Interactive::new();
        interactive.timeout = Duration::from_secs(20);
        interactive.open = Arc::new(move |url| {
            let visit = Visit::new(url);
            *nonce.lock().unwrap() = visit.parameters["nonce"].clone();
            browse(&visit);
            Ok(())
        });
        interactive.show = Arc::new(|_url| panic!("a browser was opened"));
        interactive
    }
}

pub(crate) fn host() -> HttpHost {
    let mut settings = Settings::new();
    settings.proxy = Proxy::None;
    HttpHost::new(settings).unwrap()
}

/// A browser that was sent to sign in.
pub(crate) struct Visit {
    parameters: BTreeMap<String, String>,
    redirect_uri: Url,
}

impl Visit {
    fn new(url: &Url) -> Self {
        let parameters: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        let redirect_uri = parameters["redirect_uri"].parse().unwrap();
        Self { parameters, redirect_uri }
    }

    pub(crate) fn port(&self) -> u16 {
        self.redirect_uri.port().unwrap()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port())).unwrap()
    }

    fn answer(&self, rest: &[(&str, &str)]) -> String {
        let state = [("state", self.parameters["state"].as_str())];
        form_urlencoded::Serializer::new(String::new()).extend_pairs(rest).extend_pairs(state).finish()
    }

    fn get(&self, target: &str) -> String {
        format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.port())
    }

    /// The request by which the browser brings an answer, in the mode that was asked for.
    fn bringing(&self, rest: &[(&str, &str)]) -> String {
        let (path, answer) = (self.redirect_uri.path(), self.answer(rest));
        match self.parameters.get("response_mode").map(String::as_str) {
            Some("form_post") => format!(
                "POST {path} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                 Content-Length: {}\r\n\r\n{answer}",
                self.port(),
                answer.len()
            ),
            _ => self.get(&format!("{path}?{answer}")),
        }
    }

    fn sign_in(&self) -> String {
        said(self.connect(), &self.bringing(&[("code", "the-code")]))
    }
}

/// Sends a request and reads the response to its end.
fn said(mut stream: TcpStream, request: &str) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_person_signs_in_and_whatever_else_knocks_is_answered_and_forgotten() {
    for mode in [ResponseMode::FormPost, ResponseMode::Query] {
        let world = World::new();
        let (shown, told) = channel();
        let interactive = world.browsing(move |visit| {
            assert_eq!(visit.parameters["client_id"], "app");
            assert!(said(visit.connect(), &visit.get("/favicon.ico")).starts_with("HTTP/1.1 404 "));
            let forged = visit.bringing(&[("code", "forged")]).replace(&visit.parameters["state"], "x");
            let length = visit.answer(&[("code", "forged")]).len();
            let forged = forged.replace(
                &format!("Content-Length: {length}"),
                &format!("Content-Length: {}", length - visit.parameters["state"].len() + 1),
            );
            assert!(said(visit.connect(), &forged).starts_with("HTTP/1.1 400 "), "{forged}");
            shown.send(visit.sign_in()).unwrap();
        });
        let mut flow = world.flow("http://localhost/done");
        flow.response_mode = Some(mode);
        let host = host();
        let mut events = 0;
        let result = host.acquire_interactive_observed(flow, &interactive, |_event| events += 1).unwrap();
        assert_eq!(result.access_token.expose(), "the-token");
        assert_eq!(result.account.unwrap().name.as_deref(), Some("Joe"));
        let page = told.recv_timeout(Duration::from_secs(5)).unwrap();
        assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("You are signed in"), "{page}");
        let (_, request) = world.server.requests().pop().unwrap();
        assert!(request.contains("&code=the-code&") && !request.contains("forged"), "{request}");
        assert!(events > 3 && format!("{:?}", host.cache()).contains("AccessToken"));
    }
}

#[test]
fn a_crowd_of_silent_and_slow_connections_does_not_hold_up_the_answer() {
    let world = World::new();
    let crowd = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&crowd);
    let interactive = world.browsing(move |visit| {
        let request = visit.bringing(&[("code", "the-code")]);
        for number in 0..150 {
            let mut stream = visit.connect();
            if number % 2 == 0 {
                stream.write_all(&request.as_bytes()[..request.len() / 2]).unwrap();
            }
            kept.lock().unwrap().push(stream);
        }
        assert!(visit.sign_in().starts_with("HTTP/1.1 200 "));
    });
    let start = Instant::now();
    assert!(host().acquire_interactive(world.flow("http://localhost"), &interactive).is_ok());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    drop(crowd);
}

#[test]
fn an_answer_may_come_in_pieces_while_others_knock_and_over_either_address() {
    let world = World::new();
    let interactive = world.browsing(|visit| {
        let mut stream = TcpStream::connect(("::1", visit.port())).unwrap_or_else(|_| visit.connect());
        let request = visit.bringing(&[("code", "the-code")]);
        let mut others = Vec::new();
        for piece in request.as_bytes().chunks(50) {
            stream.write_all(piece).unwrap();
            others.push(visit.connect());
            std::thread::sleep(Duration::from_millis(5));
        }
        stream.shutdown(Shutdown::Write).unwrap();
        assert!(said(stream, "").starts_with("HTTP/1.1 200 "));
    });
    assert!(host().acquire_interactive(world.flow("http://localhost:0"), &interactive).is_ok());
}

#[test]
fn a_refusal_ends_the_wait_with_its_reason_and_the_page_tells_it() {
    let world = World::new();
    let (shown, told) = channel();
    let mut interactive = world.browsing(move |visit| {
        let refusal = [("error", "access_denied"), ("error_subcode", "cancel"), ("error_description", "<b>")];
        shown.send(said(visit.connect(), &visit.bringing(&refusal))).unwrap();
    });
    let page = |interactive: &Interactive| {
        let error = host().acquire_interactive(world.flow("http://localhost"), interactive).unwrap_err();
        assert_eq!((error.code(), error.kind()), ("authentication_canceled", ErrorKind::Client));
        told.recv_timeout(Duration::from_secs(5)).unwrap()
    };
    assert!(page(&interactive).contains("access_denied: &lt;b&gt;"));
    interactive.failure_page = Some("<p>Schade".to_owned());
    assert!(page(&interactive).ends_with("<p>Schade"));
    assert!(world.server.requests().is_empty(), "nothing is redeemed");
}

#[test]
fn the_wait_ends_at_its_deadline_and_leaves_nothing_open() {
    let world = World::new();
    let (port, told) = channel();
    let mut interactive = world.browsing(move |visit| port.send(visit.port()).unwrap());
    interactive.timeout = Duration::from_millis(300);
    let start = Instant::now();
    let error = host().acquire_interactive(world.flow("http://localhost"), &interactive).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("sign_in_timed_out", ErrorKind::Client));
    let waited = start.elapsed();
    assert!((Duration::from_millis(300)..Duration::from_secs(3)).contains(&waited), "{waited:?}");
    let port = told.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_port_that_another_program_has_is_said_before_a_browser_is_opened() {
    let world = World::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let interactive = world.browsing(|_| panic!("no browser is due"));
    let flow = world.flow(&format!("http://localhost:{port}"));
    let error = host().acquire_interactive(flow, &interactive).unwrap_err();
    assert_eq!(error.code(), "redirect_port_in_use");
    for redirect_uri in ["https://app.example/", "http://app.example/", "msal://auth"] {
        let error = host().acquire_interactive(world.flow(redirect_uri), &interactive).unwrap_err();
        assert_eq!(error.code(), "invalid_argument", "{redirect_uri}");
    }
    let mut flow = world.flow("http://localhost");
    flow.response_mode = Some(ResponseMode::Fragment);
    assert_eq!(host().acquire_interactive(flow, &interactive).unwrap_err().code(), "invalid_argument");
}

#[test]
fn without_a_browser_the_person_is_shown_where_to_go() {
    let world = World::new();
    let mut interactive = world.browsing(|visit| {
        visit.sign_in();
    });
    let person = Arc::clone(&interactive.open);
    interactive.open = Arc::new(|_url| Err(io::ErrorKind::NotFound.into()));
    interactive.show = Arc::new(move |url| person(url).unwrap());
    assert!(host().acquire_interactive(world.flow("http://localhost"), &interactive).is_ok());
}
