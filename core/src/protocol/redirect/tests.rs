use super::ResponseMode::{FormPost, Fragment, Query};
use super::*;

fn code(text: &str, mode: ResponseMode) -> Result<String, RedirectError> {
    parse(text, mode).map(|redirect| redirect.code.unwrap().expose().to_owned())
}

#[test]
fn an_answer_is_read_from_the_place_of_its_mode() {
    for (text, mode) in [
        ("http://localhost:8400/?code=c&state=s", Query),
        ("http://localhost:8400/?code=c&state=s#", Query),
        ("http://localhost:8400/?code=c&state=s#_=_", Query),
        ("/callback?state=s&code=c", Query),
        ("  msauth.app://auth?code=c&state=s\n", Query),
        ("?code=c&state=s", Query),
        ("code=c&state=s", Query),
        ("https://app/#code=c&state=s", Fragment),
        ("https://app/#/code=c&state=s", Fragment),
        ("https://app/#/?code=c&state=s", Fragment),
        ("https://app/?lang=de#code=c&state=s", Fragment),
        ("#code=c&state=s", Fragment),
        ("code=c&state=s", Fragment),
        ("code=c&state=s", FormPost),
        ("state=s&&code=c&", FormPost),
    ] {
        let redirect = parse(text, mode).unwrap_or_else(|error| panic!("{text} as {mode}: {error}"));
        assert_eq!(redirect.code, Some(Secret::new("c")), "{text}");
        assert_eq!(redirect.state, Some(Secret::new("s")), "{text}");
        assert_eq!(redirect.error, None, "{text}");
    }
}

#[test]
fn every_parameter_finds_its_place() {
    let text = "code=1&state=2&id_token=3&access_token=4&token_type=Bearer&expires_in=3599&scope=a+b&iss=5&\
                client_info=6&cloud_instance_host_name=login.microsoftonline.us&cloud_graph_host_name=7&session_state=8";
    let expected = Redirect {
        code: Some(Secret::new("1")),
        state: Some(Secret::new("2")),
        id_token: Some(Secret::new("3")),
        access_token: Some(Secret::new("4")),
        token_type: Some("Bearer".to_owned()),
        expires_in: Some(Duration::from_secs(3599)),
        scope: Some("a b".to_owned()),
        iss: Some("5".to_owned()),
        client_info: Some("6".to_owned()),
        cloud_instance_host_name: Some("login.microsoftonline.us".to_owned()),
        cloud_graph_host_name: Some("7".to_owned()),
        session_state: Some("8".to_owned()),
        ..Redirect::default()
    };
    assert_eq!(parse(text, FormPost), Ok(expected));
    let text = "error=access_denied&error_description=d&error_uri=u&error_subcode=cancel&state=s";
    let expected = Redirect {
        error: Some("access_denied".to_owned()),
        error_description: Some("d".to_owned()),
        error_uri: Some("u".to_owned()),
        error_subcode: Some("cancel".to_owned()),
        state: Some(Secret::new("s")),
        ..Redirect::default()
    };
    assert_eq!(parse(text, FormPost), Ok(expected));
}

#[test]
fn values_are_decoded_as_a_forms() {
    for (encoded, decoded) in [
        ("a+b%20c", "a b c"),
        ("a%2Bb%26c%3Dd%23", "a+b&c=d#"),
        ("J%C3%BCrgen", "Jürgen"),
        ("%FC", "\u{fffd}"),
        ("100%", "100%"),
        ("%zz", "%zz"),
        ("a=b=c", "a=b=c"),
        ("0.AXcA-_~", "0.AXcA-_~"),
    ] {
        assert_eq!(code(&format!("http://localhost/?code={encoded}"), Query).as_deref(), Ok(decoded));
        assert_eq!(code(&format!("code={encoded}"), FormPost).as_deref(), Ok(decoded));
    }
    assert_eq!(code("c%6Fde=x", FormPost).as_deref(), Ok("x"), "names too");
}

