//! The starts for what goes through a browser: a sign-in that is begun, and its answer that is taken.

use entrada_core::application::{Application, RequestOptions};
use entrada_core::error::Error;
use entrada_core::flow::authorization_code::{SignIn, SignInPrompt, StartSignIn};
use entrada_core::flow::implicit::{ImplicitResponse, ImplicitSignIn, StartImplicit};
use entrada_core::protocol::redirect::ResponseMode;
use entrada_core::secret::Secret;
use entrada_core::time::Timestamp;

use crate::conversation::AnyFlow;
use crate::members::{Members, Refused};

/// How a sign-in is begun.
pub(super) struct Page {
    redirect_uri: String,
    prompt: Option<SignInPrompt>,
    domain_hint: Option<String>,
    response_mode: Option<ResponseMode>,
}

impl Page {
    pub(super) fn read(members: &mut Members<'_>) -> Result<Self, Refused> {
        Ok(Self {
            redirect_uri: members.required("redirect_uri", "a text")?,
            prompt: members.one_of("prompt", SignInPrompt::ALL.map(|prompt| (prompt.as_str(), prompt)))?,
            domain_hint: members.text("domain_hint")?,
            response_mode: members.one_of(
                "response_mode",
                [ResponseMode::Query, ResponseMode::Fragment, ResponseMode::FormPost]
                    .map(|mode| (mode.as_str(), mode)),
            )?,
        })
    }

    /// The flow that begins a sign-in which comes to a code.
    pub(super) fn for_code(
        self,
        app: Application,
        scopes: Vec<String>,
        options: RequestOptions,
        code: Code,
    ) -> AnyFlow {
        let mut flow = StartSignIn::new(app, scopes, self.redirect_uri);
        flow.prompt = self.prompt;
        flow.domain_hint = self.domain_hint;
        flow.response_mode = self.response_mode;
        flow.spa = code.spa;
        flow.extra_scopes_to_consent = code.extra_scopes_to_consent;
        flow.options = options;
        AnyFlow::new(flow)
    }

    /// The flow that begins a sign-in which comes to tokens.
    pub(super) fn for_tokens(
        self,
        app: Application,
        scopes: Vec<String>,
        options: RequestOptions,
        response: ImplicitResponse,
    ) -> AnyFlow {
        let mut flow = StartImplicit::new(app, scopes, self.redirect_uri, response);
        flow.prompt = self.prompt;
        flow.domain_hint = self.domain_hint;
        flow.response_mode = self.response_mode;
        flow.options = options;
        AnyFlow::new(flow)
    }
}

/// What is said of the code alone.
pub(super) struct Code {
    spa: bool,
    extra_scopes_to_consent: Vec<String>,
}

impl Code {
    pub(super) fn read(members: &mut Members<'_>) -> Result<Self, Refused> {
        let extra = members.optional("extra_scopes_to_consent", super::TEXTS)?;
        Ok(Self {
            spa: members.switch("spa")?.unwrap_or_default(),
            extra_scopes_to_consent: extra.unwrap_or_default(),
        })
    }
}

/// Which tokens are to come through the browser.
pub(super) fn response_type(members: &mut Members<'_>) -> Result<ImplicitResponse, Refused> {
    use ImplicitResponse::{IdToken, IdTokenAndToken, Token};
    members
        .one_of("response_type", [IdToken, Token, IdTokenAndToken].map(|one| (one.as_str(), one)))?
        .ok_or_else(|| "the member \"response_type\" is missing".into())
}

/// A sign-in and what the browser brought back.
pub(super) struct Answer<S> {
    sign_in: S,
    redirect: Secret,
}

impl<S> Answer<S> {
    pub(super) fn read(members: &mut Members<'_>) -> Result<Self, Refused>
    where
        S: serde::de::DeserializeOwned,
    {
        Ok(Self {
            sign_in: members.required("sign_in", "what a sign-in held as \"sign_in\"")?,
            redirect: members.required_secret("redirect")?,
        })
    }
}

impl Answer<SignIn> {
    /// The flow that redeems the code.
    pub(super) fn flow(self, app: Application) -> Result<AnyFlow, Error> {
        Ok(AnyFlow::new(self.sign_in.accept(self.redirect.expose())?.redeem(app)))
    }
}

impl Answer<ImplicitSignIn> {
    /// The tokens, which need no flow.
    pub(super) fn flow(self, now: Timestamp) -> Result<AnyFlow, Error> {
        self.sign_in.accept(self.redirect.expose(), now).map(AnyFlow::ended)
    }
}
