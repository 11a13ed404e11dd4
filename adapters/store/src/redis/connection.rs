//! Connections to Redis: one for each thread at work, each with a limit to its patience.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use entrada_core::secret::SecretBuffer;
use redis::{Client, Connection, ErrorKind, RedisError, ServerErrorKind};
use zeroize::Zeroizing;

use crate::Error;

/// The most connections that are kept while nobody uses them.
const MOST_IDLE: usize = 16;

pub(super) struct Connections {
    client: Client,
    timeout: Duration,
    idle: Mutex<Vec<Connection>>,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client knows the password.
        f.debug_struct("Connections").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// What a change makes of a value.
pub(super) struct Written {
    /// What to keep, and for how long; nothing to remove it.
    pub(super) value: Option<(SecretBuffer, Option<Duration>)>,
    /// Under which name to keep what was there, and for how long.
    pub(super) aside: Option<(String, Duration)>,
}

enum Failed {
    Redis(RedisError),
    Own(Error),
}

impl From<RedisError> for Failed {
    fn from(error: RedisError) -> Self {
        Self::Redis(error)
    }
}

impl Connections {
    pub(super) const fn new(client: Client, timeout: Duration) -> Self {
        Self { client, timeout, idle: Mutex::new(Vec::new()) }
    }

    /// The value of a key.
    pub(super) fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        self.with(|connection| Ok(get(connection, name)?))
    }

    /// Changes the value of a key, unless another does so meanwhile. Tells whether that went well.
    pub(super) fn compare_and_swap(
        &self,
        name: &str,
        mut change: impl FnMut(Option<&[u8]>) -> Result<Written, Error>,
    ) -> Result<bool, Error> {
        self.with(|connection| {
            redis::cmd("WATCH").arg(name).exec(connection)?;
            let old = get(connection, name)?;
            let written = change(old.as_deref().map(Vec::as_slice)).map_err(Failed::Own)?;
            let mut pipe = redis::pipe();
            pipe.atomic();
            if let Some((aside, ttl)) = &written.aside {
                pipe.cmd("RENAME").arg(name).arg(aside).ignore();
                pipe.cmd("PEXPIRE").arg(aside).arg(millis(*ttl)).ignore();
            }
            match &written.value {
                Some((value, ttl)) => {
                    let set = pipe.cmd("SET").arg(name).arg(value.expose());
                    if let Some(ttl) = ttl {
                        set.arg("PX").arg(millis(*ttl));
                    }
                    pipe.ignore();
                }
                None => drop(pipe.cmd("DEL").arg(name).ignore()),
            }
            let done: Option<()> = pipe.query(connection)?;
            Ok(done.is_some())
        })
    }

    /// Works with a connection, which is kept if that went well: after a failure an answer may be on its way, or a key
    /// be watched. A connection that broke while it was idle says nothing about Redis, so another is tried.
    fn with<T>(&self, mut work: impl FnMut(&mut Connection) -> Result<T, Failed>) -> Result<T, Error> {
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let was_idle = kept.is_some();
            let mut connection = kept.map_or_else(|| self.connect(), Ok)?;
            match work(&mut connection) {
                Ok(value) => {
                    let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                    if idle.len() < MOST_IDLE {
                        idle.push(connection);
                    }
                    return Ok(value);
                }
                Err(Failed::Redis(error)) if was_idle && error.is_io_error() && !error.is_timeout() => {}
                Err(Failed::Redis(error)) => return Err(failed(&error, self.timeout)),
                Err(Failed::Own(error)) => return Err(error),
            }
        }
    }

    fn connect(&self) -> Result<Connection, Error> {
        let connect = || {
            let connection = self.client.get_connection_with_timeout(self.timeout)?;
            connection.set_read_timeout(Some(self.timeout))?;
            connection.set_write_timeout(Some(self.timeout))?;
            Ok(connection)
        };
        connect().map_err(|error: RedisError| failed(&error, self.timeout))
    }
}

fn get(connection: &mut Connection, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, RedisError> {
    let value: Option<Vec<u8>> = redis::cmd("GET").arg(name).query(connection)?;
    Ok(value.map(Zeroizing::new))
}

/// Redis takes no lifetime of zero.
fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).clamp(1, 1 << 53)
}

/// What a failure of the client library means.
pub(super) fn failed(error: &RedisError, waited: Duration) -> Error {
    let detail = error.to_string();
    // A transaction of which a part was refused holds the reasons.
    let kinds = error.clone().into_server_errors();
    let mut kinds = kinds.iter().flat_map(|errors| errors.iter()).filter_map(|(_, error)| error.kind());
    match error.kind() {
        _ if error.is_timeout() => Error::RedisTimeout { waited },
        ErrorKind::Server(ServerErrorKind::ReadOnly) => Error::RedisReadOnly,
        _ if kinds.any(|kind| kind == ServerErrorKind::ReadOnly) => Error::RedisReadOnly,
        ErrorKind::Server(ServerErrorKind::BusyLoading | ServerErrorKind::MasterDown)
        | ErrorKind::Io
        | ErrorKind::InvalidClientConfig
        | ErrorKind::AuthenticationFailed => Error::RedisUnreachable { detail },
        _ => Error::RedisRefused { detail },
    }
}
