//! From a federation server, an assertion of who the user is.
//!
//! ```text
//! metadata ──▶ assertion
//! ```
//!
//! The metadata step falls away where the application supplies the document, or where the realm names the
//! endpoint itself.

use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue};
use url::Url;

use crate::context::Context;
use crate::error::{Error, Fault, FederationFault, Misuse, Service, Unsupported, Violation};
use crate::http::{HttpAuth, Outcome, Request, Response, ServiceName};
use crate::protocol::mex::{self, Endpoints, WsTrustEndpoint, WsTrustVersion};
use crate::protocol::realm::{self, Federation};
use crate::protocol::token::Grant;
use crate::protocol::wstrust::{self, Answer, Issue, UsernameToken};
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

/// Gets an assertion from the federation server and hands it, as a grant, to `then`.
///
/// # Errors
/// A supplied document, an address of the realm or a user name that cannot be used: nothing was sent yet.
pub(crate) fn federate<T: 'static>(
    cx: Context,
    federation: Federation,
    credential: Credential,
    username: String,
    now: Timestamp,
    then: impl Expect<Result<Grant, Error>, T> + 'static,
) -> Result<Step<T>, Error> {
    let loopback = cx.app().authority.options().allow_http_loopback;
    let audience = federation.audience.unwrap_or_else(|| cx.app().authority.default_audience().to_owned());
    let exchange = Exchange { audience, credential, username };
    if let Some(document) = &cx.options().federation_metadata {
        let endpoints = mex::parse(document.as_bytes(), loopback);
        let endpoints = endpoints.map_err(|_| {
            cx.fail(Misuse::Argument { name: "federation metadata", reason: "it is no metadata document" })
        })?;
        let endpoint = exchange.credential.endpoint(endpoints).map_err(|reason| cx.fail(reason))?;
        return exchange.issue(cx, &endpoint, now, then);
    }
    if let Some(url) = &federation.metadata_url {
        let url =
            realm::address(url, "federation metadata address", loopback).map_err(|reason| cx.fail(reason))?;
        // The query goes along: for seamless single sign-on it matters.
        let request = Request::get(url).header(ACCEPT, HeaderValue::from_static(METADATA_TYPES));
        return Ok(retry::send(request, ExpectMetadata { cx, exchange, then }));
    }
    let endpoint =
        federation.active_auth_url.as_deref().and_then(|url| active_endpoint(url, &exchange.credential));
    let endpoint = endpoint.ok_or_else(|| cx.fail(Unsupported::NoFederationMetadata))?;
    if !crate::authority::is_permitted(&endpoint.url, loopback) {
        return Err(cx.fail(Unsupported::InsecureEndpoint("federation server's address")));
    }
    exchange.issue(cx, &endpoint, now, then)
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
        endpoint: &WsTrustEndpoint,
        now: Timestamp,
        then: impl Expect<Result<Grant, Error>, T> + 'static,
    ) -> Result<Step<T>, Error> {
        let Self { audience, credential, username } = self;
        let message_id = cx.seed().uuid("message-id", 0);
        let token_id = cx.seed().uuid("username-token", 0);
        let username_token = match &credential {
            Credential::Integrated => None,
            Credential::Password(password) => {
                Some(UsernameToken { id: &token_id, username: &username, password: password.expose() })
            }
        };
        let envelope = wstrust::envelope(&Issue {
            endpoint,
            applies_to: &audience,
            message_id: &message_id,
            now_ms: now.as_millis(),
            username_token,
        });
        let envelope = envelope.map_err(|error| cx.fail(Misuse::from(error)))?;
        let mut request = Request::post(endpoint.url.clone(), envelope)
            .header(ACCEPT, HeaderValue::from_static("application/soap+xml"))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/soap+xml; charset=utf-8"))
            // SOAP 1.2 has no such header, but AD FS routes by it.
            .header(
                HeaderName::from_static("soapaction"),
                HeaderValue::from_static(endpoint.version.action()),
            );
        if let Credential::Integrated = credential {
            let service =
                endpoint.spn.as_deref().map_or_else(|| ServiceName::of(&endpoint.url), ServiceName::new);
            request.auth = HttpAuth::Negotiate(service);
        }
        Ok(Step::send(request, ExpectAssertion { cx, username, then }))
    }
}

