//! Tokens in Redis, for applications that run on more than one machine.

mod connection;
mod partition;

use std::io::Cursor;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use entrada_core::cache::{
    CacheUpdate, Record, StoreError, TokenCache, TokenQuery, TokenStore, TokenSubject, TokenView,
};
use entrada_core::secret::SecretBuffer;
use entrada_core::time::Timestamp;

use self::connection::{Connections, Written};
use self::partition::{Partition, split};
use crate::document::{Codec, Decoded, Keys, PARTITION, Unreadable};
use crate::{Error, Key, Warning};

/// What can be set of a store in Redis. Begin with its `Default`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RedisOptions {
    /// How the names of all keys begin: `entrada` by default.
    pub prefix: String,
    /// What the tokens are encrypted with, for those who can read this Redis, its dumps and its replicas. By default they
    /// are not.
    pub key: Option<Key>,
    /// How long to wait for Redis, each time: 2 seconds by default.
    pub timeout: Duration,
    /// The largest partition that is read or written: 4 MiB by default.
    pub max_bytes: u64,
    /// After how long without a change a partition goes that has refresh tokens. By default it stays; Entra's refresh tokens
    /// die after 90 days without use.
    pub refresh_token_ttl: Option<Duration>,
    /// How often a change begins anew because another was faster: 20 times by default.
    pub attempts: u32,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            prefix: "entrada".to_owned(),
            key: None,
            timeout: Duration::from_secs(2),
            max_bytes: 4 * 1024 * 1024,
            refresh_token_ttl: None,
            attempts: 20,
        }
    }
}

/// How long a partition stays that has accounts and no tokens: an application may still ask who was there.
const WITHOUT_TOKENS: Duration = Duration::from_secs(24 * 3600);
/// How long a value stays that was set aside.
const ASIDE: Duration = Duration::from_secs(30 * 24 * 3600);
const MOST_WARNINGS: usize = 32;

/// Tokens in Redis, which machines share: one key for each account, call on behalf of a user, and tenant of an
/// application.
///
/// | key | what is in it |
/// | --- | --- |
/// | `{prefix}:1:{user:HOME}` | the tokens of an account, by its home account id |
/// | `{prefix}:1:{app:CLIENT:TENANT}` | the application's own tokens |
/// | `{prefix}:1:{call:CLIENT:HASH}` | tokens got on behalf of a user, by SHA-256 of the hash or key that they go by |
///
/// The braces around the names are there in the keys, in which names are in lower case and `%`, `:`, `{`, `}` and what is not ASCII
/// are written as `%XX`. A value is a document of the unified schema, encrypted if [`RedisOptions::key`] says so.
///
/// - A change is written if nobody else changed the partition meanwhile (`WATCH`, `MULTI`, `EXEC`), else made again to
///   what is there by then. A change to several partitions is made to one after the other.
/// - A partition without refresh tokens goes when its last access token ends.
/// - What is found in place of a partition and cannot be read gets another name, `…:set-aside:TIME`, for 30 days.
/// - Accounts are not listed, nor found by the user's name: a web application has the home account id in its session.
/// - What is known of an application ([`AppMetadata`](entrada_core::cache::AppMetadata)) is kept with each account.
///
/// It takes one Redis or Valkey, of version 6.2 or later. Its calls block; threads share it, with a connection for each that
/// is at work. What the client library has in its buffers is not wiped.
///
/// ```no_run
/// use entrada_store::{Key, RedisOptions, RedisStore};
///
/// let mut options = RedisOptions::default();
/// options.key = Some(Key::generate()?); // the same for the whole farm
/// let store = RedisStore::open("redis://127.0.0.1:6379/", options)?;
/// # Ok::<(), entrada_store::Error>(())
/// ```
#[derive(Debug)]
pub struct RedisStore {
    connections: Connections,
    codec: Codec,
    options: RedisOptions,
    warnings: Mutex<Vec<Warning>>,
}

impl RedisStore {
    /// Takes an address: `redis://user:password@host:port/database`, or with the feature `redis-tls` also `rediss://…`. It connects with
    /// the first query.
    ///
    /// # Errors
    /// [`Error::RedisUnreachable`] if that is no address.
    pub fn open(url: &str, options: RedisOptions) -> Result<Self, Error> {
        let client =
            ::redis::Client::open(url).map_err(|error| connection::failed(&error, options.timeout))?;
        Ok(Self::with_client(client, options))
    }

    /// Takes a client of the crate `redis`, for whoever has certificates or other settings of its own.
    #[must_use]
    pub fn with_client(client: ::redis::Client, options: RedisOptions) -> Self {
        let keys = options.key.clone().map_or(Keys::PlainText, Keys::Given);
        Self {
            connections: Connections::new(client, options.timeout),
            codec: Codec { keys, max_bytes: options.max_bytes, encrypt_existing: false },
            options,
            warnings: Mutex::default(),
        }
    }

