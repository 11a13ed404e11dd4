//! The pages: what a person is asked, and what becomes of the answers.

use entrada_emulator::{Browser, Config, Emulator, Landing, Page, UserState, world};

use crate::browser::*;
use crate::support::*;

#[track_caller]
fn page(landing: Landing) -> Page {
    match landing {
        Landing::Page(page) => page,
        Landing::Redirect(redirect) => panic!("{redirect:?}"),
    }
}

#[track_caller]
fn open(emulator: &Emulator, browser: &mut Browser, pairs: &[(&str, &str)]) -> Landing {
    browser.open(&url(emulator, pairs)).expect("an answer")
}

fn error_of(landing: &Landing) -> Option<String> {
    match landing {
        Landing::Redirect(redirect) => redirect.value("error"),
        Landing::Page(_) => None,
    }
}

const RIGHT: [(&str, &str); 2] = [("username", world::MANAGED_USER), ("password", world::PASSWORD)];

#[test]
fn every_page_has_one_heading_and_labels_for_its_fields_and_loads_nothing() {
    let emulator = emulator();
    let mut browser = emulator.browser().expect("a browser");
    let create = page(open(&emulator, &mut browser, &with(native(), "prompt", "create")));
    let consent = with(native(), "client_id", world::UNCONSENTED_CLIENT_ID);
    let sign_in = page(open(&emulator, &mut browser, &consent));
    let consent = page(browser.press(&sign_in, "sign-in", &RIGHT).expect("an answer"));
    let mfa = page(open(&emulator, &mut browser, &with(native(), "prompt", "login")));
    let fields = [("username", world::MFA_USER), ("password", world::PASSWORD)];
    let mfa = page(browser.press(&mfa, "sign-in", &fields).expect("an answer"));
    let device =
        page(browser.open(&format!("{}/common/oauth2/deviceauth", emulator.base_url())).expect("an answer"));
    for page in [create, sign_in, consent, mfa, device] {
        let text = page.html.replace("<!DOCTYPE html>", "");
        let document = roxmltree::Document::parse(&text).expect("XML");
        let all =
            |name: &str| document.descendants().filter(|node| node.has_tag_name(name)).collect::<Vec<_>>();
        assert_eq!(all("h1").len(), 1);
        for input in all("input") {
            let id = input.attribute("id");
            let labelled = all("label").iter().any(|label| label.attribute("for") == id && id.is_some());
            assert!(labelled || input.attribute("type") == Some("hidden"), "{text}");
        }
        assert!(!text.contains("http://") && !text.contains("https://"), "{text}");
    }
}

#[test]
fn a_wrong_password_is_told_on_the_page_and_counted() {
    let emulator = emulator();
    let mut browser = emulator.browser().expect("a browser");
    let first = page(open(&emulator, &mut browser, &native()));
    let fields = [("username", world::MANAGED_USER), ("password", "<wrong> & more")];
    let again = page(browser.press(&first, "sign-in", &fields).expect("an answer"));
    assert!(again.error.as_ref().is_some_and(|text| text.contains("AADSTS50126")), "{again:?}");
    assert_eq!(emulator.wrong_passwords(world::MANAGED_USER), 1);
    let landing = browser.press(&again, "sign-in", &RIGHT).expect("an answer");
    assert!(matches!(landing, Landing::Redirect(redirect) if redirect.value("code").is_some()));
}

#[test]
fn users_who_may_not_sign_in_are_told_so() {
    let mut config = Config::default();
    let gus = config.users.iter_mut().find(|user| user.upn == world::GUEST_USER).expect("a user");
    gus.state = UserState::Disabled;
    let emulator = Emulator::start(config).expect("an emulator");
    for (upn, code) in [
        (world::LOCKED_USER, "AADSTS50053"),
        (world::EXPIRED_USER, "AADSTS50055"),
        (world::GUEST_USER, "AADSTS50057"),
    ] {
        let error = emulator.sign_in(&url(&emulator, &native()), upn).expect_err("an error");
        assert!(error.to_string().contains(code), "{error}");
    }
}

#[test]
fn cancelling_is_an_error_with_a_subcode() {
    let emulator = emulator();
    let redirect = emulator.cancel_sign_in(&url(&emulator, &native())).expect("a redirect");
    assert_eq!(redirect.value("error").as_deref(), Some("access_denied"));
    assert_eq!(redirect.value("error_subcode").as_deref(), Some("cancel"));
    assert_eq!(redirect.value("state").as_deref(), Some("a state & more"));
}

