use http::HeaderMap;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const APP: &str = "http://localhost:8400/";

fn page() -> Url {
    Url::parse("https://sts.contoso.com/adfs/oauth2/authorize?client_id=app").unwrap()
}

fn redirect(location: &str) -> Response {
    let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_str(location).unwrap())]);
    Response::new(StatusCode::FOUND, headers, Vec::new())
}

fn led(location: &str, redirect_uri: &str) -> Result<Way, Fault> {
    response(&redirect(location), &page(), redirect_uri, &Cookies::of(&page()), NOW)
}

#[test]
fn a_redirect_to_the_same_origin_leads_on() {
    for (location, to) in [
        ("/adfs/oauth2/authorize/wia?a=b", "https://sts.contoso.com/adfs/oauth2/authorize/wia?a=b"),
        ("wia?a=b", "https://sts.contoso.com/adfs/oauth2/wia?a=b"),
        ("https://STS.contoso.com:443/x#top", "https://sts.contoso.com/x"),
        (" ?pullStatus=0 ", "https://sts.contoso.com/adfs/oauth2/authorize?pullStatus=0"),
        ("https://sts.contoso.com/?code=x", "https://sts.contoso.com/?code=x"),
    ] {
        let Ok(Way::On(url)) = led(location, APP) else { panic!("{location}") };
        assert_eq!(url.as_str(), to);
    }
}

#[test]
fn every_other_address_is_elsewhere() {
    for (location, host) in [
        ("http://sts.contoso.com/adfs/oauth2/authorize/wia", "sts.contoso.com"),
        ("https://sts.contoso.com:8443/adfs/oauth2/authorize/wia", "sts.contoso.com"),
        ("https://joe@sts.contoso.com/adfs", "sts.contoso.com"),
        ("https://:p@sts.contoso.com/adfs", "sts.contoso.com"),
        ("//login.fabrikam.com/adfs", "login.fabrikam.com"),
        ("https://sts.contoso.com.evil.example/", "sts.contoso.com.evil.example"),
        ("data:text/html,x", ""),
    ] {
        let Err(Fault::Adfs(AdfsFault::Elsewhere { host: found })) = led(location, APP) else {
            panic!("{location}")
        };
        assert_eq!(found, host, "{location}");
    }
}

#[test]
fn the_redirect_uri_is_known_whatever_was_added_to_its_query() {
    for (location, redirect_uri) in [
        ("http://localhost:8400/?code=x&state=y", APP),
        ("http://localhost:8400?code=x", APP),
        ("http://localhost/?error=access_denied", "http://localhost"),
        ("https://app.example/cb?own=1&code=x", "https://app.example/cb?own=1"),
        ("https://APP.example:443/cb?code=x", "https://app.example/cb"),
        ("msapp://auth?code=x", "msapp://auth"),
        ("msapp://auth/?code=x", "msapp://auth"),
        ("urn:ietf:wg:oauth:2.0:oob?code=x", "urn:ietf:wg:oauth:2.0:oob"),
        ("/app?code=x", "https://sts.contoso.com/app"),
    ] {
        let Ok(Way::Answer(answer)) = led(location, redirect_uri) else { panic!("{location}") };
        assert_eq!(answer.expose(), location);
    }
    for (location, redirect_uri) in [
        ("http://localhost:8401/?code=x", APP),
        ("http://localhost:8400/other?code=x", APP),
        ("https://localhost:8400/?code=x", APP),
        ("http://joe@localhost:8400/?code=x", APP),
        ("https://app.example/cb?code=x", "https://app.example/cb?own=1"),
        ("https://app.example/CB?code=x", "https://app.example/cb"),
        ("msapp://other?code=x", "msapp://auth"),
    ] {
        assert!(
            matches!(led(location, redirect_uri), Err(Fault::Adfs(AdfsFault::Elsewhere { .. }))),
            "{location}"
        );
    }
}

#[test]
fn a_redirect_without_an_address_leads_nowhere() {
    let nowhere = |response: &Response| {
        let way = super::response(response, &page(), APP, &Cookies::of(&page()), NOW);
        assert!(matches!(way, Err(Fault::Adfs(AdfsFault::Nowhere { status })) if status == response.status));
    };
    for status in [301, 302, 303, 307, 308] {
        nowhere(&Response::new(StatusCode::from_u16(status).unwrap(), HeaderMap::new(), Vec::new()));
    }
    nowhere(&redirect("https://"));
    nowhere(&redirect(&format!("/{}", "x".repeat(LONGEST_REDIRECT))));
    let mut odd = redirect("/");
    odd.headers.insert(LOCATION, HeaderValue::from_bytes(b"/\xff").unwrap());
    nowhere(&odd);
}

#[test]
fn a_page_is_told_by_its_number_and_by_when_it_comes() {
    let told = |status: u16, body: &str, cookie: &str| {
        let mut cookies = Cookies::of(&page());
        let headers = [(http::header::SET_COOKIE, HeaderValue::from_str(cookie).unwrap())];
        cookies.take(&page(), &HeaderMap::from_iter(headers), NOW).unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        let page_itself = Response::new(status, HeaderMap::new(), body.as_bytes().to_vec());
        match response(&page_itself, &page(), APP, &cookies, NOW) {
            Err(Fault::Adfs(fault)) => fault,
            other => panic!("{other:?}"),
        }
    };
    let ok = StatusCode::OK;
    assert_eq!(told(200, "<form>", "a=b"), AdfsFault::SignInPage { status: ok });
    assert_eq!(told(200, "<form>", "MSISAuth=x"), AdfsFault::MoreWanted { status: ok });
    assert_eq!(told(200, "", "MSISAuth1=x"), AdfsFault::MoreWanted { status: ok });
    assert_eq!(told(200, "<p>MSIS9604: no", "a=b"), AdfsFault::ErrorPage { status: ok, number: 9604 });
    let failed = StatusCode::INTERNAL_SERVER_ERROR;
    assert_eq!(
        told(500, "MSISAuth MSIS MSIS123 MSIS10001", "a=b"),
        AdfsFault::ErrorPage { status: failed, number: 10001 }
    );
    for unnumbered in ["MSIS", "MSIS999", "MSIS123456", "msis9604", "MSIS 9604"] {
        assert_eq!(number(unnumbered.as_bytes()), None, "{unnumbered}");
    }
    assert_eq!(number(format!("{}MSIS9604", "MSISAuth ".repeat(MOST_PLACES)).as_bytes()), None);
}

#[test]
fn a_status_without_a_number_is_told_as_it_is() {
    let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, HeaderValue::from_static("7"))]);
    let busy = Response::new(StatusCode::SERVICE_UNAVAILABLE, headers, b"<p>later".to_vec());
    let Err(Fault::Status { service, status, retry_after, .. }) =
        response(&busy, &page(), APP, &Cookies::of(&page()), NOW)
    else {
        panic!()
    };
    assert_eq!((service, status), (Service::Authorization, StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(retry_after.map(|pause| pause.as_secs()), Some(7));
}
