//! Claims challenges: what a tenant's policy asks of a token request beyond a password.

use serde::Deserialize;
use serde_json::Value;

use crate::config::same;
use crate::oauth::Refusal;

/// A policy that challenges token requests until they bring the claims that it wants.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Challenge {
    /// The user whom it concerns; everybody (and every application by itself) if absent.
    pub user: Option<String>,
    /// The resource that it concerns, as the scopes name it; every resource if absent.
    pub resource: Option<String>,
    /// The `error`.
    pub error: String,
    /// The AADSTS code.
    pub code: u32,
    /// The `suberror`.
    pub suberror: Option<String>,
    /// The `claims`, JSON in a string.
    pub claims: String,
    /// What satisfies it.
    pub satisfied_by: Satisfaction,
}

/// What satisfies a claims challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Satisfaction {
    /// A request that brings the claims, or a sign-in whose authorization request brought them.
    #[default]
    Claims,
    /// A sign-in whose authorization request brought the claims, and nothing less.
    SignIn,
    /// A request that names the client capability `cp1`.
    Capability,
}

impl Default for Challenge {
    /// `interaction_required` for everybody, until the claims come.
    fn default() -> Self {
        Challenge {
            user: None,
            resource: None,
            error: "interaction_required".into(),
            code: 50076,
            suberror: Some("basic_action".into()),
            claims: r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#.into(),
            satisfied_by: Satisfaction::Claims,
        }
    }
}

/// What a token request brings along.
pub(crate) struct Brought<'a> {
    pub(crate) user: Option<&'a str>,
    pub(crate) resource: &'a str,
    /// The claims of this request.
    pub(crate) claims: Option<&'a Value>,
    /// The claims of the sign-in that the grant goes back to.
    pub(crate) at_sign_in: Option<&'a Value>,
}

impl Challenge {
    /// Refuses what the policy concerns and does not let pass.
    pub(crate) fn judge(&self, brought: &Brought<'_>) -> Result<(), Refusal> {
        let concerns = |wanted: &Option<String>, given: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| given.is_some_and(|given| same(wanted, given)))
        };
        if !concerns(&self.user, brought.user) || !concerns(&self.resource, Some(brought.resource)) {
            return Ok(());
        }
        let wanted: Value = serde_json::from_str(&self.claims).unwrap_or_default();
        let holds = |claims: Option<&Value>| claims.is_some_and(|claims| contains(claims, &wanted));
        let satisfied = match self.satisfied_by {
            Satisfaction::Claims => holds(brought.claims) || holds(brought.at_sign_in),
            Satisfaction::SignIn => holds(brought.at_sign_in),
            Satisfaction::Capability => has_capability(brought.claims, "cp1"),
        };
        if satisfied {
            return Ok(());
        }
        let text = "Due to a configuration change made by your administrator, or because you moved to a new \
                    location, more is needed to access the resource.";
        let mut refusal = Refusal::new(self.error.clone(), self.code, text).claims(wanted);
        refusal.suberror = self.suberror.clone().map(Into::into);
        Err(refusal)
    }
}

/// Whether a client capability is named in the claims.
pub(crate) fn has_capability(claims: Option<&Value>, name: &str) -> bool {
    let values = claims.and_then(|claims| claims.pointer("/access_token/xms_cc/values"));
    values.and_then(Value::as_array).is_some_and(|values| values.iter().any(|value| value == name))
}

/// Whether all of one JSON value is found in the other.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|found| contains(found, value)))
        }
        _ => whole == part,
    }
}