#[test]
fn a_second_factor_is_asked_for_and_stays_in_the_tokens() {
    let emulator = emulator();
    for upn in [world::MFA_USER, world::MFA_ENROLMENT_USER] {
        let code = sign_in(&emulator, &native(), upn).value("code").expect("a code");
        let body = granted(&emulator, &redemption(&code));
        assert_eq!(read(&member(&body, "access_token"))["amr"], serde_json::json!(["pwd", "mfa"]));
        let again = granted(&emulator, &refresh(&member(&body, "refresh_token"), world::CLIENT_ID));
        assert!(again["access_token"].is_string());
    }
}

#[test]
fn a_wrong_code_of_the_second_factor_is_told_on_the_page() {
    let emulator = emulator();
    let mut browser = emulator.browser().expect("a browser");
    let first = page(open(&emulator, &mut browser, &native()));
    let fields = [("username", world::MFA_USER), ("password", world::PASSWORD)];
    let second = page(browser.press(&first, "sign-in", &fields).expect("an answer"));
    let again = page(browser.press(&second, "verify", &[("code", "111111")]).expect("an answer"));
    assert!(again.error.is_some());
    let landing = browser.press(&again, "verify", &[("code", world::MFA_CODE)]).expect("an answer");
    assert!(error_of(&landing).is_none() && matches!(landing, Landing::Redirect(_)));
}

#[test]
fn consent_is_asked_for_once_and_can_be_declined() {
    let emulator = emulator();
    let pairs = with(native(), "client_id", world::UNCONSENTED_CLIENT_ID);
    let mut browser = emulator.browser().expect("a browser");
    let first = page(open(&emulator, &mut browser, &pairs));
    let consent = page(browser.press(&first, "sign-in", &RIGHT).expect("an answer"));
    assert_eq!(consent.title, "Permissions requested");
    let landing = browser.press(&consent, "decline", &[]).expect("an answer");
    assert_eq!(error_of(&landing).as_deref(), Some("access_denied"));
    let landing = browser.press(&consent, "accept", &[]).expect("an answer");
    assert!(matches!(landing, Landing::Redirect(redirect) if redirect.value("code").is_some()));
    assert!(matches!(open(&emulator, &mut browser, &pairs), Landing::Redirect(_)));
    let again = page(open(&emulator, &mut browser, &with(pairs, "prompt", "consent")));
    assert_eq!(again.title, "Permissions requested");
}

#[test]
fn a_browser_that_knows_the_user_does_not_ask_for_the_password_again() {
    let emulator = emulator();
    let mut browser = emulator.browser().expect("a browser");
    emulator.sign_in_with(&mut browser, &url(&emulator, &native()), world::MANAGED_USER).expect("a redirect");
    let landing = open(&emulator, &mut browser, &native());
    assert!(matches!(landing, Landing::Redirect(redirect) if redirect.value("code").is_some()));
    let page = page(open(&emulator, &mut browser, &with(native(), "prompt", "login")));
    assert!(page.has("sign-in"));
    emulator.advance_clock(100);
    assert!(matches!(open(&emulator, &mut browser, &with(native(), "max_age", "50")), Landing::Page(_)));
}

#[test]
fn an_account_is_picked_from_those_that_are_known() {
    let emulator = emulator();
    let mut browser = emulator.browser().expect("a browser");
    for upn in [world::MANAGED_USER, world::FEDERATED_USER] {
        let login = with(native(), "prompt", "login");
        emulator.sign_in_with(&mut browser, &url(&emulator, &login), upn).expect("a redirect");
    }
    let pick = page(open(&emulator, &mut browser, &native()));
    assert_eq!(pick.title, "Pick an account");
    let select = url(&emulator, &with(native(), "prompt", "select_account"));
    let redirect = emulator.sign_in_with(&mut browser, &select, world::FEDERATED_USER).expect("a redirect");
    let body = granted(&emulator, &redemption(&redirect.value("code").expect("a code")));
    assert_eq!(read(&member(&body, "id_token"))["preferred_username"], world::FEDERATED_USER);
    let redirect = emulator.sign_in_with(&mut browser, &select, world::SAML2_USER).expect("another account");
    assert!(redirect.value("code").is_some());
    for hint in [("login_hint", world::FEDERATED_USER), ("domain_hint", world::TENANT)] {
        let landing = open(&emulator, &mut browser, &with(native(), hint.0, hint.1));
        assert!(matches!(landing, Landing::Redirect(_)), "{landing:?}");
    }
}