    /// What happened that somebody should know of, since this was last asked.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<Warning> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn name(&self, partition: &Partition) -> String {
        format!("{}:1:{{{partition}}}", self.options.prefix)
    }

    fn try_find(&self, query: &TokenQuery) -> Result<TokenView, Error> {
        let partition = match &query.subject {
            TokenSubject::Application => {
                Partition::app(&query.client_id, query.realm.as_deref().unwrap_or_default())
            }
            TokenSubject::Account(home) => Partition::user(home),
            TokenSubject::OnBehalfOf(hash) => Partition::call(&query.client_id, hash),
            TokenSubject::Username(_) => return Err(Error::NotPartitioned { by: "the user's name" }),
            _ => return Err(Error::NotPartitioned { by: "application" }),
        };
        let name = self.name(&partition);
        let Some(bytes) = self.connections.get(&name)? else { return Ok(TokenCache::default().find(query)) };
        match self.decode(&name, &bytes) {
            Ok(mut decoded) => Ok(decoded.tokens.find(query)),
            Err(Unreadable::Refused(error)) => Err(error),
            Err(Unreadable::Damaged(_)) => {
                // A change that changes nothing sets it aside.
                self.change(&partition, Timestamp::default(), |_| {})?;
                Ok(TokenCache::default().find(query))
            }
        }
    }

    fn change(
        &self,
        partition: &Partition,
        at: Timestamp,
        change: impl Fn(&mut TokenCache),
    ) -> Result<(), Error> {
        let name = self.name(partition);
        for nth in 0..self.options.attempts.max(1) {
            let mut damaged = None;
            let done = self.connections.compare_and_swap(&name, |bytes| {
                let mut tokens = match bytes.map(|bytes| self.decode(&name, bytes)) {
                    None => TokenCache::default(),
                    Some(Ok(decoded)) => decoded.tokens,
                    Some(Err(Unreadable::Refused(error))) => return Err(error),
                    Some(Err(Unreadable::Damaged(damage))) => {
                        let seconds =
                            SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
                        damaged = Some((format!("{name}:set-aside:{seconds}"), damage));
                        TokenCache::default()
                    }
                };
                change(&mut tokens);
                let value = if tokens.is_empty() {
                    None
                } else {
                    let ttl = self.ttl(&tokens, at);
                    let mut value = SecretBuffer::default();
                    self.codec.encode(&place(&name), &tokens, &mut value)?;
                    Some((value, ttl))
                };
                let aside = damaged.as_ref().map(|(name, _)| (name.clone(), ASIDE));
                Ok(Written { value, aside })
            })?;
            if done {
                if let Some((kept_as, damage)) = damaged {
                    self.warn(Warning::SetAside { place: place(&name), kept_as: place(&kept_as), damage });
                }
                return Ok(());
            }
            // Whoever lost once more stays away a little longer, and not all for as long.
            let mut random = [0];
            let _ = getrandom::fill(&mut random);
            thread::sleep(Duration::from_micros(u64::from(random[0]) * u64::from(nth.min(10)) * 10));
        }
        Err(Error::Contended { place: place(&name), attempts: self.options.attempts })
    }

    fn decode(&self, name: &str, bytes: &[u8]) -> Result<Decoded, Unreadable> {
        self.codec.decode(&place(name), Cursor::new(bytes), bytes.len() as u64)
    }

    /// After how long a partition is of no use to anybody.
    fn ttl(&self, tokens: &TokenCache, at: Timestamp) -> Option<Duration> {
        let mut ends = Timestamp::default();
        for record in tokens.records() {
            match record {
                Record::RefreshToken(_) => return self.options.refresh_token_ttl,
                Record::AccessToken(token) => {
                    ends = ends.max(token.expires_on).max(token.extended_expires_on.unwrap_or_default());
                }
                _ => {}
            }
        }
        let at = if at == Timestamp::default() { now() } else { at };
        Some(if ends > at { ends.since(at) } else { WITHOUT_TOKENS })
    }

    fn warn(&self, warning: Warning) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        if warnings.len() < MOST_WARNINGS {
            warnings.push(warning);
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::default().after(since)
}

fn place(name: &str) -> String {
    format!("{PARTITION}{name}")
}

impl TokenStore for RedisStore {
    fn find(&self, query: &TokenQuery) -> Result<TokenView, StoreError> {
        Ok(self.try_find(query)?)
    }

    fn apply(&self, update: &CacheUpdate) -> Result<(), StoreError> {
        for (partition, update) in split(update) {
            self.change(&partition, update.at, |tokens| tokens.apply(&update))?;
        }
        Ok(())
    }
}
