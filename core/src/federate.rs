//! From a federation server, an assertion of who the user is.
//!
//! ```text
//! metadata ──▶ assertion
//! ```
//!
//! The metadata step falls away where the application supplies the document, or where the realm names the
//! endpoint itself.

use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use url::Url;

use crate::context::{Context, Resolved};
use crate::error::{Error, Fault, FederationFault, Misuse, Service, Unsupported, Violation};
use crate::http::{HttpAuth, Outcome, Request, Response, ServiceName};
use crate::negotiate;
use crate::protocol::mex::{self, Endpoints, WsTrustEndpoint, WsTrustVersion};
use crate::protocol::realm::{self, Federation};
use crate::protocol::token::{self, Grant};
use crate::protocol::wstrust::{self, Answer, Issue, UsernameToken};
use crate::redeem::{ExpectRedeemed, redeem};
use crate::result::AuthenticationResult;
use crate::retry;
use crate::secret::Secret;
use crate::step::{Expect, Step};
use crate::time::Timestamp;

/// How the user proves who they are to the federation server.
#[derive(Debug, Clone)]
pub(crate) enum Credential {
    /// As the user signed in to this machine, at the level of HTTP.
    Integrated,
    /// With a password, inside the envelope.
    Password(Secret),
}

impl Credential {
    fn endpoint(&self, endpoints: Endpoints) -> Result<WsTrustEndpoint, Unsupported> {
        match self {
            Self::Integrated => {
                endpoints.integrated.ok_or(Unsupported::NoEndpoint("integrated authentication"))
            }
            Self::Password(_) => {
                endpoints.username_password.ok_or(Unsupported::NoEndpoint("user name and password"))
            }
        }
    }
}

/// A user name without the blanks around it.
pub(crate) fn username(text: String) -> Result<String, Error> {
    match text.trim() {
        "" => Err(Misuse::NoUsername.into()),
        // As a path segment these would lead elsewhere.
        "." | ".." => Err(Misuse::Argument { name: "user name", reason: "it is no name" }.into()),
        name if name.len() == text.len() => Ok(text),
        name => Ok(name.to_owned()),
    }
}

/// Gets an assertion from the federation server and hands it, as a grant, to `then`.
pub(crate) fn federate<T: 'static>(
    cx: Context,
    federation: Federation,
    credential: Credential,
    username: String,
    now: Timestamp,
    then: impl Expect<Result<Grant, Error>, T> + 'static,
) -> Result<Step<T>, Error> {
    let audience = federation.audience.unwrap_or_else(|| cx.authority().default_audience().to_owned());
    let exchange = Exchange { audience, credential, username };
    if let Some(endpoints) = cx.supplied_endpoints() {
        let endpoint = exchange.credential.endpoint(endpoints.clone()).map_err(|reason| cx.fail(reason));
        return exchange.issue(cx, endpoint, now, then);
    }
    let loopback = cx.authority().options().allow_http_loopback;
    if let Some(url) = &federation.metadata_url {
        return match realm::address(url, "federation metadata address", loopback) {
            // The query goes along: for seamless single sign-on it matters.
            Ok(url) => Ok(retry::send(ExpectMetadata { cx, exchange, url, then }, |state| {
                Request::get(state.url.clone()).header(ACCEPT, HeaderValue::from_static(METADATA_TYPES))
            })),
            Err(reason) => Box::new(then).on(Err(cx.fail(reason)), now),
        };
    }
    let endpoint = match federation
        .active_auth_url
        .as_deref()
        .and_then(|url| active_endpoint(url, &exchange.credential))
    {
        Some(endpoint) if crate::authority::is_permitted(&endpoint.url, loopback) => Ok(endpoint),
        Some(_) => Err(cx.fail(Unsupported::InsecureEndpoint("federation server's address"))),
        None => Err(cx.fail(Unsupported::NoFederationMetadata)),
    };
    exchange.issue(cx, endpoint, now, then)
}

const METADATA_TYPES: &str = "application/soap+xml, application/xml, text/xml";

