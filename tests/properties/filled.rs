//! Caches with anything in them.

use std::time::Duration;

use entrada_core::cache::{Memory, Record};
use entrada_core::text::Text;
use entrada_tests::catalogue::{Case, SCOPE};
use entrada_tests::kept::{self, HOME, JOE};
use entrada_tests::planted::{KEPT_ACCESS, KEPT_FAMILY, KEPT_SESSION, REFRESH_TOKEN};
use entrada_tests::world::START;
use proptest::prelude::*;

/// What a record is made of; what does not apply to it is not used.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    kind: u8,
    home: &'static str,
    client_id: &'static str,
    realm: &'static str,
    elsewhere: bool,
    call: Option<&'static str>,
    ends: i64,
    due: bool,
}

/// Some records.
pub(crate) fn records() -> impl Strategy<Value = Vec<Made>> {
    let home = prop::sample::select(vec![JOE, JOE, "ann.t", "s", ""]);
    let client_id = prop::sample::select(vec!["app", "app", "another"]);
    let realm = prop::sample::select(vec!["contoso.com", HOME, "contoso.onmicrosoft.com", ""]);
    let call = prop::sample::select(vec![None, None, Some("job"), Some("another job")]);
    let ends = prop::sample::select(vec![-10_000, 0, 1000, 4000, i64::from(u32::MAX), i64::MAX]);
    let made = (0_u8..6, home, client_id, realm, prop::bool::weighted(0.1), call, ends, any::<bool>())
        .prop_map(|(kind, home, client_id, realm, elsewhere, call, ends, due)| Made {
            kind,
            home,
            client_id,
            realm,
            elsewhere,
            call,
            ends,
            due,
        });
    prop::collection::vec(made, 0..12)
}

/// A memory that has them, in the cloud of the case.
pub(crate) fn memory(case: Case, records: &[Made]) -> Memory {
    let app = case.app().expect("the authority is one");
    let own = app.authority().environment();
    kept::memory(records.iter().map(|made| record(made, own)))
}

fn record(made: &Made, own: &str) -> Record {
    let environment = Text::from(if made.elsewhere { "login.elsewhere.example" } else { own });
    let home = (!made.home.is_empty()).then(|| Text::from(made.home));
    let client_id = Text::from(made.client_id);
    let family = (made.kind == 2).then_some("1");
    match made.kind {
        0 => {
            let mut token = kept::access(KEPT_ACCESS);
            (token.home_account_id, token.client_id, token.environment) = (home, client_id, environment);
            token.realm = made.realm.into();
            token.target = SCOPE.into();
            let (ahead, back) =
                (Duration::from_secs(made.ends.max(0).unsigned_abs()), made.ends.min(0).unsigned_abs());
            token.expires_on =
                entrada_core::time::Timestamp::from_secs(START.as_millis() / 1000 - back).after(ahead);
            token.refresh_on = made.due.then_some(START);
            token.user_assertion_hash = made.call.map(Into::into);
            token.into()
        }
        1 | 2 => {
            let secret = match (made.call, family) {
                (Some(_), _) => KEPT_SESSION,
                (None, Some(_)) => KEPT_FAMILY,
                (None, None) => REFRESH_TOKEN,
            };
            let mut token = kept::refresh(secret, family);
            (token.home_account_id, token.client_id, token.environment) = (home, client_id, environment);
            token.user_assertion_hash = made.call.map(Into::into);
            token.into()
        }
        3 => {
            let mut token = kept::id_token("not.a.token");
            (token.home_account_id, token.client_id, token.environment) = (home, client_id, environment);
            token.into()
        }
        4 => {
            let mut record = kept::account(made.home, made.realm, "joe@contoso.com");
            record.account.environment = environment;
            record.into()
        }
        _ => {
            let mut metadata = kept::metadata(made.due.then_some("1"));
            (metadata.client_id, metadata.environment) = (client_id, environment);
            metadata.into()
        }
    }
}
