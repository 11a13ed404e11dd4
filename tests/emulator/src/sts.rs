//! The federation server: which farm, which endpoint, whose token.

use std::io;

use hyper::StatusCode;
use hyper::header::WWW_AUTHENTICATE;
use uuid::Uuid;

use crate::assertion::{self, DSIG, Issued, SAML1, SAML2};
use crate::config::{Realm, SamlVersion, TrustVersion, UserState, same};
use crate::negotiate::{self, Connection, Verdict};
use crate::reply::{self, Reply, hang_up};
use crate::rst::{self, Expected, Rst};
use crate::server::Call;
use crate::soap::{Fault, SOAP, WSA, WSP, WSU, escaped};
use crate::state::{State, lock, xml_time};

/// One federation server, which signs in the users of one domain.
pub(crate) struct Farm {
    domain: String,
    base: String,
    query: String,
    saml: SamlVersion,
    self_contained: bool,
    pub(crate) versions: Vec<TrustVersion>,
    pub(crate) autologon: bool,
}

impl Farm {
    /// The address of an endpoint.
    pub(crate) fn url(&self, version: TrustVersion, path: &str) -> String {
        format!("{}/{}/{path}{}", self.base, version.segment(), self.query)
    }

    /// The AD FS farm that the query names, or that of the first federated domain.
    pub(crate) fn adfs(state: &State, call: &Call) -> Option<Farm> {
        let query = call.query();
        let domain = match query.value("domain") {
            Some(name) => state.config.domain(name)?,
            None => state.default_farm()?,
        };
        let Realm::Federated(federation) = &domain.realm else { return None };
        Some(Farm {
            domain: domain.name.clone(),
            base: format!("{}/adfs/services/trust", state.base_url),
            query: state.farm_query(&domain.name),
            saml: federation.saml,
            self_contained: federation.self_contained,
            versions: federation.trust_versions.clone(),
            autologon: false,
        })
    }

    /// The cloud's own server for a domain with Seamless SSO: WS-Trust 2005, SAML 1.1, and a query that must be kept.
    pub(crate) fn autologon(state: &State, call: &Call, domain: &str) -> Option<Farm> {
        let domain = state.config.domain(domain)?;
        if !matches!(domain.realm, Realm::SeamlessSso) {
            return None;
        }
        let Some(request) = call.query().value("client-request-id").map(str::to_owned) else {
            state.violate("autologon: the query of the address was lost");
            return None;
        };
        Some(Farm {
            domain: domain.name.clone(),
            base: format!("{}/{}/winauth/trust", state.base_url, domain.name),
            query: format!("?client-request-id={request}"),
            saml: SamlVersion::V1_1,
            self_contained: false,
            versions: vec![TrustVersion::V2005],
            autologon: true,
        })
    }
}

/// Answers a request for a token.
pub(crate) fn issue(
    state: &State,
    connection: &Connection,
    call: &Call,
    farm: &Farm,
    version: TrustVersion,
    kind: &str,
) -> io::Result<Reply> {
    let password = match kind {
        "usernamemixed" => true,
        "windowstransport" => false,
        _ => {
            state.violate(format!("WS-Trust: the endpoint {kind} was chosen, which the client cannot use"));
            return Ok(reply::plain(StatusCode::NOT_FOUND));
        }
    };
    if !farm.versions.contains(&version) {
        return Ok(reply::plain(StatusCode::NOT_FOUND));
    }
    if password {
        return Ok(answer(state, call, farm, version, None));
    }
    match negotiate::judge(state, connection, &call.headers) {
        Verdict::HangUp => Err(hang_up()),
        Verdict::Answer(reply) => Ok(reply),
        Verdict::Accepted { upn } => {
            let reply = answer(state, call, farm, version, Some(&upn));
            Ok(reply::with_header(reply, WWW_AUTHENTICATE, &negotiate::mutual_header()))
        }
    }
}

