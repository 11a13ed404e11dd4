//! What every state of a flow carries.

mod request;

use std::sync::Arc;

use http::HeaderValue;
use serde_json::{Map, Value, json};
use url::Url;

use crate::application::{Application, RequestOptions};
use crate::authority::{Authority, AuthorityKind, Endpoints, Tenant};
use crate::cache::{ClockSkew, StoreError, StoredAssertion, ThrottleKey, ext_cache_key};
use crate::error::{Error, Fault, Misuse, Service, Violation};
use crate::http::{Response, TransportError};
use crate::preflight::{self, FlowKind};
use crate::protocol::mex::{self, Endpoints as FederationEndpoints};
use crate::seed::Seed;
use crate::text::Text;
use crate::time::Timestamp;

/// The application, the scopes, the options and the randomness of one flow. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Context(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    flow: FlowKind,
    app: Application,
    /// The application's, or that of the tenant that this call asks.
    authority: Authority,
    scopes: Vec<String>,
    options: RequestOptions,
    claims: Option<String>,
    /// As the headers have it: of visible ASCII.
    correlation_id: HeaderValue,
    /// Those of the metadata document that the application supplied.
    supplied_endpoints: Option<FederationEndpoints>,
    seed: Seed,
}

impl Context {
    /// Checks what no request can repair.
    pub(crate) fn new(
        flow: FlowKind,
        app: impl Into<Application>,
        scopes: Vec<String>,
        options: RequestOptions,
        seed: Seed,
    ) -> Result<Self, Error> {
        let app = app.into();
        let refuse = |name, reason| Error::from(Misuse::Argument { name, reason });
        if app.client_id().trim().is_empty() {
            return Err(refuse("client id", "it is empty"));
        }
        let is_scope = |scope: &String| {
            !scope.is_empty() && !scope.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        if !scopes.iter().all(is_scope) {
            return Err(refuse("scope", "it is empty or holds white space"));
        }
        let is_default = |scope: &&String| scope.rsplit('/').next() == Some(".default");
        if scopes.len() > 1 && scopes.iter().any(|scope| is_default(&scope)) {
            let others = scopes.iter().filter(|scope| !is_default(scope) && !is_reserved(scope)).count();
            if others > 0 || scopes.iter().filter(is_default).count() > 1 {
                return Err(refuse("scopes", "a /.default goes with no other scope of an API"));
            }
        }
        let is_an_agents =
            matches!(flow, FlowKind::ClientCredentials | FlowKind::UserFederatedIdentityCredential);
        if options.fmi_path.is_some() && !is_an_agents {
            return Err(refuse("fmi path", "it is for client credentials and agent identities alone"));
        }
        let authority = match &options.tenant {
            Some(tenant) => app.authority().with_tenant(tenant)?,
            None => app.authority().clone(),
        };
        preflight::check(flow, &app, &authority)?;
        let claims = merged_claims(options.claims.as_deref(), app.client_capabilities())?;
        let loopback = authority.options().allow_http_loopback;
        let supplied_endpoints = match &options.federation_metadata {
            Some(document) => {
                Some(mex::parse(document.as_bytes(), loopback).map_err(Misuse::FederationMetadata)?)
            }
            None => None,
        };
        let correlation_id = match &options.correlation_id {
            Some(id) => HeaderValue::from_str(id),
            None => HeaderValue::try_from(seed.uuid("correlation", 0)),
        };
        let Some(correlation_id) =
            correlation_id.ok().filter(|id| id.to_str().is_ok_and(|id| !id.is_empty()))
        else {
            return Err(refuse("correlation id", "it cannot be sent as a header"));
        };
        Ok(Self(Arc::new(Inner {
            flow,
            app,
            authority,
            scopes,
            options,
            claims,
            correlation_id,
            supplied_endpoints,
            seed,
        })))
    }

    pub(crate) fn flow(&self) -> FlowKind {
        self.0.flow
    }

    pub(crate) fn app(&self) -> &Application {
        &self.0.app
    }

    /// Who is asked in this call.
    pub(crate) fn authority(&self) -> &Authority {
        &self.0.authority
    }

    pub(crate) fn options(&self) -> &RequestOptions {
        &self.0.options
    }

    /// The tenant under which tokens are kept: the one that is asked, so that the same question finds them again. `None`
    /// where many are asked: then it is the token's own. AD FS has none.
    pub(crate) fn realm(&self) -> Option<Text> {
        match (self.0.authority.kind(), self.0.authority.tenant()) {
            (AuthorityKind::AdFs, _) => Some(Text::default()),
            (_, Some(Tenant::Id(tenant))) => Some(tenant.clone()),
            (_, Some(_)) => None,
            (_, None) => Some(self.0.authority.path().trim_matches('/').into()),
        }
    }

    /// What else the token depends on, as the cache keeps it.
    pub(crate) fn ext_cache_key(&self) -> Option<String> {
        self.0.options.fmi_path.as_deref().map(|path| ext_cache_key(&[("fmi_path", path)]))
    }

    pub(crate) fn supplied_endpoints(&self) -> Option<&FederationEndpoints> {
        self.0.supplied_endpoints.as_ref()
    }

    pub(crate) fn seed(&self) -> &Seed {
        &self.0.seed
    }

    pub(crate) fn correlation_id(&self) -> &str {
        self.0.correlation_id.to_str().unwrap_or_default()
    }

    /// The scopes as the caller gave them.
    pub(crate) fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// Where a grant is redeemed: near by, if it is the application's own and the application named its region.
    pub(crate) fn token_endpoint(&self, endpoints: &Endpoints, is_the_applications: bool) -> Url {
        let region = self.0.app.region().filter(|_| is_the_applications);
        region.and_then(|region| endpoints.regional_token(region)).unwrap_or_else(|| endpoints.token())
    }

    /// The caller's claims and the application's capabilities, as one JSON text.
    pub(crate) fn claims(&self) -> Option<&str> {
        self.0.claims.as_deref()
    }

    /// What goes over the wire for a user: the caller's scopes, then those of OpenID Connect that are missing.
    pub(crate) fn user_scopes(&self) -> String {
        let scopes = self.0.scopes.iter().map(String::as_str);
        let is_missing = |reserved: &&str| !scopes.clone().any(|scope| scope.eq_ignore_ascii_case(reserved));
        let all = || scopes.clone().chain(RESERVED_SCOPES.into_iter().filter(is_missing));
        let room = all().fold(0, |room: usize, scope| room.saturating_add(scope.len()).saturating_add(1));
        let mut text = String::with_capacity(room);
        for scope in all() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(scope);
        }
        text
    }

