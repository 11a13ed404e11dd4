//! An item of a document, read as a record.

use std::array;
use std::borrow::Cow;
use std::mem;

use serde_json::{Map, Value};
use zeroize::Zeroize;

use super::member::{Member, Present};
use super::strict::Content;
use super::write::{credential_type, key};
use super::{ACCESS_TOKEN, ACCOUNT, APP_METADATA, ID_TOKEN, REFRESH_TOKEN, ext_cache_key};
use crate::account::{Account, HomeAccountId};
use crate::cache::{
    AccessToken, AccountRecord, AccountSource, AppMetadata, AuthorityType, IdToken, Record, RefreshToken,
};
use crate::secret::{Secret, SecretMembers, wipe};
use crate::text::Text;
use crate::time::Timestamp;

/// What a document says of an entry beside its record: enough to write it again as it was.
#[derive(Clone)]
pub(crate) struct Came {
    /// The members that stood there as they would be written.
    pub(crate) present: Present,
    pub(crate) rest: Option<Box<Rest>>,
}

/// What would be written otherwise. Few entries have any of it.
#[derive(Clone, Default)]
pub(crate) struct Rest {
    pub(crate) key: Option<String>,
    pub(crate) members: SecretMembers,
}

/// Of what no document has brought: all that the record says, and nothing else.
impl Default for Came {
    fn default() -> Self {
        Self { present: Present::ALL, rest: None }
    }
}

impl Came {
    /// Its name in the document, if a record would have another.
    pub(crate) fn key(&self) -> Option<&str> {
        self.rest.as_ref()?.key.as_deref()
    }

    /// For what takes its place: the members that no schema knows, if there are any.
    pub(crate) fn unknown(self) -> Option<Self> {
        let mut rest = self.rest?;
        rest.key = None;
        rest.members.retain(|name| Member::named(name).is_none());
        (!rest.members.is_empty()).then_some(Self { present: Present::ALL, rest: Some(rest) })
    }
}

/// The members of an item as they are read. One serves for all items of a section: taking what is in it leaves it empty.
pub(super) struct Item<'de> {
    texts: [Option<Cow<'de, str>>; Member::ALL.len()],
    others: Map<String, Value>,
    present: Present,
}

impl<'de> Item<'de> {
    pub(super) fn new() -> Self {
        Self { texts: array::from_fn(|_| None), others: Map::new(), present: Present::NONE }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        Member::named(name).is_some_and(|member| self.peek(member).is_some())
            || (!self.others.is_empty() && self.others.contains_key(name))
    }

    pub(super) fn insert(&mut self, name: Cow<'de, str>, content: Content<'de>) {
        match (Member::named(&name), content) {
            (Some(member), Content::Text(text)) => {
                if let Some(place) = self.texts.get_mut(member as usize) {
                    *place = Some(text);
                }
            }
            (_, content) => {
                self.others.insert(name.into_owned(), content.into());
            }
        }
    }

    /// Takes everything, as a value. What is no item of its section is kept as it came.
    pub(super) fn take_value(&mut self) -> Value {
        self.leave_the_rest();
        Value::Object(mem::take(&mut self.others))
    }

    /// Whether there is what makes a record of `section`.
    fn makes(&self, section: &str) -> bool {
        let needs: &[Member] = match section {
            ACCESS_TOKEN | REFRESH_TOKEN | ID_TOKEN => {
                &[Member::Environment, Member::ClientId, Member::Secret]
            }
            ACCOUNT => &[Member::Environment, Member::HomeAccountId],
            _ => &[Member::Environment, Member::ClientId],
        };
        needs.iter().all(|member| self.filled(*member).is_some())
    }

