//! AD FS's authorize endpoint and a ticket: the cookies, the user agent, and what stands in the way.

use std::net::TcpStream;

use data_encoding::BASE64;
use entrada_emulator::{App, Config, Emulator, MUTUAL, Negotiate, NegotiateMode, client_token, world};

use crate::browser::*;
use crate::support::*;

const AGENT: &str = "Something/1.0 MSAuthHost/1.0/In-Domain";

fn ticket(upn: &str) -> String {
    format!("Negotiate {}", BASE64.encode(&client_token(1, upn)))
}

fn authorize() -> String {
    format!("/adfs/oauth2/authorize?{}", form(&native()))
}

fn ask(client: &mut Client<TcpStream>, path: &str, headers: &[(&str, &str)]) -> Answer {
    client.send("GET", path, headers, b"").expect("an answer")
}

/// The path of a redirect to the emulator itself.
#[track_caller]
fn path(emulator: &Emulator, answer: &Answer) -> String {
    assert_eq!(answer.status, 302, "{}", answer.text());
    let location = answer.header("location").expect("a location");
    location.strip_prefix(emulator.base_url()).expect("an address of its own").to_owned()
}

/// What was set, as it goes back; what was deleted is not in it.
fn cookies(answer: &Answer) -> String {
    let set =
        answer.headers.iter().filter(|(name, value)| name == "set-cookie" && !value.contains("Expires"));
    set.filter_map(|(_, value)| value.split(';').next()).collect::<Vec<_>>().join("; ")
}

/// Goes up to the answer to the ticket.
fn presented(emulator: &Emulator, upn: &str) -> (Answer, String) {
    let mut client = connect(emulator);
    let first = ask(&mut client, &authorize(), &[("User-Agent", AGENT)]);
    let (there, context) = (path(emulator, &first), cookies(&first));
    assert!(there.starts_with("/adfs/oauth2/authorize/wia?client_id="), "{there}");
    let headers = [("User-Agent", AGENT), ("Cookie", &context)];
    let challenged = ask(&mut client, &there, &headers);
    let offers: Vec<_> = challenged.headers.iter().filter(|(name, _)| name == "www-authenticate").collect();
    assert_eq!((challenged.status, offers.len()), (401, 2), "Negotiate and NTLM");
    let ticket = ticket(upn);
    let headers = [&headers[..], &[("Authorization", ticket.as_str())]].concat();
    (ask(&mut client, &there, &headers), context)
}

#[test]
fn a_ticket_brings_a_code_by_way_of_two_redirects() {
    let emulator = emulator();
    let (accepted, context) = presented(&emulator, world::FEDERATED_USER);
    assert_eq!(path(&emulator, &accepted), authorize());
    let mutual = format!("Negotiate {}", BASE64.encode(MUTUAL));
    assert_eq!(accepted.header("www-authenticate"), Some(mutual.as_str()));
    let all = format!("{context}; {}", cookies(&accepted));
    assert!(all.contains("MSISAuth=") && all.contains("MSISAuthenticated="), "{all}");
    let headers = [("User-Agent", AGENT), ("Cookie", all.as_str())];
    let last = ask(&mut connect(&emulator), &authorize(), &headers);
    assert!(
        last.headers.iter().any(|(name, value)| name == "set-cookie" && value.starts_with("MSISContext=;"))
    );
    let location = last.header("location").expect("a location");
    let code = location.strip_prefix("http://localhost:8400/?code=").expect("a code");
    let code = code.split('&').next().expect("a code");
    let tokens = post(&emulator, "/adfs/oauth2/token", &[], &without(redemption(code), "client_info"));
    assert_eq!(tokens.status, 200, "{}", tokens.text());
    let claims = read(&member(&tokens.json(), "id_token"));
    assert_eq!(
        (claims["upn"].as_str(), claims["nonce"].as_str()),
        (Some(world::FEDERATED_USER), Some("a nonce"))
    );
    violated(&emulator, "");
}

#[test]
fn a_user_agent_that_is_not_listed_and_a_wish_for_a_page_get_pages() {
    let emulator = emulator();
    let login = format!("{}&prompt=login", authorize());
    for (path, headers) in [
        (authorize(), &[("User-Agent", "Mozilla/5.0")][..]),
        (authorize(), &[]),
        (authorize().replace("authorize?", "authorize/wia?"), &[("User-Agent", "Mozilla/5.0")]),
        (login, &[("User-Agent", AGENT)]),
        (authorize().replace("/adfs/oauth2/", "/contoso.com/oauth2/v2.0/"), &[("User-Agent", AGENT)]),
    ] {
        let answer = ask(&mut connect(&emulator), &path, headers);
        assert!(answer.status == 200 && answer.text().contains("<form"), "{path}");
    }
    violated(&emulator, "");
}

#[test]
fn the_cookies_that_were_set_have_to_come_back() {
    let emulator = emulator();
    let wia = authorize().replace("authorize?", "authorize/wia?");
    let answer = ask(&mut connect(&emulator), &wia, &[("User-Agent", AGENT)]);
    assert!(answer.text().contains("MSIS9100"), "{}", answer.text());
    violated(&emulator, "MSISContext was set and did not come back");

    emulator.clear_records();
    let (_, context) = presented(&emulator, world::FEDERATED_USER);
    let headers = [("User-Agent", AGENT), ("Cookie", context.as_str())];
    let again = ask(&mut connect(&emulator), &authorize(), &headers);
    assert!(path(&emulator, &again).contains("/wia?"));
    violated(&emulator, "MSISAuth was set and did not come back");
}

#[test]
fn what_stands_in_the_way_of_a_user_is_a_page() {
    let emulator = emulator();
    let (accepted, context) = presented(&emulator, world::FEDERATED_MFA_USER);
    let all = format!("{context}; {}", cookies(&accepted));
    let headers = [("User-Agent", AGENT), ("Cookie", all.as_str())];
    let page = ask(&mut connect(&emulator), &authorize(), &headers);
    assert!(page.status == 200 && page.text().contains("name=\"code\""), "{}", page.text());

    let (refused, _) = presented(&emulator, world::LOCKED_USER);
    assert!(refused.status == 200 && refused.text().contains("MSIS9053"), "{}", refused.text());
    violated(&emulator, "");
}

#[test]
fn a_ticket_that_is_refused_is_a_final_401() {
    let negotiate = Negotiate { rounds: 1, mode: NegotiateMode::Refuse };
    let emulator = Emulator::start(Config { negotiate, ..Config::default() }).expect("an emulator");
    let (refused, _) = presented(&emulator, world::FEDERATED_USER);
    assert_eq!(refused.status, 401);
    violated(&emulator, "");
}

#[test]
fn an_application_that_ad_fs_does_not_know_gets_a_page() {
    let config = Config { apps: vec![App::default()], ..Config::default() };
    let emulator = Emulator::start(config).expect("an emulator");
    let page = ask(&mut connect(&emulator), &authorize(), &[("User-Agent", AGENT)]);
    assert!(page.status == 400 && page.text().contains("MSIS9"), "{}", page.text());
}
