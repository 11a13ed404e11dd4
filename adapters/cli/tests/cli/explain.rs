//! `entrada explain`.

use serde_json::{Value, json};

use crate::command::{run, run_with};

#[test]
fn a_number_of_the_service_is_explained_with_and_without_its_prefix() {
    for code in ["AADSTS50079", "50079", "aadsts50079", "AADSTS50079:"] {
        let ran = run(&["explain", code]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        assert!(ran.out.starts_with("AADSTS50079\n"), "{}", ran.out);
        for told in [
            "whose turn:     the user\n",
            "second factor",
            "https://login.microsoftonline.com/error?code=50079",
        ] {
            assert!(ran.out.contains(told), "{told}: {}", ran.out);
        }
    }
}

#[test]
fn codes_of_msal_of_the_standards_and_of_entrada_are_explained() {
    for (code, told) in [
        ("integrated_windows_auth_not_supported_managed_user", "whose turn:     the developer"),
        ("kerberos_service_unknown", "setspn -S"),
        ("unknown_user_type", "check the user name"),
        ("invalid_grant", "sign in interactively"),
        ("INVALID_CLIENT", "check the registration"),
        ("authorization_declined", "declined the device code"),
        ("code_expired", "start again"),
        ("basic_action", "sign in interactively"),
        ("insecure_endpoint", "no credential"),
        ("signing_failed", "key"),
        ("no_tokens_found", "with another flow"),
        ("token_store_failed", "the operator"),
        ("sign_in_timed_out", "in time"),
    ] {
        let ran = run(&["explain", code]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{code}");
        assert!(ran.out.contains(told), "{code}, {told}: {}", ran.out);
        assert!(ran.out.contains("what happened:  ") && ran.out.contains("what to do:     "), "{}", ran.out);
    }
}

#[test]
fn an_unknown_code_is_exit_code_2_and_says_where_else_to_look() {
    let ran = run(&["explain", "AADSTS123456789"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("https://login.microsoftonline.com/error?code=123456789"), "{}", ran.err);
    let ran = run(&["explain", "magic\u{1b}[2J"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("magic") && !ran.err.contains('\u{1b}'), "{}", ran.err);
}

#[test]
fn an_error_that_entrada_printed_is_read_from_standard_input() {
    let error = json!({
        "code": "invalid_grant", "kind": "claims_challenge", "message": "AADSTS50076: second factor",
        "remedy": "The user: sign in.", "status": 400, "error_codes": [50076], "suberror": null,
        "claims": "{\"x\":1}", "correlation_id": "my-own-id"
    });
    for text in [
        json!({ "step": "failed", "error": error }).to_string(),
        json!({ "error": error }).to_string(),
        error.to_string(),
        format!(
            "\u{feff}{{\"step\":\"refused\",\"reason\":\"x\"}}\r\n{}\r\n",
            json!({ "step": "failed", "error": error })
        ),
    ] {
        for args in [&["explain"][..], &["explain", "-"]] {
            let ran = run_with(args, text.as_bytes());
            assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{text}");
            for told in ["invalid_grant\n", "the user", "sign in.", "{\"x\":1}", "my-own-id", "second factor"]
            {
                assert!(ran.out.contains(told), "{told}: {}", ran.out);
            }
        }
    }
}

#[test]
fn an_answer_of_a_service_is_read_from_standard_input() {
    let body = json!({
        "error": "invalid_grant", "error_description": "AADSTS50126: Error validating credentials.\r\nTrace ID: x",
        "error_codes": [50126], "correlation_id": "my-own-id", "timestamp": "2023-11-14 22:13:20Z"
    });
    let ran = run_with(&["explain"], body.to_string().as_bytes());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(
        ran.out.contains("user name or password is wrong") && ran.out.contains("my-own-id"),
        "{}",
        ran.out
    );

    let ran = run_with(&["explain", "--json"], br#"{"error":"access_denied"}"#);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&told["code"], &told["whose_turn"]), (&json!("access_denied"), &json!("the user")));
    assert_eq!(told["error_codes"], json!([]));
}

#[test]
fn what_is_no_error_is_wrong_usage() {
    for text in [&b""[..], b"hello", b"{}", b"[]", b"\xff", b"{\"error\":7}"] {
        let ran = run_with(&["explain"], text);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(ran.err.starts_with("error: "), "{}", ran.err);
    }
}
