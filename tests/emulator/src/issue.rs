//! Tokens: what a grant that was accepted is answered with.

use hyper::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::challenge::{Brought, has_capability};
use crate::client::Client;
use crate::client_assertion::principal_of;
use crate::config::{User, UserState};
use crate::form::Form;
use crate::grants::{Refresh, SignIn, unguessable};
use crate::jwt::{guid_of, half_hash, subject_of, url_safe};
use crate::oauth::Refusal;
use crate::reply::{self, Reply};
use crate::scopes::Scopes;
use crate::service::{Kind, Service};
use crate::state::{State, lock};

/// The refresh tokens of a single-page application are good for a day from its sign-in, however often they are used.
const DAY: i64 = 24 * 3600;

/// A token request whose client is known and whose grant is being judged.
pub(crate) struct Asked<'a> {
    pub(crate) state: &'a State,
    pub(crate) service: &'a Service,
    pub(crate) client: &'a Client<'a>,
    pub(crate) form: &'a Form,
}

/// A user's tokens, and what goes into them.
pub(crate) struct Granted<'a> {
    pub(crate) sign_in: &'a SignIn,
    pub(crate) scopes: &'a Scopes,
    pub(crate) nonce: Option<&'a str>,
    /// Whether the tokens go to a single-page application; its refresh token's end if it has one already.
    pub(crate) across_origins: Option<Option<i64>>,
    /// Whether there may be a refresh token at all.
    pub(crate) refreshable: bool,
    /// The code that a web application hands on to its page.
    pub(crate) page_code: Option<&'a str>,
}

impl<'a> Granted<'a> {
    /// A user's tokens without anything special.
    pub(crate) fn plain(sign_in: &'a SignIn, scopes: &'a Scopes) -> Self {
        Granted { sign_in, scopes, nonce: None, across_origins: None, refreshable: true, page_code: None }
    }
}