fn answer(state: &State, call: &Call, farm: &Farm, version: TrustVersion, caller: Option<&str>) -> Reply {
    if !rst::content_type_is_right(call) {
        state.violate("RST: the Content-Type is not application/soap+xml; charset=utf-8");
        return reply::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let kind = if caller.is_some() { "windowstransport" } else { "usernamemixed" };
    let to = farm.url(version, kind);
    let expected = Expected { version, to: &to, password: caller.is_none() };
    let issued = rst::read(state, call, &expected)
        .and_then(|rst| first_time(state, call, version, rst, caller.is_some()))
        .and_then(|rst| sign_in(state, farm, version, &rst, caller));
    match issued {
        Ok(issued) => {
            let body = response(version, &issued);
            lock(&state.memory).assertions.insert(issued.id.clone(), issued);
            reply::soap(StatusCode::OK, body)
        }
        Err(fault) => fault.into_reply(state),
    }
}

/// A message identifier is good for one message. (Where there is a password, it was noted when the request came in.)
fn first_time(state: &State, call: &Call, version: TrustVersion, rst: Rst, note: bool) -> Result<Rst, Fault> {
    if call.repeated || note && !lock(&state.memory).messages.insert(rst.message.clone(), ()) {
        return Err(Fault::rule(version.namespace(), "InvalidRequest", "the message was sent before"));
    }
    Ok(rst)
}

fn sign_in(
    state: &State,
    farm: &Farm,
    version: TrustVersion,
    rst: &Rst,
    caller: Option<&str>,
) -> Result<Issued, Fault> {
    let failed = || {
        let text = "ID3242: The security token could not be authenticated or authorized.";
        let fault = Fault::new(version.namespace(), "FailedAuthentication", text);
        if farm.autologon {
            fault.detail("AADSTS50126: Error validating credentials due to invalid username or password.")
        } else {
            fault
        }
    };
    let upn = match (caller, &rst.credential) {
        (Some(upn), _) => upn,
        (None, Some((upn, _))) => upn,
        (None, None) => return Err(failed()),
    };
    let belongs = upn.rsplit_once('@').is_some_and(|(_, domain)| same(domain, &farm.domain));
    let user = state.config.user(upn).filter(|_| belongs).ok_or_else(failed)?;
    if state.locked(upn) || matches!(user.state, UserState::Locked | UserState::Disabled) {
        return Err(failed());
    }
    if let Some((_, password)) = &rst.credential
        && !state.password_is_right(upn, password)
    {
        return Err(failed());
    }
    let issued = assertion::issue(state, user, farm.saml, &rst.applies_to, farm.autologon);
    Ok(if farm.self_contained { issued.self_contained() } else { issued })
}

/// The response: a collection in 1.3, a bare response in 2005, and the assertion's prefixes declared far out.
fn response(version: TrustVersion, issued: &Issued) -> String {
    let trust = version.namespace();
    let envelope = format!(
        "<s:Envelope xmlns:s=\"{SOAP}\" xmlns:a=\"{WSA}\" xmlns:u=\"{WSU}\" xmlns:saml=\"{SAML1}\"><s:Header>\
         <a:Action s:mustUnderstand=\"1\">{}</a:Action><a:RelatesTo>urn:uuid:{}</a:RelatesTo></s:Header><s:Body>",
        version.response_action(),
        Uuid::new_v4()
    );
    let lifetime = format!(
        "<t:Lifetime><u:Created>{}</u:Created><u:Expires>{}</u:Expires></t:Lifetime>",
        xml_time(issued.issued),
        xml_time(issued.expires)
    );
    let applies_to = format!(
        "<p:AppliesTo xmlns:p=\"{WSP}\"><a:EndpointReference><a:Address>{}</a:Address></a:EndpointReference></p:AppliesTo>",
        escaped(&issued.audience)
    );
    let token_type = format!("<t:TokenType>{}</t:TokenType>", issued.version.token_type());
    let requested = match issued.version {
        _ if issued.self_contained => {
            format!("<t:RequestedSecurityToken>{}</t:RequestedSecurityToken>", issued.raw)
        }
        SamlVersion::V1_1 => {
            format!("<t:RequestedSecurityToken>\r\n    {}\r\n  </t:RequestedSecurityToken>", issued.raw)
        }
        SamlVersion::V2_0 => {
            format!("<t:RequestedSecurityToken xmlns='{SAML2}'>{}</t:RequestedSecurityToken>", issued.raw)
        }
    };
    let kinds = format!(
        "<t:RequestType>{}</t:RequestType><t:KeyType>{}</t:KeyType>",
        version.request_type(),
        version.key_type()
    );
    match version {
        TrustVersion::V1_3 => format!(
            "{envelope}<t:RequestSecurityTokenResponseCollection xmlns:t=\"{trust}\">\
             <t:RequestSecurityTokenResponse xmlns:ds=\"{DSIG}\">\r\n  {lifetime}{applies_to}{requested}{token_type}{kinds}\
             </t:RequestSecurityTokenResponse></t:RequestSecurityTokenResponseCollection></s:Body></s:Envelope>"
        ),
        TrustVersion::V2005 => format!(
            "{envelope}<t:RequestSecurityTokenResponse xmlns:t=\"{trust}\" xmlns:ds='{DSIG}'>\r\n  \
             {token_type}{lifetime}{applies_to}{requested}{kinds}</t:RequestSecurityTokenResponse></s:Body></s:Envelope>"
        ),
    }
}
