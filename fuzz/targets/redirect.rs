//! What comes back to a redirect URI: one answer or none, the same in whichever mode it was sent.
#![no_main]

use entrada_core::protocol::redirect::{Redirect, RedirectError, ResponseMode, parse};
use entrada_core::secret::Secret;
use entrada_fuzz::seeds;
use libfuzzer_sys::fuzz_target;
use url::form_urlencoded;

const MODES: [ResponseMode; 3] = [ResponseMode::Query, ResponseMode::Fragment, ResponseMode::FormPost];

fuzz_target!(
    init: {
        seeds::plant("redirect", &[
            "http://localhost:8400/?code=0.AXc%2B+x&state=s&session_state=t&client_info=e30".to_owned(),
            "https://app/?lang=de#/id_token=a&access_token=b&token_type=Bearer&expires_in=3599&scope=a+b&iss=c".to_owned(),
            "error=access_denied&error_description=AADSTS65004%3A+x&error_subcode=cancel&error_uri=u&state=s".to_owned(),
        ]);
    },
    |text: &str| {
        for mode in MODES {
            let redirect = parse(text, mode);
            assert_eq!(parse(text, mode), redirect, "the same text read twice");
            match redirect {
                Ok(redirect) => check(&redirect),
                Err(error) => assert!(error.to_string().len() < 1000, "{error}"),
            }
        }
        if !text.contains(['?', '#']) && !text.starts_with('/') && text.trim() == text && text.len() < 60_000 {
            let sent = [format!("http://localhost/?{text}"), format!("http://localhost/#{text}"), text.to_owned()];
            let [query, fragment, form] = [0, 1, 2].map(|at| anywhere(parse(&sent[at], MODES[at])));
            assert_eq!(query, form, "as query");
            assert_eq!(fragment, form, "as fragment");
        }
    }
);

/// The same for every mode.
fn anywhere(read: Result<Redirect, RedirectError>) -> Result<Redirect, &'static str> {
    read.map_err(|error| error.code())
}

fn check(redirect: &Redirect) {
    let tokens = [&redirect.code, &redirect.id_token, &redirect.access_token];
    let answered = tokens.iter().any(|token| token.is_some());
    assert!(answered != redirect.error.is_some(), "one answer: {redirect:?}");
    for secret in tokens.into_iter().chain([&redirect.state]).flatten() {
        assert!(!secret.expose().is_empty());
    }
    let value = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("code", value(&redirect.code)),
        ("state", value(&redirect.state)),
        ("id_token", value(&redirect.id_token)),
        ("access_token", value(&redirect.access_token)),
        ("token_type", redirect.token_type.clone()),
        ("expires_in", redirect.expires_in.map(|lifetime| lifetime.as_secs().to_string())),
        ("scope", redirect.scope.clone()),
        ("error", redirect.error.clone()),
        ("error_description", redirect.error_description.clone()),
        ("error_uri", redirect.error_uri.clone()),
        ("error_subcode", redirect.error_subcode.clone()),
        ("iss", redirect.iss.clone()),
        ("client_info", redirect.client_info.clone()),
        ("cloud_instance_host_name", redirect.cloud_instance_host_name.clone()),
        ("cloud_graph_host_name", redirect.cloud_graph_host_name.clone()),
        ("session_state", redirect.session_state.clone()),
    ] {
        if let Some(value) = value {
            form.append_pair(name, &value);
        }
    }
    match parse(&form.finish(), ResponseMode::FormPost) {
        Err(RedirectError::TooLong) => {}
        again => assert_eq!(again.as_ref(), Ok(redirect), "written and read again"),
    }
}