#[test]
fn no_prompt_means_an_answer_at_once() {
    let emulator = emulator();
    let none = |pairs| with(pairs, "prompt", "none");
    let mut browser = emulator.browser().expect("a browser");
    let error = |browser: &mut Browser, pairs: &[(&str, &str)]| error_of(&open(&emulator, browser, pairs));
    assert_eq!(error(&mut browser, &none(native())).as_deref(), Some("login_required"));
    emulator.sign_in_with(&mut browser, &url(&emulator, &native()), world::MANAGED_USER).expect("a redirect");
    assert_eq!(error(&mut browser, &none(native())), None);
    let other = with(none(native()), "login_hint", world::FEDERATED_USER);
    assert_eq!(error(&mut browser, &other).as_deref(), Some("login_required"));
    let unconsented = with(none(native()), "client_id", world::UNCONSENTED_CLIENT_ID);
    assert_eq!(error(&mut browser, &unconsented).as_deref(), Some("consent_required"));
    let login = with(native(), "prompt", "login");
    emulator.sign_in_with(&mut browser, &url(&emulator, &login), world::FEDERATED_USER).expect("a redirect");
    assert_eq!(error(&mut browser, &none(native())).as_deref(), Some("interaction_required"));
}

#[test]
fn a_second_factor_that_was_given_is_good_for_silent_requests_too() {
    let emulator = emulator();
    let mut browser = emulator.browser().expect("a browser");
    emulator.sign_in_with(&mut browser, &url(&emulator, &native()), world::MFA_USER).expect("a redirect");
    assert_eq!(error_of(&open(&emulator, &mut browser, &with(native(), "prompt", "none"))), None);
}

#[test]
fn a_new_account_can_be_created() {
    let emulator = emulator();
    let mut browser = emulator.browser().expect("a browser");
    let create = page(open(&emulator, &mut browser, &with(native(), "prompt", "create")));
    let fields = |name: &'static str| [("username", name), ("name", "Nia"), ("password", "a new password")];
    let again = page(browser.press(&create, "create", &fields(world::MANAGED_USER)).expect("an answer"));
    assert!(again.error.is_some());
    let landing = browser.press(&again, "create", &fields("nia@new.example")).expect("an answer");
    let Landing::Redirect(redirect) = landing else { panic!("{landing:?}") };
    let body = granted(&emulator, &redemption(&redirect.value("code").expect("a code")));
    assert_eq!(read(&member(&body, "id_token"))["name"], "Nia");
    assert!(emulator.sign_in(&url(&emulator, &native()), "NIA@new.example").is_ok());
}

#[test]
fn a_sign_in_that_is_unknown_is_over() {
    let emulator = emulator();
    let answer = post(&emulator, "/contoso.com/login", &[], &[("flow", "x"), ("action", "accept")]);
    assert_eq!(answer.status, 400);
}

#[test]
fn signing_out_ends_the_session_and_goes_back() {
    let emulator = emulator();
    let mut browser = emulator.browser().expect("a browser");
    emulator.sign_in_with(&mut browser, &url(&emulator, &native()), world::MANAGED_USER).expect("a redirect");
    let uri = encoded(world::WEB_REDIRECT_URI);
    let logout = format!(
        "{}/contoso.com/oauth2/v2.0/logout?post_logout_redirect_uri={uri}&state=s",
        emulator.base_url()
    );
    let landing = browser.open(&logout).expect("an answer");
    assert!(
        matches!(&landing, Landing::Redirect(redirect) if redirect.url == format!("{}?state=s", world::WEB_REDIRECT_URI))
    );
    assert!(matches!(open(&emulator, &mut browser, &native()), Landing::Page(_)));
    violated(&emulator, "");
    let elsewhere = format!(
        "{}/contoso.com/oauth2/v2.0/logout?post_logout_redirect_uri=https%3A%2F%2Fx.example",
        emulator.base_url()
    );
    assert!(matches!(browser.open(&elsewhere).expect("an answer"), Landing::Page(_)));
    violated(&emulator, "post_logout_redirect_uri");
}