#[derive(Debug)]
struct ExpectMetadata<N> {
    cx: Context,
    exchange: Exchange,
    then: N,
}

impl<T: 'static, N: Expect<Result<Grant, Error>, T> + 'static> Expect<Outcome, T> for ExpectMetadata<N> {
    fn on(self: Box<Self>, outcome: Outcome, now: Timestamp) -> Result<Step<T>, Error> {
        let Self { cx, exchange, then } = *self;
        let endpoint = endpoint_of(&cx, &exchange.credential, outcome, now);
        match endpoint {
            Ok(endpoint) => exchange.issue(cx, &endpoint, now, then),
            Err(error) => Box::new(then).on(Err(error), now),
        }
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
        return Err(cx.fail(status(&response, Service::FederationMetadata, now)));
    }
    let loopback = cx.app().authority.options().allow_http_loopback;
    let endpoints = mex::parse(response.body.expose(), loopback)
        .map_err(|error| cx.violated(Violation::Metadata(error), &response))?;
    credential.endpoint(endpoints).map_err(|reason| cx.fail(reason))
}

#[derive(Debug)]
struct ExpectAssertion<N> {
    cx: Context,
    username: String,
    then: N,
}

impl<T, N: Expect<Result<Grant, Error>, T>> Expect<Outcome, T> for ExpectAssertion<N> {
    fn on(self: Box<Self>, outcome: Outcome, now: Timestamp) -> Result<Step<T>, Error> {
        let Self { cx, username, then } = *self;
        let verdict = match outcome {
            Err(error) => Err(cx.unreachable(Service::Federation, error)),
            Ok(response) => grant(&cx, username, &response, now),
        };
        Box::new(then).on(verdict, now)
    }
}

/// AD FS answers a wrong password with status 500 and a fault, so the body is read whatever the status.
fn grant(cx: &Context, username: String, response: &Response, now: Timestamp) -> Result<Grant, Error> {
    let body = response.body.expose();
    match wstrust::parse_response(body) {
        Ok(Answer::Assertion(assertion)) if response.status == StatusCode::OK => {
            Ok(Grant::Saml { version: assertion.version(), assertion: assertion.bytes(body), username })
        }
        Ok(Answer::Fault(fault)) => Err(cx.fail(Fault::Federation(FederationFault {
            status: response.status,
            subcode: fault.subcode.map(|code| code.local),
            reason: fault.reason,
            detail: fault.detail,
        }))),
        _ if response.status == StatusCode::UNAUTHORIZED => {
            Err(cx.fail(Fault::IntegratedRefused { schemes: schemes(response) }))
        }
        Err(error) if response.status == StatusCode::OK || response.status.is_server_error() => {
            Err(cx.violated(Violation::Assertion(error), response))
        }
        _ => Err(cx.fail(status(response, Service::Federation, now))),
    }
}

fn status(response: &Response, service: Service, now: Timestamp) -> Fault {
    Fault::Status {
        service,
        status: response.status,
        content_type: response.content_type().map(str::to_owned),
        retry_after: retry::retry_after(response, now),
    }
}

/// The schemes that the server offers, without what follows them.
fn schemes(response: &Response) -> Vec<String> {
    let headers = response.headers.get_all(WWW_AUTHENTICATE).iter().take(8);
    let texts = headers.filter_map(|value| value.to_str().ok());
    texts
        .filter_map(|text| text.split([' ', ',']).find(|word| !word.is_empty()))
        .map(|scheme| scheme.chars().take(32).collect())
        .collect()
}
