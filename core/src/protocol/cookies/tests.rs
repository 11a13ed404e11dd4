use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn server() -> Url {
    url("https://sts.contoso.com/adfs/oauth2/authorize?x=y")
}

fn set(values: &[&str]) -> HeaderMap {
    values.iter().map(|value| (SET_COOKIE, HeaderValue::from_str(value).unwrap())).collect()
}

/// What goes back to the server after these responses.
fn after(responses: &[&[&str]]) -> Result<String, CookieError> {
    let mut cookies = Cookies::of(&server());
    for values in responses {
        cookies.take(&server(), &set(values), NOW)?;
    }
    Ok(cookies.header(&server()).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default())
}

#[test]
fn what_was_set_goes_back_by_name_and_value_alone() {
    let all = ["MSISAuth=AAEAA==; path=/adfs; HttpOnly; Secure; SameSite=None", " b = \"c d\" ", "empty="];
    assert_eq!(after(&[&all]).unwrap(), "MSISAuth=AAEAA==; b=\"c d\"; empty=");
    assert_eq!(after(&[&["a=1"], &["b=2"]]).unwrap(), "a=1; b=2");
    assert_eq!(after(&[&["a=1", "b=2"], &["a=3"], &["A=4"]]).unwrap(), "b=2; a=3; A=4");
    assert_eq!(after(&[]).unwrap(), "");
}

#[test]
fn what_is_over_is_deleted() {
    for over in [
        "a=; Max-Age=0",
        "a=; max-age=-1",
        "a=x; Max-Age=-99999999999999999999",
        "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "a=; expires=Thu, 01-Jan-1970 00:00:00 GMT",
        "a=; expires=Tue, 14 Nov 2023 22:13:20 GMT",
    ] {
        assert_eq!(after(&[&["a=1", "b=2"], &[over]]).unwrap(), "b=2", "{over}");
    }
    for good in [
        "a=3; Max-Age=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "a=3; Max-Age=99999999999999999999",
        "a=3; Expires=Tue, 14 Nov 2023 22:13:21 GMT",
        "a=3; Expires=soon; Max-Age=",
    ] {
        assert_eq!(after(&[&["a=1"], &[good]]).unwrap(), "a=3", "{good}");
    }
}

#[test]
fn what_no_server_means_is_passed_over() {
    for odd in ["a", "=1", " =1", "", ";a=1", "a=1; Domain=evil.example", "a=1; domain=ts.contoso.com"] {
        assert_eq!(after(&[&[odd]]).unwrap(), "", "{odd}");
    }
    for own in ["a=1; Domain=contoso.com", "a=1; domain=.STS.contoso.com", "a=1; Domain="] {
        assert_eq!(after(&[&[own]]).unwrap(), "a=1", "{own}");
    }
    let mut cookies = Cookies::of(&server());
    let headers = HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_bytes(b"a=\xff").unwrap())]);
    cookies.take(&server(), &headers, NOW).unwrap();
    assert_eq!(cookies.header(&server()), None);
}

#[test]
fn another_origin_sets_none_and_gets_none() {
    let mut cookies = Cookies::of(&server());
    cookies.take(&server(), &set(&["a=1"]), NOW).unwrap();
    for other in [
        "http://sts.contoso.com/adfs",
        "https://sts.contoso.com:8443/adfs",
        "https://contoso.com/adfs",
        "https://sts.contoso.com.evil.example/adfs",
    ] {
        assert_eq!(cookies.header(&url(other)), None, "{other}");
        cookies.take(&url(other), &set(&["a=2", "b=3"]), NOW).unwrap();
    }
    let value = cookies.header(&url("https://STS.contoso.com:443/elsewhere")).unwrap();
    assert_eq!(value, "a=1");
    assert!(value.is_sensitive());
}

#[test]
fn a_secure_cookie_does_not_come_over_plain_http() {
    let loopback = url("http://127.0.0.1:8080/adfs/");
    let mut cookies = Cookies::of(&loopback);
    cookies.take(&loopback, &set(&["a=1; Secure", "b=2"]), NOW).unwrap();
    assert_eq!(cookies.header(&loopback).unwrap(), "b=2");
}

#[test]
fn they_are_few_and_short_or_none_is_taken() {
    let many: Vec<_> = (0..MOST_COOKIES).map(|at| format!("c{at}=x")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let all = after(&[&many]).unwrap();
    assert_eq!(all.split("; ").count(), MOST_COOKIES);
    // One in place of another is no more.
    assert!(after(&[&many, &["c7=y"]]).is_ok());
    assert_eq!(after(&[&many, &["more=x"]]), Err(CookieError::TooMany));
    let long = |length: usize| format!("a={}", "x".repeat(length));
    assert!(after(&[&[long(LONGEST_COOKIE - 1).as_str()]]).is_ok());
    assert_eq!(after(&[&[long(LONGEST_COOKIE).as_str()]]), Err(CookieError::TooLong));

    let mut cookies = Cookies::of(&server());
    cookies.take(&server(), &set(&["a=1"]), NOW).unwrap();
    cookies.take(&server(), &set(&["a=2", &long(LONGEST_COOKIE)]), NOW).unwrap_err();
    assert_eq!(cookies.header(&server()).unwrap(), "a=1");
}

#[test]
fn debug_shows_no_cookie() {
    let mut cookies = Cookies::of(&server());
    cookies.take(&server(), &set(&["hunter=hunter2"]), NOW).unwrap();
    let shown = format!("{cookies:?} {:?}", cookies.header(&server()));
    assert!(!shown.contains("hunter"), "{shown}");
    assert!(cookies.has("hun") && !cookies.has("unter"));
}
