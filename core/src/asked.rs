//! What a person was asked in a browser, kept until the answer comes; and whether an answer is that answer.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use crate::application::{Application, RequestOptions};
use crate::authority::{Authority, AuthorityOptions, Issuer};
use crate::context::Resolved;
use crate::error::{Denial, Error, Fault, Misuse, SignInFault};
use crate::protocol::authorization::{self, AuthorizationRequest, SignInPrompt, random};
use crate::protocol::redirect::{self, Redirect, ResponseMode};
use crate::protocol::token::codes_in;
use crate::secret::Secret;

/// What a person is to be asked, checked as far as it can be before there is an authority.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) response_type: &'static str,
    pub(crate) redirect_uri: String,
    /// As the caller chose, if at all.
    pub(crate) response_mode: Option<ResponseMode>,
    /// How the answer comes then.
    pub(crate) answered_in: ResponseMode,
    pub(crate) scope: String,
    pub(crate) prompt: Option<SignInPrompt>,
    pub(crate) domain_hint: Option<String>,
}

/// What a person was asked: data that outlives the process.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    pub(crate) url: Url,
    pub(crate) redirect_uri: String,
    pub(crate) response_mode: ResponseMode,
    #[serde(with = "crate::secret::exposed")]
    pub(crate) state: Secret,
    #[serde(with = "crate::secret::exposed")]
    pub(crate) nonce: Secret,
    pub(crate) authority: String,
    pub(crate) allow_http_loopback: bool,
    pub(crate) issuer: Issuer,
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) login_hint: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) extra_query_parameters: Vec<(String, String)>,
    pub(crate) correlation_id: String,
}

impl Question {
    /// Puts the question to the authority: makes the address for the browser, and what the answer is judged by.
    pub(crate) fn ask(&self, at: &Resolved, verifier: Option<&Secret>) -> Result<Asked, Error> {
        let cx = &at.cx;
        let (state, nonce) = (random(cx.seed(), "state"), random(cx.seed(), "nonce"));
        let request = AuthorizationRequest {
            response_type: self.response_type,
            redirect_uri: &self.redirect_uri,
            scope: &self.scope,
            response_mode: self.response_mode,
            state: &state,
            nonce: &nonce,
            verifier,
            prompt: self.prompt,
            domain_hint: self.domain_hint.as_deref(),
        };
        Ok(Asked {
            url: authorization::url(at, &request)?,
            redirect_uri: self.redirect_uri.clone(),
            response_mode: self.answered_in,
            state,
            nonce,
            authority: cx.app().authority().as_str().to_owned(),
            allow_http_loopback: cx.app().authority().options().allow_http_loopback,
            issuer: at.endpoints.issuer(),
            client_id: cx.app().client_id().to_owned(),
            scopes: cx.scopes().to_vec(),
            claims: cx.options().claims.clone(),
            tenant: cx.options().tenant.clone(),
            login_hint: cx.options().login_hint.clone(),
            extra_query_parameters: cx.options().extra_query_parameters.clone(),
            correlation_id: cx.correlation_id().to_owned(),
        })
    }
}

impl Asked {
    /// Reads a redirect and judges whose it is. Nothing in it is believed, and nothing of it told, before its state has
    /// been compared.
    pub(crate) fn answer(&self, text: &str) -> Result<Redirect, Error> {
        let redirect = redirect::parse(text, self.response_mode)
            .map_err(|error| self.fail(SignInFault::Unreadable(error)))?;
        // A missing state compares with the empty one, so that an answer without any takes the same way.
        let state = redirect.state.clone().unwrap_or_default();
        if state != self.state || state.expose().is_empty() {
            return Err(self.fail(SignInFault::StateMismatch));
        }
        let authority = self.authority()?;
        if !self.issuer.accepts(&authority, redirect.iss.as_deref()) {
            return Err(self.fail(SignInFault::IssuerMismatch { missing: redirect.iss.is_none() }));
        }
        if let Some(error) = redirect.error {
            return Err(self.fail(Fault::Denied(Box::new(Denial {
                error_codes: codes_in(redirect.error_description.as_deref().unwrap_or_default()),
                error,
                description: redirect.error_description,
                subcode: redirect.error_subcode,
                uri: redirect.error_uri,
            }))));
        }
        if let Some(host) = &redirect.cloud_instance_host_name
            && authority.is_another_cloud(host)
        {
            return Err(self.fail(SignInFault::OtherCloud { host: host.clone() }));
        }
        Ok(redirect)
    }

    pub(crate) fn fail(&self, fault: impl Into<Fault>) -> Error {
        Error::in_sign_in(fault.into(), &self.correlation_id)
    }

    /// Who was asked: the application's authority, or the tenant of this call.
    pub(crate) fn authority(&self) -> Result<Authority, Error> {
        let options = AuthorityOptions::default().allow_http_loopback(self.allow_http_loopback);
        let authority = match self.issuer {
            Issuer::Service => Authority::parse(&self.authority, options)?,
            Issuer::Named { .. } => Authority::oidc(&self.authority, options)?,
        };
        match &self.tenant {
            Some(tenant) => authority.with_tenant(tenant),
            None => Ok(authority),
        }
    }

    /// Refuses an application that is not the one that asked; `what` is what it brought.
    pub(crate) fn check(&self, app: &Application, what: &'static str) -> Result<(), Error> {
        if self.client_id == app.client_id() && self.authority == app.authority().as_str() {
            return Ok(());
        }
        let reason = "it was issued to another application or by another authority";
        Err(Misuse::Argument { name: what, reason }.into())
    }

    /// The options of the call, as far as they go on.
    pub(crate) fn options(&self) -> RequestOptions {
        RequestOptions {
            claims: self.claims.clone(),
            tenant: self.tenant.clone(),
            login_hint: self.login_hint.clone(),
            extra_query_parameters: self.extra_query_parameters.clone(),
            correlation_id: Some(self.correlation_id.clone()),
            ..RequestOptions::default()
        }
    }
}

/// Shows no address, which holds the state and the nonce.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("authority", &self.authority)
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .field("redirect_uri", &self.redirect_uri)
            .field("response_mode", &self.response_mode)
            .field("correlation_id", &self.correlation_id)
            .finish_non_exhaustive()
    }
}

fn as_text<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
    url.as_str().serialize(serializer)
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    Url::parse(&text).map_err(serde::de::Error::custom)
}
