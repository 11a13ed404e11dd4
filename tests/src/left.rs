//! What earlier flows left for those that go by it, and the sign-in that another process began.

use entrada_core::application::Application;
use entrada_core::authority::AuthorityKind;
use entrada_core::cache::Memory;
use entrada_core::flow::authorization_code::{AuthorizationCode, SignIn};

use crate::catalogue::{Case, OIDC, REDIRECT_URI, SCOPE, SESSION};
use crate::documents::NONCE;
use crate::kept::{self, memory};
use crate::planted::{CODE, KEPT_ACCESS, KEPT_FAMILY, KEPT_SESSION, REFRESH_TOKEN, VERIFIER};
use crate::world::START;

impl Case {
    /// What the flow finds: nothing, unless it goes by that. Then an access token that has expired, and refresh tokens of
    /// the application, of its family and of a long-running call.
    ///
    /// # Panics
    /// If the authority is none.
    #[must_use]
    pub fn memory(self) -> Memory {
        if !self.flow.is_of_the_cache() {
            return Memory::default();
        }
        let app = self.app().expect("the authority is one");
        let mut access = kept::access(KEPT_ACCESS);
        access.target = SCOPE.into();
        access.expires_on = START;
        let mut family = kept::refresh(KEPT_FAMILY, Some("1"));
        let mut session = kept::refresh(KEPT_SESSION, None);
        session.user_assertion_hash = Some(SESSION.into());
        let mut own = kept::refresh(REFRESH_TOKEN, None);
        let mut joe = kept::joe();
        for name in [
            &mut access.environment,
            &mut family.environment,
            &mut session.environment,
            &mut own.environment,
            &mut joe.account.environment,
        ] {
            *name = app.authority().environment().into();
        }
        memory([access.into(), family.into(), session.into(), own.into(), joe.into()])
    }
}

/// The code that a sign-in came to, which another process began.
pub(crate) fn code(app: &Application) -> AuthorizationCode {
    let authority = app.authority().as_str();
    let issuer = if *app.authority().kind() == AuthorityKind::Oidc {
        serde_json::json!({ "named": { "name": OIDC, "promised": false } })
    } else {
        "service".into()
    };
    let sign_in = serde_json::json!({
        "asked": {
            "url": "https://login.example/", "redirect_uri": REDIRECT_URI, "response_mode": "query",
            "state": "state", "nonce": NONCE, "authority": authority, "allow_http_loopback": false,
            "issuer": issuer, "client_id": app.client_id(), "scopes": ["user.read"], "correlation_id": "id"
        },
        "verifier": VERIFIER
    });
    let sign_in: SignIn = serde_json::from_value(sign_in).expect("a sign-in that was put down");
    let code: String = url::form_urlencoded::byte_serialize(CODE.as_bytes()).collect();
    sign_in.accept(&format!("{REDIRECT_URI}?code={code}&state=state")).expect("the answer is the right one")
}