impl Asked<'_> {
    pub(crate) fn app(&self) -> &App {
        self.client.app
    }

    /// The scopes of the request, which have to be there.
    pub(crate) fn scopes(&self) -> Result<Scopes, Refusal> {
        let scope = self.form.value("scope").filter(|scope| !scope.trim().is_empty());
        let scope = scope.ok_or_else(|| Refusal::missing("scope"))?;
        Scopes::read(self.state, self.service, self.app(), scope)
    }

    /// The scopes of the request, or those that were asked for when the grant was made.
    pub(crate) fn scopes_or(&self, earlier: &str) -> Result<Scopes, Refusal> {
        match self.form.value("scope").filter(|scope| !scope.trim().is_empty()) {
            Some(_) => self.scopes(),
            None => Scopes::read(self.state, self.service, self.app(), earlier),
        }
    }

    /// The claims of the request.
    pub(crate) fn claims(&self) -> Result<Option<Value>, Refusal> {
        claims(self.form)
    }

    /// The user of a grant, if he may have tokens at all.
    pub(crate) fn user(&self, sign_in: &SignIn) -> Result<User, Refusal> {
        let missing = || Refusal::grant(50034, "The user account does not exist in the directory.");
        let user = self.state.user(&sign_in.upn).ok_or_else(missing)?;
        stands_in_the_way(&user, sign_in)?;
        Ok(user)
    }

    /// Gives a user's tokens, if consent and the tenant's policies allow it.
    pub(crate) fn grant(&self, granted: &Granted<'_>) -> Result<Reply, Refusal> {
        let user = self.user(granted.sign_in)?;
        if !self.state.has_consent(self.app(), &user.upn) {
            let text = "The user or administrator has not consented to use the application.";
            return Err(Refusal::grant(65001, text).suberror("consent_required"));
        }
        let claims = self.claims()?;
        self.challenged(Some(&user.upn), granted.scopes, claims.as_ref(), granted.sign_in.claims.as_ref())?;
        let body = self.body(granted, &user, claims.as_ref());
        Ok(no_store(reply::json(StatusCode::OK, &body)))
    }

    /// Gives an application's own token.
    pub(crate) fn grant_to_client(&self, scopes: &Scopes, more: &[(&str, Value)]) -> Result<Reply, Refusal> {
        let claims = self.claims()?;
        self.challenged(None, scopes, claims.as_ref(), None)?;
        let mut content = self.common(scopes);
        content["sub"] = principal_of(self.app()).into();
        content["oid"] = principal_of(self.app()).into();
        content["idtyp"] = "app".into();
        content["roles"] = json!(["Everything.Read"]);
        if has_capability(claims.as_ref(), "cp1") {
            content["xms_cc"] = json!(["cp1"]);
        }
        for (name, value) in more {
            content[*name] = value.clone();
        }
        let lifetime = self.state.config.token_lifetime_seconds;
        let mut body = json!({
            "token_type": "Bearer",
            "expires_in": lifetime,
            "ext_expires_in": lifetime,
            "access_token": self.state.keys.token(&content),
        });
        if let Some(refresh_in) = self.state.config.refresh_in_seconds {
            body["refresh_in"] = refresh_in.into();
        }
        Ok(no_store(reply::json(StatusCode::OK, &body)))
    }

    fn challenged(
        &self,
        user: Option<&str>,
        scopes: &Scopes,
        claims: Option<&Value>,
        at_sign_in: Option<&Value>,
    ) -> Result<(), Refusal> {
        let brought = Brought { user, resource: &scopes.resource, claims, at_sign_in };
        self.state.config.challenges.iter().try_for_each(|challenge| challenge.judge(&brought))
    }

    /// What the tokens of users and applications have in common.
    fn common(&self, scopes: &Scopes) -> Value {
        let now = self.state.now();
        json!({
            "aud": scopes.audience,
            "iss": self.service.issuer(self.state),
            "iat": now, "nbf": now, "exp": now.saturating_add(self.state.config.token_lifetime_seconds),
            "tid": self.state.config.tenant_id,
            "azp": self.app().client_id,
            "ver": "2.0",
            "uti": Uuid::new_v4().simple().to_string(),
        })
    }

    fn body(&self, granted: &Granted<'_>, user: &User, claims: Option<&Value>) -> Value {
        let scopes = granted.scopes;
        let lifetime = self.state.config.token_lifetime_seconds;
        let shown: Vec<&str> =
            scopes.asked.iter().map(String::as_str).filter(|scope| *scope != "offline_access").collect();
        let mut body = json!({
            "token_type": "Bearer",
            "scope": shown.join(" "),
            "expires_in": lifetime,
        });
        if self.service.is_microsofts() {
            body["ext_expires_in"] = lifetime.into();
        }
        if let Some(code) = granted.page_code {
            body["spa_code"] = code.into();
        }
        if scopes.has("openid") {
            body["id_token"] = self.id_token(granted, user, None).into();
        }
        // B2C gives no access token where no API was asked for.
        if self.service.kind != Kind::B2c || scopes.asked.iter().any(|scope| !is_reserved(scope)) {
            body["access_token"] = self.access_token(granted, user, claims).into();
        }
        if granted.refreshable && scopes.has("offline_access") {
            let (token, expires) = self.refresh_token(granted);
            body["refresh_token"] = token.into();
            if self.service.kind == Kind::B2c {
                body["refresh_token_expires_in"] = expires.saturating_sub(self.state.now()).into();
            }
            if let Some(refresh_in) = self.state.config.refresh_in_seconds {
                body["refresh_in"] = refresh_in.into();
            }
            if let Some(family) = self.app().family.as_ref().filter(|_| self.service.kind == Kind::Entra) {
                body["foci"] = family.as_str().into();
            }
        }
        let wanted = self.form.value("client_info").is_some_and(|value| value == "1" || value == "2");
        if wanted && self.service.is_microsofts() {
            body["client_info"] = client_info(self.state, self.service, user).into();
        }
        body
    }

    /// A user's access token.
    pub(crate) fn access_token(&self, granted: &Granted<'_>, user: &User, claims: Option<&Value>) -> String {
        let mut content = self.common(granted.scopes);
        self.describe(&mut content, granted.sign_in, user);
        content["scp"] = granted.scopes.names.join(" ").into();
        if has_capability(claims, "cp1") {
            content["xms_cc"] = json!(["cp1"]);
        }
        self.state.keys.token(&content)
    }

    /// A user's identity token; the hashes of what comes with it go in where it comes through a browser.
    pub(crate) fn id_token(
        &self,
        granted: &Granted<'_>,
        user: &User,
        beside: Option<(Option<&str>, Option<&str>)>,
    ) -> String {
        let mut content = self.common(granted.scopes);
        self.describe(&mut content, granted.sign_in, user);
        content["aud"] = self.app().client_id.as_str().into();
        content["auth_time"] = granted.sign_in.at.into();
        if let Some(nonce) = granted.nonce {
            content["nonce"] = nonce.into();
        }
        let (token, code) = beside.unwrap_or_default();
        if let Some(token) = token {
            content["at_hash"] = half_hash(token).into();
        }
        if let Some(code) = code {
            content["c_hash"] = half_hash(code).into();
        }
        self.state.keys.token(&content)
    }

    /// Who the user is, in the service's own words.
    fn describe(&self, content: &mut Value, sign_in: &SignIn, user: &User) {
        let oid = guid_of(&user.upn);
        content["sub"] = subject_of(&user.upn, &self.app().client_id).into();
        content["name"] = user.name.as_str().into();
        content["sid"] = sign_in.id.as_str().into();
        content["amr"] = json!(sign_in.methods);
        match self.service.kind {
            Kind::Entra => {
                content["oid"] = oid.into();
                content["preferred_username"] = user.upn.as_str().into();
                content["upn"] = user.upn.as_str().into();
            }
            Kind::B2c => {
                content["oid"] = oid.into();
                content["emails"] = json!([user.upn]);
                content["tfp"] = self.service.policy.as_deref().unwrap_or_default().into();
                content["ver"] = "1.0".into();
            }
            Kind::Adfs => {
                content["upn"] = user.upn.as_str().into();
                content["unique_name"] = user.upn.as_str().into();
            }
            Kind::Oidc => {
                content["preferred_username"] = user.upn.as_str().into();
                content["email"] = user.upn.as_str().into();
            }
        }
        if matches!(self.service.kind, Kind::Adfs | Kind::Oidc)
            && let Some(content) = content.as_object_mut()
        {
            content.remove("tid");
            content.remove("ver");
        }
    }

    fn refresh_token(&self, granted: &Granted<'_>) -> (String, i64) {
        let now = self.state.now();
        let lifetime = self.state.config.refresh_lifetime_seconds;
        let expires = match granted.across_origins {
            Some(Some(end)) => end,
            Some(None) => now.saturating_add(lifetime.min(DAY)),
            None => now.saturating_add(lifetime),
        };
        let token = unguessable("1.");
        let refresh = Refresh {
            sign_in: granted.sign_in.clone(),
            service: self.service.clone(),
            client_id: self.app().client_id.clone(),
            family: self.app().family.clone(),
            scope: granted.scopes.asked.join(" "),
            across_origins: granted.across_origins.is_some(),
            confidential: self.client.is_confidential(),
            expires,
            used: false,
        };
        lock(&self.state.memory).refresh.insert(token.clone(), refresh);
        (token, expires)
    }
}

