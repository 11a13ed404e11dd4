use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use http::HeaderValue;
use url::Url;

use super::*;

fn read(fields: &[&str]) -> Result<Vec<Challenge>, ChallengeError> {
    parse_fields(fields)
}

/// `scheme[ token68][ name=value;…]`, one a challenge.
fn shown(fields: &[&str]) -> Vec<String> {
    let show = |challenge: Challenge| {
        let token68 = challenge.token68.map(|token| format!(" {}", token.expose())).unwrap_or_default();
        let parameters = challenge.parameters.into_iter().map(|(name, value)| format!(" {name}={value};"));
        format!("{}{token68}{}", challenge.scheme, parameters.collect::<String>())
    };
    read(fields).unwrap_or_else(|error| panic!("{fields:?}: {error}")).into_iter().map(show).collect()
}

#[test]
fn the_example_of_the_standard_is_two_challenges() {
    let field = r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#;
    assert_eq!(
        shown(&[field]),
        ["Basic realm=simple;", r#"Newauth realm=apps; type=1; title=Login to "apps";"#]
    );
}

#[test]
fn several_challenges_stand_in_one_field_or_in_several() {
    let one = shown(&["Negotiate, NTLM, Bearer realm=x, PoP nonce=y"]);
    assert_eq!(one, ["Negotiate", "NTLM", "Bearer realm=x;", "PoP nonce=y;"]);
    assert_eq!(shown(&["Negotiate", "NTLM", "Bearer realm=x", "PoP nonce=y"]), one);
    assert_eq!(shown(&["Negotiate, NTLM, Bearer", "realm=x,PoP nonce=y"]), one, "fields are one list");
    assert_eq!(shown(&[]), [""; 0]);
}

#[test]
fn empty_elements_and_blanks_are_skipped() {
    for field in [
        "Bearer a=b,c=d",
        " \t,, Bearer  a=b ,\t, c=d ,",
        "Bearer , a=b,,,c=d",
        "Bearer a = b, c\t=\td",
        "Bearer a=\"b\" , c=\"d\"",
    ] {
        assert_eq!(shown(&[field]), ["Bearer a=b; c=d;"], "{field:?}");
    }
    for field in ["", " ", ",", " ,\t, "] {
        assert_eq!(shown(&[field]), [""; 0], "{field:?}");
    }
}

#[test]
fn a_token68_is_told_from_a_parameter_by_what_follows_it() {
    for (field, expected) in [
        ("Negotiate YII=", "Negotiate YII="),
        ("Negotiate YII==, NTLM", "Negotiate YII==|NTLM"),
        ("Negotiate a-._~+/9 ", "Negotiate a-._~+/9"),
        ("Negotiate realm", "Negotiate realm"),
        ("Bearer realm=x", "Bearer realm=x;"),
        ("Bearer realm =x", "Bearer realm=x;"),
        ("Bearer realm=\"\"", "Bearer realm=;"),
        ("Negotiate/YII=", ""),
        ("Bearer\"x\"", ""),
        ("Bearer realm=x=", ""),
        ("Bearer realm==x", ""),
        ("Bearer a b", ""),
        ("Bearer =", ""),
        ("Bearer a!b=", ""),
    ] {
        let challenges = match expected {
            "" => String::new(),
            _ => shown(&[field]).join("|"),
        };
        assert_eq!(challenges, expected, "{field}");
        assert_eq!(read(&[field]).is_err(), expected.is_empty(), "{field}");
    }
}

#[test]
fn a_comma_or_a_scheme_inside_quotes_is_text() {
    assert_eq!(shown(&[r#"Bearer a="b, Basic c=d", e=f"#]), ["Bearer a=b, Basic c=d; e=f;"]);
    assert_eq!(shown(&[r#"Bearer a="\\", b="\"", c="\x\,""#]), [r#"Bearer a=\; b="; c=x,;"#]);
}

#[test]
fn octets_above_ascii_are_taken_inside_quotes_alone() {
    let read = |field: &[u8]| parse_fields([field]);
    let value = |field: &[u8]| read(field).unwrap()[0].parameter("a").unwrap().to_owned();
    assert_eq!(value("Bearer a=\"Jürgen\t✓\"".as_bytes()), "Jürgen\t✓");
    assert_eq!(value(b"Bearer a=\"J\xfcrgen\""), "Jürgen");
    assert_eq!(value(b"Bearer a=\"\\\xff\""), "ÿ");
    for field in [&b"Bearer a=J\xfcrgen"[..], b"J\xfcrgen", b"Bearer \xff", b"Bearer \xffa=b"] {
        assert!(matches!(read(field), Err(ChallengeError::Malformed { .. })), "{field:?}");
    }
    assert_eq!(read(b"Bearer a=\"b\nc\""), Err(ChallengeError::Malformed { at: 11 }));
    assert_eq!(read(b"Bearer a=\"b\\\x7f\""), Err(ChallengeError::Malformed { at: 12 }));
}

#[test]
fn broken_quoting_is_an_error_that_says_where() {
    for field in [r#"Bearer a="b"#, r#"Bearer a=""#, r#"Bearer a="b\"#, r#"Bearer a="b\", c=d"#] {
        assert_eq!(read(&[field]), Err(ChallengeError::UnclosedQuote { at: 9 }), "{field}");
    }
    assert_eq!(read(&[r#"Bearer a="b"c"#]), Err(ChallengeError::Malformed { at: 12 }));
    assert_eq!(read(&[r#"Bearer a=b"c""#]), Err(ChallengeError::Malformed { at: 10 }));
    assert_eq!(read(&[r#"Bearer a="b" c="d""#]), Err(ChallengeError::Malformed { at: 13 }));
    assert_eq!(read(&["Bearer a=, b=c"]), Err(ChallengeError::StrayParameter { name: "b".to_owned() }));
    assert_eq!(read(&["Bearer a=b, c=, d=e"]), Err(ChallengeError::Malformed { at: 14 }));
    let two = read(&[r#"Bearer a="b"#, r#"c""#]);
    assert_eq!(two, Err(ChallengeError::UnclosedQuote { at: 9 }), "a quote ends in its field");
}

#[test]
fn a_parameter_occurs_once_whatever_its_case() {
    let error = Err(ChallengeError::DuplicateParameter { name: "REALM".to_owned() });
    assert_eq!(read(&["Bearer realm=a, REALM=b"]), error);
    assert_eq!(read(&["Bearer realm=a", "REALM=b"]), error);
    assert_eq!(shown(&["Bearer realm=a, Basic realm=b"]).len(), 2, "another challenge has its own");
    let long = "x".repeat(1000);
    let error = read(&[&format!("A {long}=1, {long}=2")]).unwrap_err();
    assert!(error.to_string().len() < 200, "{error}");
}

#[test]
fn a_parameter_without_a_challenge_is_an_error() {
    for field in ["a=b", ", a=b", "Negotiate YII=, a=b"] {
        assert_eq!(read(&[field]), Err(ChallengeError::StrayParameter { name: "a".to_owned() }), "{field}");
    }
}

#[test]
fn names_and_schemes_are_compared_without_regard_to_case() {
    let challenges = read(&["bEARER Realm=x"]).unwrap();
    assert!(challenges[0].is("Bearer"));
    assert_eq!(challenges[0].parameter("rEALM"), Some("x"));
    assert_eq!(challenges[0].parameter("real"), None);
}

#[test]
fn length_and_counts_are_bounded() {
    let quoted = |length: usize| format!("A a=\"{}\"", "x".repeat(length - 6));
    assert!(read(&[&quoted(LONGEST_FIELDS)]).is_ok());
    assert_eq!(read(&[&quoted(LONGEST_FIELDS + 1)]), Err(ChallengeError::TooLong));
    assert_eq!(read(&[&quoted(LONGEST_FIELDS), ","]), Err(ChallengeError::TooLong), "all fields count");
    assert_eq!(read(&vec!["A"; MOST_CHALLENGES]).map(|all| all.len()), Ok(MOST_CHALLENGES));
    assert_eq!(read(&vec!["A"; MOST_CHALLENGES + 1]), Err(ChallengeError::TooManyChallenges));
    let many = |count: usize| format!("A {}", (0..count).map(|n| format!("p{n}=1,")).collect::<String>());
    assert!(read(&[&many(MOST_PARAMETERS)]).is_ok());
    assert_eq!(read(&[&many(MOST_PARAMETERS + 1)]), Err(ChallengeError::TooManyParameters));
}

#[test]
fn a_token68_is_not_shown() {
    assert!(!format!("{:?}", read(&["Negotiate hunter2"])).contains("hunter2"));
}

fn headers(fields: &[&str]) -> HeaderMap {
    fields.iter().map(|field| (WWW_AUTHENTICATE, HeaderValue::from_str(field).unwrap())).collect()
}

fn claims(fields: &[&str]) -> Result<Option<ClaimsChallenge>, ChallengeError> {
    ClaimsChallenge::from_headers(&headers(fields))
}

const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1700000000"},"x":"???>>>"}}"#;

#[test]
fn the_challenge_of_microsoft_graph_is_read() {
    let field = format!(
        r#"Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", claims="{}""#,
        STANDARD.encode(CLAIMS)
    );
    let expected = ClaimsChallenge {
        claims: Some(CLAIMS.to_owned()),
        authority: Some(Url::parse("https://login.microsoftonline.com/common").unwrap()),
        error: Some("insufficient_claims".to_owned()),
        client_id: Some("00000003-0000-0000-c000-000000000000".to_owned()),
        ..ClaimsChallenge::default()
    };
    assert_eq!(claims(&[&field]), Ok(Some(expected)));
}

#[test]
fn claims_come_in_either_alphabet_padded_or_not_or_as_they_are() {
    let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
    let raw = CLAIMS.replace('"', "\\\"");
    let forms = engines.map(|engine| engine.encode(CLAIMS));
    assert!(
        forms.iter().any(|form| form.contains(['+', '/']))
            && forms.iter().any(|form| form.contains(['-', '_']))
    );
    for form in forms.into_iter().chain([raw, format!(" {} ", URL_SAFE.encode(CLAIMS))]) {
        let field = format!(r#"Bearer error="insufficient_claims", claims="{form}""#);
        let challenge = claims(&[&field]).unwrap().unwrap();
        assert_eq!(challenge.claims.as_deref(), Some(CLAIMS), "{form}");
    }
}

#[test]
fn claims_that_are_no_object_are_an_error() {
    let encoded = ["[]", "null", "{", "{}x", "\u{fffd}"].map(|text| STANDARD.encode(text));
    let deep = STANDARD.encode("{\"a\":".repeat(1000));
    for form in encoded.iter().map(String::as_str).chain(["%%%", "x", "{", &deep, "e30+_w"]) {
        let field = format!(r#"Bearer error="insufficient_claims", claims="{form}""#);
        assert_eq!(claims(&[&field]), Err(ChallengeError::Claims), "{form}");
    }
    let latin = STANDARD.encode(b"{\"a\":\"\xfc\"}");
    let field = format!("Bearer error=insufficient_claims, claims=\"{latin}\"");
    assert_eq!(claims(&[&field]), Err(ChallengeError::Claims), "it is not UTF-8");
}

#[test]
fn the_challenge_that_wants_claims_is_picked() {
    let wants = r#"error="insufficient_claims", claims="e30""#;
    let nonce = |fields: &[&str]| claims(fields).unwrap().and_then(|challenge| challenge.nonce);
    let bearer = format!("bearer nonce=1, {wants}");
    let pop = format!("PoP nonce=2, {wants}");
    let other = format!("Digest nonce=3, {wants}");
    assert_eq!(
        nonce(&["Negotiate", "Bearer error=invalid_token, nonce=0", &bearer, &pop]).as_deref(),
        Some("1")
    );
    assert_eq!(nonce(&[&other, &pop, &bearer]).as_deref(), Some("2"), "the first in order");
    assert_eq!(claims(&[&other, "Bearer claims=e30", "Bearer error=Insufficient_Claims"]), Ok(None));
    assert_eq!(claims(&[]), Ok(None));
    let bare = claims(&["Bearer error=insufficient_claims, claims=\"\""]).unwrap().unwrap();
    assert_eq!(bare.claims, None);
}

#[test]
fn challenges_without_claims_tell_authority_resource_and_nonce() {
    let vault = r#"Bearer authorization="https://login.windows.net/00001111-aaaa-2222-bbbb-3333cccc4444", resource="https://vault.azure.net""#;
    let pop = r#"PoP nonce="abc", scope="a b", resource_metadata="https://api.contoso.com/.well-known/oauth-protected-resource""#;
    let challenges = read(&[vault, pop]).unwrap();
    let vault = ClaimsChallenge::from_challenge(&challenges[0]).unwrap();
    let authority = vault.authority.as_ref().map(Url::as_str);
    assert_eq!(authority, Some("https://login.windows.net/00001111-aaaa-2222-bbbb-3333cccc4444"));
    assert_eq!(vault.resource.as_deref(), Some("https://vault.azure.net"));
    let pop = ClaimsChallenge::from_challenge(&challenges[1]).unwrap();
    assert_eq!((pop.nonce.as_deref(), pop.scope.as_deref()), (Some("abc"), Some("a b")));
    assert!(pop.resource_metadata.is_some());
}

#[test]
fn an_authority_is_the_address_without_the_endpoint() {
    for (text, authority) in [
        (
            "https://login.microsoftonline.com/t/oauth2/v2.0/authorize?a=b#c",
            "https://login.microsoftonline.com/t",
        ),
        ("https://sts.contoso.com/adfs/OAuth2/Authorize/", "https://sts.contoso.com/adfs"),
        ("https://login.microsoftonline.com/t/", "https://login.microsoftonline.com/t/"),
        ("https://login.windows.net/", "https://login.windows.net/"),
        ("http://localhost:8080/t", "http://localhost:8080/t"),
        ("http://login.microsoftonline.com/t", ""),
        ("https://login.microsoftonline.com@contoso.com/t", ""),
        ("javascript:alert(1)", ""),
        ("login.microsoftonline.com", ""),
    ] {
        let field = format!("Bearer error=insufficient_claims, authorization_uri=\"{text}\"");
        let found = claims(&[&field]).unwrap().unwrap().authority;
        assert_eq!(found.as_ref().map(Url::as_str).unwrap_or_default(), authority, "{text}");
    }
}

#[test]
fn a_challenge_that_is_handed_on_reads_as_it_was() {
    let challenge = ClaimsChallenge {
        claims: Some(r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#.to_owned()),
        error: Some("insufficient_claims".to_owned()),
        authority: Some("https://login.microsoftonline.com/contoso.com/".parse().unwrap()),
        ..ClaimsChallenge::default()
    };
    let headers = HeaderMap::from_iter([(http::header::WWW_AUTHENTICATE, challenge.to_header().unwrap())]);
    let read = ClaimsChallenge::from_headers(&headers).unwrap().unwrap();
    assert_eq!(read.claims, challenge.claims);
    assert_eq!(read.error, challenge.error);
}
