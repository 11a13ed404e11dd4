use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use entrada_core::step::AsyncHost;
use entrada_tokio::core::flow::username_password::UsernamePassword;
use entrada_tokio::{HttpHost, Proxy, Settings};

use crate::interactive::World;
use crate::script::{Script, challenge, integrated, negotiate};
use crate::server::{Connection, Server, get, response};

fn host(script: Option<Script>) -> HttpHost {
    let mut settings = Settings::new();
    settings.proxy = Proxy::None;
    settings.integrated = script.map(|script| Arc::new(script) as _);
    HttpHost::new(settings).unwrap()
}

/// A server that does as told, and tells when the client has gone.
fn server(serve: impl Fn(&mut Connection) + Send + Sync + 'static) -> (Server, Receiver<()>) {
    let (gone, told) = channel();
    let server = Server::start(move |connection| {
        serve(connection);
        connection.listen();
        gone.send(()).unwrap();
    });
    (server, told)
}

async fn is_told(told: Receiver<()>) -> bool {
    tokio::task::spawn_blocking(move || told.recv_timeout(Duration::from_secs(3)).is_ok()).await.unwrap()
}

fn require_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn dropping_a_request_closes_its_connection() {
    let (server, told) = server(|connection| {
        connection.request();
    });
    let mut host = host(None);
    let abandoned = tokio::time::timeout(Duration::from_millis(100), host.send(get(server.url("/")))).await;
    assert!(abandoned.is_err());
    assert!(is_told(told).await);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn dropping_an_authentication_closes_its_connection() {
    let (server, told) = server(|connection| {
        connection.request();
        connection.send(&response("401 No", &challenge("Negotiate"), ""));
        connection.request();
        connection.send(&response("401 No", &challenge(&negotiate("more")), ""));
        connection.request();
    });
    let mut host = host(Some(Script::completing_after(9)));
    let sending = host.send(integrated(server.url("/")));
    assert!(tokio::time::timeout(Duration::from_millis(200), sending).await.is_err());
    assert!(is_told(told).await);
    assert_eq!(server.connections(), [0, 0, 0]);
}

#[tokio::test]
async fn dropping_a_sign_in_closes_its_sockets() {
    let world = World::new();
    let (sender, receiver) = channel();
    let interactive = world.browsing(move |visit| sender.send((visit.port(), visit.connect())).unwrap());
    let host = host(None);
    let waiting = host.acquire_interactive(world.flow("http://localhost"), &interactive);
    let mut waiting = Box::pin(waiting);
    assert!(tokio::time::timeout(Duration::from_millis(500), &mut waiting).await.is_err());
    let (port, mut guest) = receiver.recv().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    drop(waiting);
    let is_closed = move || TcpStream::connect(("127.0.0.1", port)).is_err();
    // A task that is aborted lets go of its socket when the runtime gets to it.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(is_closed());
    guest.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    let silent = guest.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
    assert!(!silent, "the connection that was being served is closed, too");
}

#[test]
fn futures_can_move_between_threads() {
    fn flows_do(host: &HttpHost, flow: UsernamePassword) {
        drop(require_send(host.acquire(flow)));
    }
    let mut host = host(None);
    drop(require_send(host.send(get("https://sts.contoso.com/".parse().unwrap()))));
    drop(require_send(host.wait(entrada_core::time::Timestamp::default())));
    let _ = flows_do;
    let world = World::new();
    drop(require_send(host.acquire_interactive(world.flow("http://localhost"), &world.browsing(|_| ()))));
}

#[tokio::test]
async fn one_task_can_run_many_requests_at_once() {
    let server = Server::answering(|_| {
        std::thread::sleep(Duration::from_millis(200));
        response("200 OK", "", "")
    });
    let start = std::time::Instant::now();
    let (mut one, mut two) = (host(None), host(None));
    let (first, second) = tokio::join!(one.send(get(server.url("/"))), two.send(get(server.url("/"))));
    assert!(first.is_ok() && second.is_ok());
    assert!(start.elapsed() < Duration::from_millis(390));
}
