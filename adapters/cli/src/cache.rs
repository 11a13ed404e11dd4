//! Where the command keeps tokens.

mod place;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use entrada_core::cache::TokenStore;
use entrada_store::{
    Error, FileStore, Key, Keyring, Protection, RedisOptions, RedisStore, Warning, default_path,
};
use zeroize::Zeroizing;

use self::place::Place;
use crate::args::CacheArgs;
use crate::report::{Failure, plain};
use crate::secrets::{self, Source};

/// Where tokens are kept, ready to be used.
pub(crate) struct Cache {
    name: String,
    kept: Kept,
}

enum Kept {
    Nowhere,
    File(Arc<FileStore>),
    Redis(Arc<RedisStore>),
}

impl Cache {
    /// Opens the place that was said, or the one that goes without saying.
    pub(crate) fn open(args: &CacheArgs) -> Result<Self, Failure> {
        Self::at(place(args)?.unwrap_or(Place::File(None)), args)
    }

    /// As [`open`](Self::open), but without a cache if nothing was said and there is no place: a token can be had all the
    /// same.
    pub(crate) fn open_if_possible(args: &CacheArgs, quiet: bool) -> Result<Self, Failure> {
        if let Some(place) = place(args)? {
            return Self::at(place, args);
        }
        if args.cache_key_env.is_some() {
            return Self::at(Place::File(None), args);
        }
        if default_path(FOLDER).is_none() {
            if !quiet {
                eprintln!("warning: no token is kept: {NO_FOLDER}");
            }
            return Ok(Self::nowhere());
        }
        match Self::at(Place::File(None), args) {
            Err(Failure::Store(error)) => {
                // A machine that has no keyring is as it is, and whoever wants quiet knows.
                if !(quiet && matches!(error, Error::NoKeyring { .. })) {
                    eprintln!("warning: no token is kept: {}", plain(&error.to_string()));
                    eprintln!("remedy: {}", plain(&remedy(&error)));
                }
                Ok(Self::nowhere())
            }
            other => other,
        }
    }

    fn at(place: Place, args: &CacheArgs) -> Result<Self, Failure> {
        let key = args.cache_key_env.as_deref().map(key).transpose()?;
        let (kept, name) = match (place, key) {
            (Place::Memory | Place::Plain(_), Some(_)) => {
                return Err(Failure::Usage(
                    "--cache-key-env goes with a cache that is encrypted: file or redis".to_owned(),
                ));
            }
            (Place::Memory, None) => return Ok(Self::nowhere()),
            (Place::Plain(path), None) => {
                let path = match path {
                    Some(path) => path,
                    None => home()?.with_extension("json"),
                };
                file(&path, Protection::PlainText)?
            }
            (Place::File(path), key) => {
                let path = path.map_or_else(home, Ok)?;
                let protection = match key {
                    Some(key) => Protection::Key(key),
                    None => Protection::Keyring(Keyring::new(FOLDER, entry(&path)?)),
                };
                file(&path, protection)?
            }
            (Place::Redis(url), key) => {
                let mut options = RedisOptions::default();
                options.key = key;
                let store = RedisStore::open(url.expose(), options).map_err(Failure::Store)?;
                (Kept::Redis(Arc::new(store)), "Redis".to_owned())
            }
        };
        Ok(Self { name, kept })
    }

    fn nowhere() -> Self {
        Self { name: "none".to_owned(), kept: Kept::Nowhere }
    }

    /// What to call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether tokens are forgotten with the end of the command.
    pub(crate) const fn is_nowhere(&self) -> bool {
        matches!(self.kept, Kept::Nowhere)
    }

    /// That accounts are found by their identifiers alone, where it is so.
    pub(crate) const fn names_needed(&self) -> Option<&'static str> {
        match self.kept {
            Kept::Nowhere | Kept::File(_) => None,
            Kept::Redis(_) => {
                Some("Redis finds accounts by their home account ids alone: name one with --account")
            }
        }
    }

    /// What hosts keep tokens in; their own memory if there is none.
    pub(crate) fn store(&self) -> Option<Arc<dyn TokenStore>> {
        match &self.kept {
            Kept::Nowhere => None,
            Kept::File(store) => Some(Arc::clone(store) as Arc<dyn TokenStore>),
            Kept::Redis(store) => Some(Arc::clone(store) as Arc<dyn TokenStore>),
        }
    }

    /// What happened there that somebody should know of, since this was last asked.
    pub(crate) fn take_warnings(&self) -> Vec<Warning> {
        match &self.kept {
            Kept::Nowhere => Vec::new(),
            Kept::File(store) => store.take_warnings(),
            Kept::Redis(store) => store.take_warnings(),
        }
    }
}