/// The `claims` of a request: JSON, and an object.
pub(crate) fn claims(form: &Form) -> Result<Option<Value>, Refusal> {
    let Some(text) = form.value("claims") else { return Ok(None) };
    match serde_json::from_str::<Value>(text) {
        Ok(claims) if claims.is_object() => Ok(Some(claims)),
        _ => Err(Refusal::request(9002313, "The claims parameter is not valid.")
            .because("claims: the parameter is no JSON object")),
    }
}

/// The `client_info` of a user.
pub(crate) fn client_info(state: &State, service: &Service, user: &User) -> String {
    let oid = guid_of(&user.upn);
    let uid =
        service.policy.as_ref().map_or(oid.clone(), |policy| format!("{oid}-{}", policy.to_lowercase()));
    url_safe(&json!({ "uid": uid, "utid": state.config.tenant_id }).to_string())
}

fn is_reserved(scope: &str) -> bool {
    ["openid", "profile", "email", "offline_access"].iter().any(|known| scope.eq_ignore_ascii_case(known))
}

fn no_store(reply: Reply) -> Reply {
    reply::with_header(reply, hyper::header::CACHE_CONTROL, "no-store")
}

/// The account is locked, by configuration or by wrong passwords.
pub(crate) fn locked() -> Refusal {
    let text = "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.";
    Refusal::grant(50053, text)
}

/// What stands between this user and tokens.
pub(crate) fn stands_in_the_way(user: &User, sign_in: &SignIn) -> Result<(), Refusal> {
    let claims = || {
        let value = guid_of(&format!("policy of {}", user.upn));
        json!({ "access_token": { "capolids": { "essential": true, "values": [value] } } })
    };
    Err(match user.state {
        UserState::Active => return Ok(()),
        UserState::MfaRequired | UserState::MfaEnrolment if sign_in.has_second_factor() => return Ok(()),
        UserState::MfaRequired => Refusal::grant(
            50076,
            "Due to a configuration change made by your administrator, or because you moved to a new location, \
             you must use multi-factor authentication to access the resource.",
        )
        .suberror("basic_action")
        .claims(claims()),
        UserState::MfaEnrolment => Refusal::grant(
            50079,
            "Due to a configuration change made by your administrator, or because you moved to a new location, \
             you must enroll in multi-factor authentication to access the resource.",
        )
        .suberror("basic_action"),
        UserState::Locked => locked(),
        UserState::PasswordExpired => {
            Refusal::grant(50055, "The password is expired.").suberror("user_password_expired")
        }
        UserState::Disabled => Refusal::grant(50057, "The user account is disabled."),
    })
}

impl State {
    /// Whether an application may act for a user: by configuration or because of a page.
    pub(crate) fn has_consent(&self, app: &App, upn: &str) -> bool {
        app.consented || lock(&self.memory).consents.get(&consent(app, upn)).is_some()
    }

    /// Notes the consent that was given on a page.
    pub(crate) fn consent(&self, app: &App, upn: &str) {
        lock(&self.memory).consents.insert(consent(app, upn), ());
    }
}

fn consent(app: &App, upn: &str) -> String {
    format!("{}\n{}", app.client_id.to_lowercase(), upn.to_lowercase())
}