/// The endpoint that the realm names, if its path tells its version and that it takes this credential.
fn active_endpoint(url: &str, credential: &Credential) -> Option<WsTrustEndpoint> {
    let url = Url::parse(url).ok()?;
    let path = url.path().to_ascii_lowercase();
    let kind = match credential {
        Credential::Integrated => "windowstransport",
        Credential::Password(_) => "usernamemixed",
    };
    let version = [("/trust/13/", WsTrustVersion::V13), ("/trust/2005/", WsTrustVersion::V2005)]
        .into_iter()
        .find_map(|(part, version)| path.contains(&format!("{part}{kind}")).then_some(version))?;
    Some(WsTrustEndpoint { url, version, spn: None })
}

/// What the exchange with the federation server needs, whichever endpoint it turns out to be.
#[derive(Debug)]
struct Exchange {
    audience: String,
    credential: Credential,
    username: String,
}

impl Exchange {
    /// Asks for the assertion: once, as the request carries the user's credential.
    fn issue<T: 'static>(
        self,
        cx: Context,
        endpoint: Result<WsTrustEndpoint, Error>,
        now: Timestamp,
        then: impl Expect<Result<Grant, Error>, T> + 'static,
    ) -> Result<Step<T>, Error> {
        let integrated = matches!(self.credential, Credential::Integrated);
        match endpoint.and_then(|endpoint| self.request(&cx, &endpoint, now)) {
            Ok(request) => {
                Ok(Step::send(request, ExpectAssertion { cx, username: self.username, integrated, then }))
            }
            Err(error) => Box::new(then).on(Err(error), now),
        }
    }

    fn request(&self, cx: &Context, endpoint: &WsTrustEndpoint, now: Timestamp) -> Result<Request, Error> {
        let message_id = cx.seed().uuid("message-id", 0);
        let token_id = cx.seed().uuid("username-token", 0);
        let username_token = match &self.credential {
            Credential::Integrated => None,
            Credential::Password(password) => {
                Some(UsernameToken { id: &token_id, username: &self.username, password: password.expose() })
            }
        };
        let envelope = wstrust::envelope(&Issue {
            endpoint,
            applies_to: &self.audience,
            message_id: &message_id,
            now_ms: now.as_millis(),
            username_token,
        });
        let envelope = envelope.map_err(|error| cx.fail(Fault::Envelope(error)))?;
        let mut request = Request::post(endpoint.url.clone(), envelope)
            .header(ACCEPT, HeaderValue::from_static("application/soap+xml"))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/soap+xml; charset=utf-8"))
            // SOAP 1.2 has no such header, but AD FS routes by it.
            .header(
                HeaderName::from_static("soapaction"),
                HeaderValue::from_static(endpoint.version.action()),
            );
        if let Credential::Integrated = self.credential {
            let service =
                endpoint.spn.as_deref().map_or_else(|| ServiceName::of(&endpoint.url), ServiceName::new);
            request.auth = HttpAuth::Negotiate(service);
        }
        Ok(request)
    }
}

#[derive(Debug)]
struct ExpectMetadata<N> {
    cx: Context,
    exchange: Exchange,
    url: Url,
    then: N,
}

impl<T: 'static, N: Expect<Result<Grant, Error>, T> + 'static> Expect<Outcome, T> for ExpectMetadata<N> {
    fn on(self: Box<Self>, outcome: Outcome, now: Timestamp) -> Result<Step<T>, Error> {
        let Self { cx, exchange, then, .. } = *self;
        let endpoint = endpoint_of(&cx, &exchange.credential, outcome, now);
        exchange.issue(cx, endpoint, now, then)
    }
}

fn endpoint_of(
    cx: &Context,
    credential: &Credential,
    outcome: Outcome,
    now: Timestamp,
) -> Result<WsTrustEndpoint, Error> {
    let response = outcome.map_err(|error| cx.unreachable(Service::FederationMetadata, error))?;
    if response.status != StatusCode::OK {
        return Err(cx.fail(Fault::of_status(Service::FederationMetadata, &response, now)));
    }
    let loopback = cx.authority().options().allow_http_loopback;
    let endpoints = mex::parse(response.body.expose(), loopback)
        .map_err(|error| cx.violated(Violation::Metadata(error), &response))?;
    credential.endpoint(endpoints).map_err(|reason| cx.fail(reason))
}