/// The environment variable that says where tokens are kept if no option does.
const VARIABLE: &str = "ENTRADA_CACHE";

/// The place that was said, by whichever means.
fn place(args: &CacheArgs) -> Result<Option<Place>, Failure> {
    if args.no_cache {
        return Ok(Some(Place::Memory));
    }
    if let Some(text) = &args.cache {
        let place = Place::parse(text).map_err(|reason| Failure::Usage(format!("--cache: {reason}")))?;
        if place.has_password() {
            return Err(Failure::Usage(format!(
                "--cache: a secret is never an argument: put the address with its password into the environment \
                 variable {VARIABLE}"
            )));
        }
        return Ok(Some(place));
    }
    let refused = |reason: &str| Failure::Usage(format!("the environment variable {VARIABLE}: {reason}"));
    let Some(text) = std::env::var_os(VARIABLE).filter(|text| !text.is_empty()) else { return Ok(None) };
    let text = Zeroizing::new(text.into_string().map_err(|_| refused("it is not UTF-8"))?);
    Place::parse(&text).map(Some).map_err(|reason| refused(&reason))
}

/// The key in an environment variable.
fn key(name: &str) -> Result<Key, Failure> {
    // With or without padding, as either is written.
    const BASE64: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let source = Source { what: "cache key", limit: secrets::PASSWORD, env: Some(name), stdin: false };
    let text = source.read("")?;
    let refused = || {
        Failure::Usage(format!(
            "the cache key in the environment variable {name} is not 32 random bytes in base64"
        ))
    };
    let bytes = Zeroizing::new(BASE64.decode(text.expose().trim()).map_err(|_| refused())?);
    Key::from_bytes(&bytes).map_err(|_| refused())
}

fn file(path: &Path, protection: Protection) -> Result<(Kept, String), Failure> {
    let store = FileStore::open(path, protection).map_err(Failure::Store)?;
    let name = store.path().display().to_string();
    Ok((Kept::File(Arc::new(store)), name))
}

/// The name of the folder that the file is in, and of its keys in the keyring.
const FOLDER: &str = "entrada";
const NO_FOLDER: &str = "the system does not say where files of this user belong: name one with --cache";

/// The file that goes without saying.
fn home() -> Result<PathBuf, Failure> {
    default_path(FOLDER).ok_or_else(|| Failure::Usage(NO_FOLDER.to_owned()))
}

/// The name of a file's key in the keyring: each file has its own.
fn entry(path: &Path) -> Result<String, Failure> {
    let path = std::path::absolute(path)
        .map_err(|error| Failure::Usage(format!("--cache: {}: {error}", path.display())))?;
    Ok(path.display().to_string())
}

/// Whose turn it is and what to do, in terms of the command.
pub(crate) fn remedy(error: &Error) -> String {
    match error {
        Error::NoKeyring { .. } => {
            "The user: choose where tokens are kept: --cache-key-env with a key of your own (openssl rand -base64 32 draws \
             one), --cache plain for a file that its permissions alone protect, or --no-cache. On Linux, a keyring is a \
             Secret Service such as gnome-keyring on a D-Bus session."
        }
        Error::KeyMissing { .. } => {
            "The user: bring the keyring back that had the key. If it is gone, move the file away and sign in again."
        }
        Error::WrongKey { .. } => {
            "The user: use the key that it was encrypted with, in the keyring or with --cache-key-env. If that is gone, \
             move the file away and sign in again."
        }
        Error::NotEncrypted { .. } => "The user: open it as plain:PATH, or name another place.",
        Error::Encrypted { .. } => "The user: open it as file:PATH, or name another place.",
        Error::TooLarge { .. } => "The user: look who wrote it, as no sign-in makes so much, and move it away.",
        _ => return error.remedy(),
    }
    .to_owned()
}
