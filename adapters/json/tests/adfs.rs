//! Integrated sign-in at AD FS alone, line by line.

mod world;

use serde_json::{Value, json};

use world::{ACCESS_TOKEN, NOW, Talk, application_token, form, header, password_start, with, without};

fn start() -> Value {
    let start = with(password_start(), "start", "adfs_integrated_auth");
    let start = without(without(start, "username"), "password");
    let start = with(start, "authority", "https://sts.contoso.com/adfs");
    with(start, "redirect_uri", "http://localhost:8400/")
}

fn redirect(location: &str, cookies: &[&str]) -> Value {
    let mut headers = vec![json!(["Location", location])];
    headers.extend(cookies.iter().map(|cookie| json!(["Set-Cookie", cookie])));
    json!({ "answer": "send", "now": NOW + 100, "status": 302, "headers": headers })
}

/// The state that the address of a request holds.
fn state(request: &Value) -> String {
    let query = request["url"].as_str().unwrap().split_once('?').unwrap().1;
    query.split('&').find_map(|pair| pair.strip_prefix("state=")).unwrap().to_owned()
}

#[test]
fn the_signed_in_user_gets_a_token_from_ad_fs() {
    let mut talk = Talk::new();
    let ask = talk.say(&start());
    let first = ask["request"].clone();
    assert!(
        first["url"]
            .as_str()
            .unwrap()
            .starts_with("https://sts.contoso.com/adfs/oauth2/authorize?client_id=app&")
    );
    assert_eq!((&first["auth"], &first["service"]), (&json!("negotiate"), &json!("HTTP/sts.contoso.com")));
    assert_eq!(header(&first, "user-agent"), Some("MSAuthHost/1.0/In-Domain"));
    assert_eq!(header(&first, "cookie"), None);

    let ask =
        talk.say(&redirect("/adfs/oauth2/authorize/wia?x=y", &["a=1; Path=/adfs", "planted=2; Secure"]));
    let second = &ask["request"];
    assert_eq!(second["url"], "https://sts.contoso.com/adfs/oauth2/authorize/wia?x=y");
    assert_eq!(header(second, "cookie"), Some("a=1; planted=2"));

    let answer = format!("http://localhost:8400/?code=planted.code&state={}", state(&first));
    let ask = talk.say(&redirect(&answer, &[]));
    let token = &ask["request"];
    assert_eq!(
        (&token["url"], &token["auth"]),
        (&json!("https://sts.contoso.com/adfs/oauth2/token"), &json!("none"))
    );
    assert_eq!(form(token, "code").as_deref(), Some("planted.code"));
    assert_eq!(header(token, "cookie"), None);
    let ask = talk.say(&application_token());
    assert_eq!((&ask["step"], &ask["result"]["access_token"]), (&json!("done"), &json!(ACCESS_TOKEN)));
}

#[test]
fn a_page_in_place_of_the_answer_is_a_failure_that_says_whose_turn_it_is() {
    let mut talk = Talk::new();
    talk.say(&start());
    let ask = talk.say(&world::answer(200, "text/html", "<form>planted</form>"));
    assert_eq!((&ask["step"], &ask["error"]["code"]), (&json!("failed"), &json!("adfs_sign_in_page")));
    assert_eq!((&ask["error"]["kind"], &ask["error"]["status"]), (&json!("ui_required"), &json!(200)));
    assert!(ask["error"]["remedy"].as_str().unwrap().contains("Set-AdfsProperties -WIASupportedUserAgents"));
    assert!(!ask.to_string().contains("planted"));
}

#[test]
fn the_user_agent_and_the_usual_options_are_taken_and_others_are_not() {
    let mut talk = Talk::new();
    let line = with(start(), "user_agent", "Contoso/1.0");
    let line = with(line, "extra_query_parameters", json!({ "resource": "urn:x" }));
    let ask = talk.say(&with(line, "login_hint", "joe@contoso.com"));
    assert_eq!(header(&ask["request"], "user-agent"), Some("Contoso/1.0"));
    let url = ask["request"]["url"].as_str().unwrap();
    assert!(url.contains("&login_hint=joe%40contoso.com&") && url.ends_with("&resource=urn%3Ax"), "{url}");
    for name in ["username", "password", "prompt", "response_mode", "force_refresh", "fmi_path"] {
        let reason = Talk::new().refusal(&with(start(), name, "planted").to_string());
        assert_eq!(reason, format!("the start \"adfs_integrated_auth\" cannot use the member {name:?}"));
    }
    let missing = Talk::new().refusal(&without(start(), "redirect_uri").to_string());
    assert_eq!(missing, "the member \"redirect_uri\" is missing");
    for (line, code) in [
        (
            with(start(), "authority", "https://login.microsoftonline.com/contoso.com"),
            "authority_kind_not_supported",
        ),
        (with(start(), "client_secret", "planted"), "client_type_not_supported"),
        (with(start(), "redirect_uri", "http://app.example/"), "invalid_argument"),
        (with(start(), "user_agent", ""), "invalid_argument"),
    ] {
        assert_eq!(Talk::new().say(&line)["error"]["code"], code);
    }
}
