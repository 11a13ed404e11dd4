//! Integrated sign-in at AD FS alone, against the emulator's authorize endpoint.

use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::error::Error;
use entrada_core::flow::adfs_integrated_auth::AdfsIntegratedAuth;
use entrada_core::result::AuthenticationResult;
use entrada_emulator::world::{
    API_SCOPE, CLIENT_ID, FEDERATED_MFA_USER, FEDERATED_USER, LOCKED_USER, UNCONSENTED_CLIENT_ID,
};
use entrada_emulator::{Config, Fault, FaultKind, Negotiate, NegotiateMode};

use crate::{BACKENDS, Scene, scenes};

const AUTHORIZE: &str = "/adfs/oauth2/authorize";

impl Scene {
    fn adfs(&self) -> AdfsIntegratedAuth {
        let mut app = self.app();
        let options = AuthorityOptions::default().allow_http_loopback(true);
        let authority = format!("{}/adfs", self.emulator.base_url());
        app.authority = Authority::parse(&authority, options).expect("it is an authority");
        app.acquire_token_by_adfs_integrated_auth([API_SCOPE], "http://localhost:8400/")
    }

    fn at_adfs(&mut self, user: &str) -> Result<AuthenticationResult, Error> {
        self.signed_in = Some(user.to_owned());
        self.run(self.adfs())
    }

    /// The code of the error that a fault leads to; `nth` of the pages is befallen by it.
    fn befallen(&mut self, nth: u32, kind: FaultKind) -> String {
        let kind = FaultKind::Nth { nth, kind: Box::new(kind) };
        self.emulator.set_faults(vec![Fault { path: AUTHORIZE.to_owned(), times: None, kind }]);
        let error = self.at_adfs(FEDERATED_USER).expect_err("the fault befalls");
        self.emulator.set_faults(Vec::new());
        error.code().to_owned()
    }

    fn paths(&self) -> Vec<(String, Option<u16>)> {
        self.emulator.requests().into_iter().map(|request| (request.path, request.status)).collect()
    }
}

#[test]
fn the_signed_in_user_gets_a_token_from_ad_fs_without_a_page() {
    for mut scene in scenes() {
        let result = scene.at_adfs(FEDERATED_USER).unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(result.account.expect("there is one").username, FEDERATED_USER);
        let wia = format!("{AUTHORIZE}/wia");
        let expected = [
            (AUTHORIZE, Some(302)),
            (wia.as_str(), Some(401)),
            (wia.as_str(), Some(302)),
            (AUTHORIZE, Some(302)),
            ("/adfs/oauth2/token", Some(200)),
        ];
        assert_eq!(scene.paths(), expected.map(|(path, status)| (path.to_owned(), status)));
        scene.assert_strict();
    }
}

#[test]
fn an_exchange_of_several_rounds_leads_there_too() {
    for rounds in [2, 3] {
        for mut scene in scenes() {
            scene.emulator.set_negotiate(Negotiate { rounds, mode: NegotiateMode::Accept });
            scene.at_adfs(FEDERATED_USER).expect("a token");
            scene.assert_strict();
        }
    }
}

#[test]
fn each_way_to_fail_has_its_code() {
    for (mode, code) in [
        (NegotiateMode::Refuse, "integrated_authentication_refused"),
        (NegotiateMode::Loop, "integrated_windows_authentication_failed"),
        (NegotiateMode::Drop, "network_error"),
    ] {
        for mut scene in scenes() {
            scene.emulator.set_negotiate(Negotiate { rounds: 1, mode });
            assert_eq!(scene.at_adfs(FEDERATED_USER).expect_err("nobody gets in").code(), code);
        }
    }
    for mut scene in scenes() {
        assert_eq!(scene.at_adfs(LOCKED_USER).expect_err("locked").code(), "adfs_error_page");
        assert_eq!(scene.at_adfs(FEDERATED_MFA_USER).expect_err("more").code(), "adfs_interaction_required");
        let mut flow = scene.adfs();
        flow.app.client_id = UNCONSENTED_CLIENT_ID.into();
        scene.signed_in = Some(FEDERATED_USER.to_owned());
        assert_eq!(scene.run(flow).expect_err("consent").code(), "adfs_interaction_required");
        let mut flow = scene.adfs();
        flow.user_agent = "Mozilla/5.0".to_owned();
        assert_eq!(scene.run(flow).expect_err("a form").code(), "adfs_sign_in_page");
        scene.assert_strict();
        let mut flow = scene.adfs();
        flow.app.client_id = "nobody's".into();
        assert_eq!(scene.run(flow).expect_err("unknown").code(), "adfs_error_page");
    }
}

#[test]
fn what_else_an_ad_fs_or_a_proxy_may_answer_has_a_code_too() {
    for mut scene in scenes() {
        let redirect = |to: &str| FaultKind::Redirect { to: to.to_owned() };
        let status = |body: Option<&str>| FaultKind::Status {
            status: 500,
            retry_after: None,
            body: body.map(str::to_owned),
        };
        for (nth, kind, code) in [
            (1, FaultKind::Html, "adfs_sign_in_page"),
            (2, FaultKind::Html, "adfs_sign_in_page"),
            (4, FaultKind::Html, "adfs_interaction_required"),
            (1, status(Some("<p>MSIS9604: no")), "adfs_error_page"),
            (4, status(None), "http_status_not_200"),
            (1, redirect("https://login.fabrikam.example/"), "adfs_redirected_elsewhere"),
            (4, redirect("https://login.fabrikam.example/"), "adfs_redirected_elsewhere"),
            (1, redirect("https://"), "adfs_redirects_unusable"),
            (4, redirect("http://localhost:8400/?code=c&state=another"), "state_mismatch"),
            (4, FaultKind::Cut, "network_error"),
            (4, FaultKind::Oversized { bytes: 100 * 1024 * 1024 }, "response_too_large"),
        ] {
            let name = format!("{kind:?}");
            assert_eq!(scene.befallen(nth, kind), code, "{:?} {nth} {name}", scene.backend);
        }
    }
}

#[test]
fn a_circle_is_left_after_a_few_redirects() {
    for mut scene in scenes() {
        let to = format!("{}{AUTHORIZE}", scene.emulator.base_url());
        let fault = Fault { path: AUTHORIZE.to_owned(), times: None, kind: FaultKind::Redirect { to } };
        scene.emulator.set_faults(vec![fault]);
        let error = scene.at_adfs(FEDERATED_USER).expect_err("it goes round");
        assert_eq!(error.code(), "adfs_redirects_unusable");
        assert_eq!(scene.paths().len(), 6);
    }
}

#[test]
fn without_a_negotiator_nothing_is_sent_to_ad_fs() {
    for scene in scenes() {
        let error = scene.run(scene.adfs()).expect_err("there is no ticket");
        assert_eq!(error.code(), "integrated_windows_authentication_failed");
        assert!(scene.paths().is_empty());
    }
}

#[test]
fn a_user_agent_that_the_administrator_has_added_is_known() {
    for backend in BACKENDS {
        let config = Config { tls: true, wia_user_agents: vec!["Contoso".into()], ..Config::default() };
        let mut scene = Scene::new(backend, config);
        assert_eq!(scene.at_adfs(FEDERATED_USER).expect_err("a form").code(), "adfs_sign_in_page");
        let mut flow = scene.adfs();
        flow.user_agent = "Contoso/1.0".to_owned();
        assert_eq!(flow.app.client_id, CLIENT_ID);
        scene.run(flow).expect("a token");
        scene.assert_strict();
    }
}
