//! The wait for the browser to come back, on the calling thread alone: no connection can hold up another.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use entrada_core::listener::{CONNECTION_TIMEOUT, Connection, Listener, Progress};
use entrada_core::secret::Secret;
use zeroize::Zeroizing;

/// How many connections are served side by side. The oldest gives way to a new one.
const MOST_GUESTS: usize = 64;
/// How long to rest where nothing happens.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a browser gets to take its page.
const FAREWELL: Duration = Duration::from_secs(1);

/// Waits for the answer to a sign-in. `None` if it has not come by the deadline.
///
/// # Errors
/// If the sockets cannot be used.
pub(crate) fn wait(
    listeners: &[TcpListener],
    listener: &Listener,
    timeout: Duration,
) -> io::Result<Option<Secret>> {
    for socket in listeners {
        socket.set_nonblocking(true)?;
    }
    let start = Instant::now();
    let mut guests: VecDeque<Guest> = VecDeque::new();
    let mut buffer = Zeroizing::new([0; 8 * 1024]);
    loop {
        // Decided first and acted on last: what has come by now counts.
        let is_over = start.elapsed() >= timeout;
        let mut is_quiet = true;
        for socket in listeners {
            // A failure is of one connection, or of the moment: the next try is due in a while anyway.
            if let Ok((stream, _)) = socket.accept()
                && let Ok(guest) = Guest::new(stream, listener.connection())
            {
                is_quiet = false;
                if guests.len() >= MOST_GUESTS {
                    guests.pop_front();
                }
                guests.push_back(guest);
            }
        }
        let mut answer = None;
        guests.retain_mut(|guest| match guest.turn(&mut *buffer) {
            Turn::Idle => true,
            Turn::Busy => {
                is_quiet = false;
                true
            }
            Turn::Gone => false,
            Turn::Answered(redirect) => {
                answer.get_or_insert(redirect);
                true
            }
        });
        if let Some(redirect) = answer {
            say_goodbye(guests, &mut *buffer);
            return Ok(Some(redirect));
        }
        if is_over {
            return Ok(None);
        }
        if is_quiet {
            std::thread::sleep(PAUSE.min(timeout.saturating_sub(start.elapsed())));
        }
    }
}

/// Lets those that were answered take their page.
fn say_goodbye(mut guests: VecDeque<Guest>, buffer: &mut [u8]) {
    let until = Instant::now() + FAREWELL;
    guests.retain(|guest| !matches!(guest.phase, Phase::Reading(_)));
    while !guests.is_empty() && Instant::now() < until {
        let mut is_quiet = true;
        guests.retain_mut(|guest| match guest.turn(buffer) {
            Turn::Gone => false,
            Turn::Idle => true,
            Turn::Busy | Turn::Answered(_) => {
                is_quiet = false;
                true
            }
        });
        if is_quiet && !guests.is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// One connection.
struct Guest {
    stream: TcpStream,
    until: Instant,
    phase: Phase,
}

enum Phase {
    Reading(Connection),
    Writing {
        response: Vec<u8>,
        written: usize,
    },
    /// Nothing more is said. What still comes is read, as a connection that is closed over unread bytes takes the
    /// response with it.
    Leaving,
}

/// What became of a connection when it was looked at.
enum Turn {
    Idle,
    Busy,
    Answered(Secret),
    Gone,
}

impl Guest {
    fn new(stream: TcpStream, connection: Connection) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self { stream, until: Instant::now() + CONNECTION_TIMEOUT, phase: Phase::Reading(connection) })
    }

    fn turn(&mut self, buffer: &mut [u8]) -> Turn {
        if Instant::now() >= self.until {
            return Turn::Gone;
        }
        let outcome = match &mut self.phase {
            Phase::Reading(_) | Phase::Leaving => self.stream.read(buffer),
            Phase::Writing { response, written } => {
                self.stream.write(response.get(*written..).unwrap_or_default())
            }
        };
        let moved = match outcome {
            Ok(0) => return Turn::Gone,
            Ok(moved) => moved,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Turn::Idle,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Turn::Busy,
            Err(_) => return Turn::Gone,
        };
        match &mut self.phase {
            Phase::Reading(connection) => match connection.receive(buffer.get(..moved).unwrap_or_default()) {
                Progress::More => {}
                Progress::Answer { response, redirect } => {
                    self.phase = Phase::Writing { response, written: 0 };
                    if let Some(redirect) = redirect {
                        return Turn::Answered(redirect);
                    }
                }
            },
            Phase::Writing { response, written } => {
                *written += moved;
                if *written >= response.len() {
                    if self.stream.shutdown(Shutdown::Write).is_err() {
                        return Turn::Gone;
                    }
                    self.phase = Phase::Leaving;
                    self.until = self.until.min(Instant::now() + FAREWELL);
                }
            }
            Phase::Leaving => {}
        }
        Turn::Busy
    }
}