#[derive(Debug)]
struct ExpectAssertion<N> {
    cx: Context,
    username: String,
    integrated: bool,
    then: N,
}

impl<T, N: Expect<Result<Grant, Error>, T>> Expect<Outcome, T> for ExpectAssertion<N> {
    fn on(self: Box<Self>, outcome: Outcome, now: Timestamp) -> Result<Step<T>, Error> {
        let Self { cx, username, integrated, then } = *self;
        let verdict = match outcome {
            Err(error) => Err(cx.unreachable(Service::Federation, error)),
            Ok(response) => grant(&cx, username, integrated, &response, now),
        };
        Box::new(then).on(verdict, now)
    }
}

/// AD FS answers a wrong password with status 500 and a fault, so the body is read whatever the status.
fn grant(
    cx: &Context,
    username: String,
    integrated: bool,
    response: &Response,
    now: Timestamp,
) -> Result<Grant, Error> {
    if integrated && response.status == StatusCode::UNAUTHORIZED {
        return Err(cx.fail(Fault::IntegratedRefused { schemes: negotiate::schemes(&response.headers) }));
    }
    let soap = response.status == StatusCode::OK || response.status.is_server_error();
    let body = response.body.expose();
    match wstrust::parse_response(body) {
        Ok(Answer::Assertion(assertion)) if soap => {
            Ok(Grant::Saml { version: assertion.version(), assertion: assertion.bytes(body), username })
        }
        Ok(Answer::Fault(fault)) => {
            let detail = fault.detail.as_deref().unwrap_or_default();
            Err(cx.fail(Fault::Federation(Box::new(FederationFault {
                status: response.status,
                integrated,
                error_codes: token::codes_in(detail),
                subcode: fault.subcode.map(|code| code.local),
                subcodes: fault.subcodes.into_iter().map(|code| code.local).collect(),
                reason: fault.reason,
                detail: fault.detail,
            }))))
        }
        Err(error) if soap => Err(cx.violated(Violation::Assertion(error), response)),
        _ => Err(cx.fail(Fault::of_status(Service::Federation, response, now))),
    }
}

/// Where a flow goes on once the federation server has spoken: redeems the assertion.
#[derive(Debug)]
pub(crate) struct ExpectGrant {
    pub(crate) at: Resolved,
}

impl Expect<Result<Grant, Error>, AuthenticationResult> for ExpectGrant {
    fn on(
        self: Box<Self>,
        grant: Result<Grant, Error>,
        now: Timestamp,
    ) -> Result<Step<AuthenticationResult>, Error> {
        redeem(self.at, grant?, now, ExpectRedeemed)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::application::{PublicClientApplication, RequestOptions};
    use crate::preflight::FlowKind;
    use crate::seed::Seed;

    #[test]
    fn a_fault_is_told_with_all_its_subcodes() {
        let app = PublicClientApplication::new("app", "https://login.microsoftonline.com/t".parse().unwrap());
        let cx = Context::new(
            FlowKind::IntegratedWindowsAuth,
            app,
            Vec::new(),
            RequestOptions::default(),
            Seed::new([0; 32]),
        )
        .unwrap();
        let body = "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body><s:Fault><s:Code><s:Subcode>\
            <s:Value>FailedAuthentication</s:Value><s:Subcode><s:Value>Inner</s:Value></s:Subcode></s:Subcode></s:Code>\
            </s:Fault></s:Body></s:Envelope>";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let response = Response::new(status, HeaderMap::new(), body.as_bytes().to_vec());
        let error = grant(&cx, "joe".to_owned(), false, &response, Timestamp::default()).unwrap_err();
        let Fault::Federation(fault) = error.fault() else { panic!("{error}") };
        assert_eq!(fault.subcodes, ["FailedAuthentication", "Inner"]);
        assert_eq!(fault.subcode.as_deref(), Some("Inner"));
    }
}