    /// The flow's end in failure.
    pub(crate) fn fail(&self, fault: impl Into<Fault>) -> Error {
        Error::new(fault.into(), Some(self))
    }

    /// The end because no answer came.
    pub(crate) fn unreachable(&self, service: Service, error: TransportError) -> Error {
        self.fail(Fault::Transport { service, error })
    }

    /// The end because of an answer that breaks a rule.
    pub(crate) fn violated(&self, rule: Violation, response: &Response) -> Error {
        self.fail(Fault::breach(rule, response))
    }

    /// Where a person grants the scopes of this call, where that is known without asking.
    pub(crate) fn consent_url(&self) -> Option<Url> {
        let mut url = Endpoints::template(self.0.authority.clone())?.authorization();
        url.query_pairs_mut()
            .append_pair("client_id", self.0.app.client_id())
            .append_pair("response_type", "code")
            .append_pair("scope", &self.user_scopes())
            .append_pair("prompt", "consent");
        Some(url)
    }
}

/// What a flow knows once its authority can be asked. Cheap enough to clone.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) cx: Context,
    pub(crate) endpoints: Endpoints,
    pub(crate) throttle: Option<ThrottleKey>,
    /// One that was signed for an earlier call.
    pub(crate) assertion: Option<StoredAssertion>,
    pub(crate) clock: Option<ClockSkew>,
    /// What tokens on behalf of a user are kept under: the hash of the assertion, or the key of a session.
    pub(crate) call_key: Option<String>,
    /// Why what is remembered could not be read.
    pub(crate) not_read: Option<StoreError>,
}

impl Resolved {
    /// The server's time, as far as its clock is known.
    pub(crate) fn server_time(&self, now: Timestamp) -> Timestamp {
        let ahead = self.clock.as_ref().map_or(0, |clock| clock.ahead_ms);
        Timestamp::from_millis(now.as_millis().saturating_add_signed(ahead))
    }
}

/// The scopes of OpenID Connect that every user's request asks for.
pub(crate) const RESERVED_SCOPES: [&str; 3] = ["openid", "offline_access", "profile"];

pub(crate) fn is_reserved(scope: &str) -> bool {
    RESERVED_SCOPES.iter().any(|reserved| scope.eq_ignore_ascii_case(reserved))
}