#[test]
fn a_known_parameter_occurs_once() {
    for name in PARAMETERS {
        let twice = parse(&format!("{name}=a&x=y&{name}=a"), FormPost);
        assert_eq!(twice, Err(RedirectError::DuplicateParameter { name }));
    }
    assert!(parse("code=a&c%6fde=b", FormPost).is_err(), "however it is written");
    assert!(parse("code=&code=b", FormPost).is_err(), "an empty one counts");
    assert!(parse("code=a&x=1&x=2&Code=b", FormPost).is_ok(), "an unknown one may");
}

#[test]
fn a_code_or_a_token_excludes_an_error() {
    for answer in ["code", "id_token", "access_token"] {
        let contradiction = parse(&format!("{answer}=x&error=access_denied&state=s"), FormPost);
        assert_eq!(contradiction, Err(RedirectError::Contradictory { answer }));
    }
    assert!(parse("code=x&error=", FormPost).is_ok(), "without a value it counts as left out");
    assert!(parse("code=&error=access_denied", FormPost).is_ok());
}

#[test]
fn a_text_without_an_answer_says_so() {
    for text in
        ["", "http://localhost/", "https://app/?lang=de#top", "state=s", "error_description=x", "code=", "{}"]
    {
        for expected in [Query, Fragment, FormPost] {
            assert_eq!(parse(text, expected), Err(RedirectError::WithoutAnswer { expected }), "{text}");
        }
    }
}

#[test]
fn an_answer_in_the_place_of_another_mode_names_both() {
    let error = |expected, found| Err(RedirectError::OtherMode { expected, found });
    for answer in ANSWERS {
        let (query, fragment) =
            (format!("http://localhost/?{answer}=x"), format!("http://localhost/#{answer}=x"));
        assert_eq!(parse(&fragment, Query), error(Query, Fragment));
        assert_eq!(parse(&query, Fragment), error(Fragment, Query));
        assert_eq!(parse(&query, FormPost), error(FormPost, Query));
        assert_eq!(parse(&fragment, FormPost), error(FormPost, Fragment));
    }
    assert_eq!(parse("http://localhost/?code=a#code=b", Query), error(Query, Fragment), "never two answers");
    assert_eq!(parse("http://localhost/?code=a#code=b", Fragment), error(Fragment, Query));
    assert_eq!(code("state=?code=x#code=y&code=c", FormPost).as_deref(), Ok("c"), "a body is no address");
    let text = parse("http://localhost/#code=x", Query).unwrap_err().to_string();
    assert!(text.contains("fragment") && text.contains("query"), "{text}");
}

#[test]
fn what_is_too_long_is_refused_before_it_is_read() {
    let address = |length: usize| format!("?code={}", "x".repeat(length - 6));
    assert!(parse(&address(LONGEST_REDIRECT), Query).is_ok());
    assert_eq!(parse(&address(LONGEST_REDIRECT + 1), Query), Err(RedirectError::TooLong));
    let long = "&code=%25+".repeat(1_000_000);
    assert_eq!(parse(&long, FormPost), Err(RedirectError::TooLong), "not that its code is there twice");
}

#[test]
fn a_lifetime_is_a_number_and_believable() {
    for (text, seconds) in [
        ("3599", Some(3599)),
        ("+1+", Some(1)),
        ("99999999999999999999999", Some(3650 * 86_400)),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("%2B1", None),
    ] {
        let redirect = parse(&format!("access_token=x&expires_in={text}"), FormPost).unwrap();
        assert_eq!(redirect.expires_in, seconds.map(Duration::from_secs), "{text}");
    }
}

#[test]
fn debug_and_errors_show_no_secret() {
    let text = "code=hunter2&state=hunter2&id_token=hunter2&access_token=hunter2";
    assert!(!format!("{:?}", parse(text, FormPost).unwrap()).contains("hunter2"));
    for (text, mode) in [
        ("code=hunter2&code=hunter2", FormPost),
        ("code=hunter2&error=hunter2", FormPost),
        ("http://localhost/#code=hunter2", Query),
        ("hunter2", Query),
    ] {
        let error = parse(text, mode).unwrap_err();
        assert!(!format!("{error:?} {error} {}", error.code()).contains("hunter2"));
    }
}

#[test]
fn a_mode_is_written_as_the_parameter_has_it() {
    for mode in [Query, Fragment, FormPost] {
        assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_str());
        assert_eq!(mode.to_string(), mode.as_str());
    }
}