    /// Takes the record of an item that stands in `section` under `its_key`.
    ///
    /// # Errors
    /// Gives the key back if there is not what makes one; the item is as it was then.
    pub(super) fn take_record(
        &mut self,
        section: &str,
        its_key: Cow<'de, str>,
        reading: &mut Reading,
    ) -> Result<(Record, Came), Cow<'de, str>> {
        if !self.makes(section) {
            return Err(its_key);
        }
        let record = match section {
            ACCESS_TOKEN => self.access_token(reading).into(),
            REFRESH_TOKEN => self.refresh_token(reading).into(),
            ID_TOKEN => self.id_token(reading).into(),
            ACCOUNT => self.account(reading).into(),
            APP_METADATA => self.app_metadata(reading).into(),
            _ => return Err(its_key),
        };
        if let Some(kind) = credential_type(&record) {
            self.take_if(Member::CredentialType, |text| text == kind);
        }
        self.leave_the_rest();
        reading.key.clear();
        key(&record, &mut reading.key);
        let is_ours = *reading.key == *its_key;
        let present = mem::replace(&mut self.present, Present::NONE);
        let rest = if is_ours && self.others.is_empty() {
            None
        } else {
            let members = SecretMembers::new(mem::take(&mut self.others));
            Some(Box::new(Rest { key: (!is_ours).then(|| its_key.into_owned()), members }))
        };
        Ok((record, Came { present, rest }))
    }

    fn access_token(&mut self, reading: &mut Reading) -> AccessToken {
        let key_id =
            [Member::Kid, Member::Keyid, Member::KeyId].into_iter().find_map(|name| self.filled(name));
        let key_id = key_id.map(Text::from);
        for name in [Member::Kid, Member::Keyid, Member::KeyId] {
            self.take_if(name, |text| key_id.as_deref() == Some(text));
        }
        AccessToken {
            home_account_id: self.text(Member::HomeAccountId),
            environment: reading.environment.of(self.take(Member::Environment)),
            client_id: reading.client_id.of(self.take(Member::ClientId)),
            realm: reading.realm.of(self.take(Member::Realm)),
            target: reading.target.of(self.take(Member::Target)),
            secret: self.secret(),
            token_type: reading.token_type.of(self.take(Member::TokenType).or(Some("Bearer".into()))),
            cached_at: self.time(Member::CachedAt).unwrap_or_default(),
            expires_on: self.time(Member::ExpiresOn).unwrap_or_default(),
            extended_expires_on: self
                .time(Member::ExtendedExpiresOn)
                .or_else(|| self.read_seconds(Member::ExtExpiresOn).map(Timestamp::from_secs)),
            refresh_on: self.time(Member::RefreshOn),
            key_id,
            user_assertion_hash: self.user_assertion_hash(),
            ext_cache_key: self.ext_cache_key(),
        }
    }

    fn refresh_token(&mut self, reading: &mut Reading) -> RefreshToken {
        RefreshToken {
            home_account_id: self.text(Member::HomeAccountId),
            environment: reading.environment.of(self.take(Member::Environment)),
            client_id: reading.client_id.of(self.take(Member::ClientId)),
            family_id: self.text(Member::FamilyId),
            secret: self.secret(),
            last_modification_time: self.time(Member::LastModificationTime).unwrap_or_default(),
            user_assertion_hash: self.user_assertion_hash(),
        }
    }

    fn id_token(&mut self, reading: &mut Reading) -> IdToken {
        IdToken {
            home_account_id: self.text(Member::HomeAccountId),
            environment: reading.environment.of(self.take(Member::Environment)),
            client_id: reading.client_id.of(self.take(Member::ClientId)),
            realm: reading.realm.of(self.take(Member::Realm)),
            secret: self.secret(),
        }
    }

    fn account(&mut self, reading: &mut Reading) -> AccountRecord {
        let authority_type =
            AuthorityType::from(self.take(Member::AuthorityType).as_deref().unwrap_or_default());
        AccountRecord {
            account: Account {
                home_account_id: HomeAccountId::new(self.text(Member::HomeAccountId).unwrap_or_default()),
                environment: reading.environment.of(self.take(Member::Environment)),
                tenant_id: reading.realm.of(self.take(Member::Realm)),
                local_account_id: self.text(Member::LocalAccountId),
                username: self.text(Member::Username).unwrap_or_default(),
                name: self.text(Member::Name),
            },
            authority_type,
            given_name: self.text(Member::GivenName),
            family_name: self.text(Member::FamilyName),
            client_info: self.text(Member::ClientInfo),
            account_source: self.take(Member::AccountSource).as_deref().map(AccountSource::from),
        }
    }

    fn app_metadata(&mut self, reading: &mut Reading) -> AppMetadata {
        AppMetadata {
            client_id: reading.client_id.of(self.take(Member::ClientId)),
            environment: reading.environment.of(self.take(Member::Environment)),
            family_id: self.text(Member::FamilyId),
        }
    }

    fn peek(&self, member: Member) -> Option<&str> {
        self.texts.get(member as usize)?.as_deref()
    }

    /// A text that says something.
    fn filled(&self, member: Member) -> Option<&str> {
        self.peek(member).filter(|text| !text.is_empty())
    }

    /// Takes a text that the record will say as it stands. An empty one is as good as none, and is not written.
    fn take(&mut self, member: Member) -> Option<Cow<'de, str>> {
        let text = self.texts.get_mut(member as usize)?.take_if(|text| !text.is_empty())?;
        self.present.add(member);
        Some(text)
    }

    fn take_if(&mut self, member: Member, is_as_written: impl FnOnce(&str) -> bool) {
        if self.filled(member).is_some_and(is_as_written) {
            self.take(member);
        }
    }

    fn text(&mut self, member: Member) -> Option<Text> {
        self.take(member).map(|text| Text::from(&*text))
    }

    fn secret(&mut self) -> Secret {
        self.take(Member::Secret).map(|text| Secret::new(text.into_owned())).unwrap_or_default()
    }

    /// Seconds since the epoch, as a text or as a number.
    fn time(&mut self, member: Member) -> Option<Timestamp> {
        let seconds = self.read_seconds(member)?;
        let time = Timestamp::from_secs(seconds);
        self.take_if(member, |text| is_decimal(text) && time.as_secs() == seconds);
        Some(time)
    }

    fn read_seconds(&self, member: Member) -> Option<u64> {
        match self.peek(member) {
            Some(text) => text.trim().parse::<u64>().ok(),
            None => match self.others.get(member.name())? {
                Value::Number(number) => number.as_u64().or_else(|| float(number.as_f64()?)),
                _ => None,
            },
        }
    }

    fn user_assertion_hash(&mut self) -> Option<Text> {
        self.text(Member::UserAssertionHash)
            .or_else(|| self.filled(Member::UserAssertionHashOfNode).map(Text::from))
    }

    /// MSAL.NET writes down in full what the others write a hash of. A token that is said to depend on something that is
    /// not told depends on what nobody asks for.
    fn ext_cache_key(&mut self) -> Option<Text> {
        if let Some(text) = self.filled(Member::ExtCacheKey) {
            let key = text.to_ascii_lowercase();
            self.take_if(Member::ExtCacheKey, |text| text == key);
            return Some(key.into());
        }
        match self.others.get(Member::Ext.name()) {
            Some(Value::Object(parts)) if !parts.is_empty() => {
                let parts: Vec<(&str, &str)> = parts
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
                    .collect();
                Some(ext_cache_key(&parts).into())
            }
            _ => self
                .filled(Member::CredentialType)
                .filter(|kind| kind.eq_ignore_ascii_case("atext"))
                .map(|_| "unknown".into()),
        }
    }

    /// Puts the texts that no record says with the other members.
    fn leave_the_rest(&mut self) {
        for (member, text) in Member::ALL.into_iter().zip(&mut self.texts) {
            if let Some(text) = text.take() {
                self.others.insert(member.name().to_owned(), Value::String(text.into_owned()));
            }
        }
    }
}

/// What of an item was read and not taken, as the rest of it is missing.
impl Drop for Item<'_> {
    fn drop(&mut self) {
        for text in &mut self.texts {
            if let Some(Cow::Owned(text)) = text {
                text.zeroize();
            }
        }
        self.others.values_mut().for_each(wipe);
    }
}

/// What the items of a document have in common.
#[derive(Default)]
pub(super) struct Reading {
    environment: Latest,
    client_id: Latest,
    realm: Latest,
    target: Latest,
    token_type: Latest,
    key: String,
}

/// The text that was read last: very often it is the next one too, and is shared then.
#[derive(Default)]
struct Latest(Text);

impl Latest {
    fn of(&mut self, text: Option<Cow<'_, str>>) -> Text {
        let text = text.unwrap_or_default();
        if self.0 != *text {
            self.0 = Text::from(&*text);
        }
        self.0.clone()
    }
}

/// Whether a number is written as we would.
fn is_decimal(text: &str) -> bool {
    text.bytes().all(|digit| digit.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
}

/// Whole seconds; a float has no better way down than this.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn float(seconds: f64) -> Option<u64> {
    (0.0..=1e15).contains(&seconds).then_some(seconds as u64)
}