/// The claims of a challenge together with the capabilities (`xms_cc`). Where both name the same, it is a clash.
fn merged_claims(claims: Option<&str>, capabilities: &[String]) -> Result<Option<String>, Error> {
    const NAME: &str = "claims";
    let mut merged = match claims {
        None => Map::new(),
        Some(text) => match serde_json::from_str(text) {
            Ok(Value::Object(claims)) => claims,
            _ => return Err(Misuse::Argument { name: NAME, reason: "they are not a JSON object" }.into()),
        },
    };
    if !capabilities.is_empty() {
        let section = merged.entry("access_token").or_insert_with(|| json!({}));
        let Some(section) = section.as_object_mut() else {
            return Err(Misuse::Argument { name: NAME, reason: "access_token is not an object" }.into());
        };
        let value = json!({ "values": capabilities });
        if section.get("xms_cc").is_some_and(|old| *old != value) {
            return Err(
                Misuse::Argument { name: NAME, reason: "they clash with the client capabilities" }.into()
            );
        }
        section.insert("xms_cc".to_owned(), value);
    }
    Ok((!merged.is_empty()).then(|| Value::Object(merged).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::PublicClientApplication;

    fn context(scopes: &[&str], claims: Option<&str>, capabilities: &[&str]) -> Result<Context, Error> {
        let mut app =
            PublicClientApplication::new("app", "https://login.microsoftonline.com/t".parse().unwrap());
        app.client_capabilities = capabilities.iter().map(|&c| c.to_owned()).collect();
        let options = RequestOptions { claims: claims.map(str::to_owned), ..RequestOptions::default() };
        Context::new(
            FlowKind::IntegratedWindowsAuth,
            app,
            scopes.iter().map(|&s| s.to_owned()).collect(),
            options,
            Seed::new([0; 32]),
        )
    }

    #[test]
    fn reserved_scopes_are_added_once_and_the_callers_spelling_is_kept() {
        let cx = context(&["User.Read", "OpenID"], None, &[]).unwrap();
        assert_eq!(cx.user_scopes(), "User.Read OpenID offline_access profile");
    }

    #[test]
    fn capabilities_join_the_claims_and_a_clash_is_refused() {
        let claims = |claims, capabilities: &[&str]| {
            context(&[], claims, capabilities).map(|cx| cx.claims().map(str::to_owned))
        };
        assert_eq!(claims(None, &[]).unwrap(), None);
        assert_eq!(
            claims(None, &["cp1"]).unwrap().unwrap(),
            r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#
        );
        let merged =
            claims(Some(r#"{"access_token":{"nbf":{"essential":true}}}"#), &["cp1"]).unwrap().unwrap();
        assert!(merged.contains("nbf") && merged.contains("xms_cc"), "{merged}");
        assert!(claims(Some(r#"{"access_token":{"xms_cc":{"values":["cp2"]}}}"#), &["cp1"]).is_err());
        assert!(claims(Some("[]"), &[]).is_err());
        assert!(claims(Some(r#"{"access_token":1}"#), &["cp1"]).is_err());
    }

    #[test]
    fn a_state_shows_the_length_of_a_supplied_document_and_not_its_text() {
        let app = PublicClientApplication::new("app", "https://login.microsoftonline.com/t".parse().unwrap());
        let document = "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/'/>";
        let options =
            RequestOptions { federation_metadata: Some(document.to_owned()), ..RequestOptions::default() };
        let cx = Context::new(FlowKind::IntegratedWindowsAuth, app, Vec::new(), options, Seed::new([0; 32]))
            .unwrap();
        let shown = format!("{cx:?}");
        assert!(!shown.contains("schemas.xmlsoap.org"), "{shown}");
        assert!(shown.contains(&format!("federation_metadata_bytes: Some({})", document.len())), "{shown}");
    }

    #[test]
    fn a_managed_user_is_told_of_the_headers_where_they_were_off() {
        for (headers, told) in [(true, false), (false, true)] {
            let mut app =
                PublicClientApplication::new("app", "https://login.microsoftonline.com/t".parse().unwrap());
            app.client_info_headers = headers;
            let cx = Context::new(
                FlowKind::IntegratedWindowsAuth,
                app,
                Vec::new(),
                RequestOptions::default(),
                Seed::new([0; 32]),
            )
            .unwrap();
            let error = cx.fail(crate::error::Unsupported::ManagedUser);
            assert_eq!(error.remedy().contains("client_info_headers"), told, "{}", error.remedy());
            assert!(error.remedy().contains("device code"));
        }
    }

    #[test]
    fn arguments_that_cannot_travel_are_refused() {
        assert!(context(&["a b"], None, &[]).is_err());
        assert!(context(&[""], None, &[]).is_err());
    }
}
