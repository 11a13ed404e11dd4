//! Whose tokens a start is about: an account that signed in before, or the user of a call.

use entrada_core::application::ConfidentialClientApplication;
use entrada_core::flow::on_behalf_of::OnBehalfOf;
use entrada_core::flow::silent::AccountId;
use entrada_core::secret::Secret;
use serde::Deserialize;

use crate::members::{Members, Refused};

/// An account as a line names it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    home_account_id: Option<String>,
    username: Option<String>,
}

/// The account, by its home account id or by the user's name.
pub(super) fn either(members: &mut Members<'_>) -> Result<AccountId, Refused> {
    const EXPECTED: &str = "an object with \"home_account_id\" or \"username\"";
    match members.required("account", EXPECTED)? {
        Named { home_account_id: Some(id), username: None } => Ok(AccountId::Home(id)),
        Named { home_account_id: None, username: Some(name) } => Ok(AccountId::Username(name)),
        _ => Err(Refused(format!("the member \"account\" must be {EXPECTED}"))),
    }
}

/// The account, by its home account id alone.
pub(super) fn by_home(members: &mut Members<'_>) -> Result<String, Refused> {
    const EXPECTED: &str = "an object with \"home_account_id\"";
    match members.required("account", EXPECTED)? {
        Named { home_account_id: Some(id), username: None } => Ok(id),
        _ => Err(Refused(format!("the member \"account\" must be {EXPECTED}"))),
    }
}

/// A call on behalf of a user.
pub(super) enum Call {
    /// One that began with an assertion, and that can go on under a key if there is one.
    Asserted { assertion: Secret, session_key: Option<String> },
    /// One that goes on.
    InSession { session_key: String },
}

impl Call {
    pub(super) fn read(members: &mut Members<'_>) -> Result<Self, Refused> {
        match (members.secret("assertion")?, members.text("session_key")?) {
            (Some(assertion), session_key) => Ok(Self::Asserted { assertion, session_key }),
            (None, Some(session_key)) => Ok(Self::InSession { session_key }),
            (None, None) => Err("the member \"assertion\" or \"session_key\" is missing".into()),
        }
    }

    pub(super) fn flow(self, app: ConfidentialClientApplication, scopes: Vec<String>) -> OnBehalfOf {
        match self {
            Self::Asserted { assertion, session_key } => {
                let mut flow = OnBehalfOf::new(app, scopes, assertion);
                flow.session_key = session_key;
                flow
            }
            Self::InSession { session_key } => OnBehalfOf::in_session(app, scopes, session_key),
        }
    }
}
