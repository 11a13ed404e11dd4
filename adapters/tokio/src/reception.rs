//! The wait for the browser to come back: a task for each connection, so that none can hold up another.

use std::collections::VecDeque;
use std::io;
use std::net::TcpListener as StdListener;
use std::time::Duration;

use entrada_core::listener::{CONNECTION_TIMEOUT, Connection, Listener, Progress};
use entrada_core::secret::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

/// How many connections are served side by side. The oldest gives way to a new one.
const MOST_GUESTS: usize = 64;
/// How long to rest where no connection can be accepted.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a browser gets to take its page, and to close.
const FAREWELL: Duration = Duration::from_secs(1);

/// The answer to a sign-in, and the connections that are being closed. They are cut off when this is dropped.
pub(crate) struct Answer {
    pub(crate) redirect: Secret,
    pub(crate) _guests: JoinSet<()>,
}

/// Waits for the answer to a sign-in. `None` if it has not come by the deadline. Dropped, it closes every socket.
///
/// # Errors
/// If the sockets cannot be used.
pub(crate) async fn wait(
    sockets: Vec<StdListener>,
    listener: Listener,
    deadline: Duration,
) -> io::Result<Option<Answer>> {
    let sockets: Vec<TcpListener> = sockets
        .into_iter()
        .map(|socket| {
            socket.set_nonblocking(true)?;
            TcpListener::from_std(socket)
        })
        .collect::<io::Result<_>>()?;
    let (answered, mut answers) = channel(1);
    let mut guests = JoinSet::new();
    let mut handles: VecDeque<AbortHandle> = VecDeque::new();
    let serving = async {
        loop {
            tokio::select! {
                // An answer that is there is taken, however many knock.
                biased;
                Some(redirect) = answers.recv() => return redirect,
                Some(_) = guests.join_next() => handles.retain(|handle| !handle.is_finished()),
                accepted = accept(&sockets) => match accepted {
                    Ok(stream) => {
                        if handles.len() >= MOST_GUESTS
                            && let Some(oldest) = handles.pop_front()
                        {
                            oldest.abort();
                        }
                        handles.push_back(guests.spawn(serve(stream, listener.connection(), answered.clone())));
                    }
                    // It is of one connection, or of the moment.
                    Err(_) => sleep(PAUSE).await,
                },
            }
        }
    };
    match timeout(deadline, serving).await {
        Ok(redirect) => Ok(Some(Answer { redirect, _guests: guests })),
        Err(_) => Ok(None),
    }
}

async fn accept(sockets: &[TcpListener]) -> io::Result<TcpStream> {
    let (stream, _) = match sockets {
        [] => std::future::pending().await,
        [one] => one.accept().await?,
        [one, two, ..] => tokio::select! {
            accepted = one.accept() => accepted?,
            accepted = two.accept() => accepted?,
        },
    };
    Ok(stream)
}

/// One connection, from its first byte to its last.
async fn serve(mut stream: TcpStream, connection: Connection, answered: Sender<Secret>) {
    let Ok(Some((response, redirect))) = timeout(CONNECTION_TIMEOUT, read(&mut stream, connection)).await
    else {
        return;
    };
    let told = async {
        stream.write_all(&response).await?;
        stream.shutdown().await
    };
    // Whether the browser took its page makes no difference to what it brought.
    let told = timeout(FAREWELL, told).await;
    if let Some(redirect) = redirect {
        answered.send(redirect).await.ok();
    }
    if matches!(told, Ok(Ok(()))) {
        // A connection that is closed over unread bytes takes the response with it.
        timeout(FAREWELL, drain(&mut stream)).await.ok();
    }
}

async fn read(stream: &mut TcpStream, mut connection: Connection) -> Option<(Vec<u8>, Option<Secret>)> {
    let mut buffer = Zeroizing::new(vec![0; 8 * 1024]);
    loop {
        let length = stream.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
        if let Progress::Answer { response, redirect } = connection.receive(buffer.get(..length)?) {
            return Some((response, redirect));
        }
    }
}

async fn drain(stream: &mut TcpStream) {
    let mut buffer = Zeroizing::new(vec![0; 8 * 1024]);
    while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
}
