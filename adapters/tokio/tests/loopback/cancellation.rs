use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

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
    tokio::task::spawn_blocking(move || told.recv_timeout(Duration::from_secs(30)).is_ok()).await.unwrap()
}

/// Lets a request run until the server has it, and drops it then.
async fn abandon<T>(sending: impl Future<Output = T>, mut arrived: UnboundedReceiver<()>) {
    tokio::select! {
        _ = sending => panic!("nobody answers it"),
        arrived = arrived.recv() => arrived.unwrap(),
    }
}

fn require_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn dropping_a_request_closes_its_connection() {
    let (here, arrived) = unbounded_channel();
    let (server, told) = server(move |connection| {
        connection.request();
        here.send(()).unwrap();
    });
    let mut host = host(None);
    abandon(host.send(get(server.url("/"))), arrived).await;
    assert!(is_told(told).await);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn dropping_an_authentication_closes_its_connection() {
    let (here, arrived) = unbounded_channel();
    let (server, told) = server(move |connection| {
        connection.request();
        connection.send(&response("401 No", &challenge("Negotiate"), ""));
        connection.request();
        connection.send(&response("401 No", &challenge(&negotiate("more")), ""));
        connection.request();
        here.send(()).unwrap();
    });
    let mut host = host(Some(Script::completing_after(9)));
    abandon(host.send(integrated(server.url("/"))), arrived).await;
    assert!(is_told(told).await);
    assert_eq!(server.connections(), [0, 0, 0]);
}

#[tokio::test]
async fn dropping_a_sign_in_closes_its_sockets() {
    let world = World::new();
    let (sender, receiver) = channel();
    let (here, arrived) = unbounded_channel();
    let interactive = world.browsing(move |visit| {
        sender.send((visit.port(), visit.connect())).unwrap();
        here.send(()).unwrap();
    });
    let host = host(None);
    let waiting = host.acquire_interactive(world.flow("http://localhost"), &interactive);
    let mut waiting = Box::pin(waiting);
    abandon(&mut waiting, arrived).await;
    // Long enough to let the guest in; if it is not, the guest waits at a door that closes.
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut waiting).await.is_err());
    let (port, mut guest) = receiver.recv().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    drop(waiting);
    // A task that is aborted lets go of its socket when the runtime gets to it.
    let is_closed = async {
        while TcpStream::connect(("127.0.0.1", port)).is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), is_closed).await.unwrap();
    guest.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let reading = tokio::task::spawn_blocking(move || guest.read(&mut [0])).await.unwrap();
    let silent = reading.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
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
    // Each is answered once the other is here, too.
    let both = Barrier::new(2);
    let server = Server::answering(move |_| {
        both.wait();
        response("200 OK", "", "")
    });
    let (mut one, mut two) = (host(None), host(None));
    let (first, second) = tokio::join!(one.send(get(server.url("/"))), two.send(get(server.url("/"))));
    assert!(first.is_ok() && second.is_ok());
}
