//! Agent identities: the blueprint's token, the agent's token, and the user's.

use entrada_emulator::{Emulator, world};

use crate::browser::*;
use crate::support::*;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const EXCHANGE: &str = "api://AzureADTokenExchange/.default";

fn blueprint() -> Pairs<'static> {
    vec![
        ("grant_type", "client_credentials"),
        ("client_id", world::BLUEPRINT_CLIENT_ID),
        ("client_secret", world::CLIENT_SECRET),
        ("scope", EXCHANGE),
        ("fmi_path", world::AGENT_CLIENT_ID),
    ]
}

fn agent(first: &str) -> Pairs<'_> {
    vec![
        ("grant_type", "client_credentials"),
        ("client_id", world::AGENT_CLIENT_ID),
        ("client_assertion_type", TYPE),
        ("client_assertion", first),
        ("scope", EXCHANGE),
    ]
}

fn user<'a>(first: &'a str, second: &'a str) -> Pairs<'a> {
    vec![
        ("grant_type", "user_fic"),
        ("client_id", world::AGENT_CLIENT_ID),
        ("client_assertion_type", TYPE),
        ("client_assertion", first),
        ("user_federated_identity_credential", second),
        ("username", world::AGENT_USER),
        ("scope", SCOPES),
        ("client_info", "1"),
    ]
}

fn first(emulator: &Emulator) -> String {
    member(&granted(emulator, &blueprint()), "access_token")
}

fn second(emulator: &Emulator, first: &str) -> String {
    member(&granted(emulator, &agent(first)), "access_token")
}

#[test]
fn three_steps_lead_to_the_users_token() {
    let emulator = emulator();
    let first = first(&emulator);
    assert!(read(&first)["sub"].as_str().is_some_and(|subject| subject.ends_with(world::AGENT_CLIENT_ID)));
    let second = second(&emulator, &first);
    let body = granted(&emulator, &user(&first, &second));
    let token = claims(&emulator, &member(&body, "access_token"));
    assert_eq!((&token["upn"], &token["azp"]), (&world::AGENT_USER.into(), &world::AGENT_CLIENT_ID.into()));
    assert!(body["client_info"].is_string());
    let oid = token["oid"].as_str().expect("an identifier").to_owned();
    let by_id = with(without(user(&first, &second), "username"), "user_id", &oid);
    granted(&emulator, &by_id);
    violated(&emulator, "");
}

#[test]
fn a_token_of_another_tenants_service_is_worth_nothing() {
    let (emulator, elsewhere) = (emulator(), crate::support::emulator());
    let foreign = first(&elsewhere);
    refused(&emulator, &agent(&foreign), 700027, "names no registered certificate");
    let first = first(&emulator);
    refused(&emulator, &user(&first, &second(&elsewhere, &foreign)), 50013, "no token of this service");
}

#[test]
fn a_blueprint_asks_for_its_own_agents_and_for_the_exchange() {
    let emulator = emulator();
    refused(&emulator, &with(blueprint(), "fmi_path", world::CLIENT_ID), 700231, "no agent identity");
    refused(&emulator, &with(blueprint(), "client_id", world::DAEMON_CLIENT_ID), 700231, "no agent identity");
    refused(&emulator, &with(blueprint(), "scope", world::GRAPH_DEFAULT_SCOPE), 70011, "exchange");
}

#[test]
fn an_agent_comes_with_its_blueprints_token() {
    let emulator = emulator();
    let plain = member(&granted(&emulator, &without(blueprint(), "fmi_path")), "access_token");
    refused(&emulator, &agent(&plain), 700213, "not the blueprint's token");
    let graph = with(without(blueprint(), "fmi_path"), "scope", world::GRAPH_DEFAULT_SCOPE);
    let graph = member(&granted(&emulator, &graph), "access_token");
    refused(&emulator, &agent(&graph), 700212, "exchange");
    refused(&emulator, &without(agent("x"), "client_assertion"), 7000218, "");
}

#[test]
fn a_users_credential_is_the_agents_own_token() {
    let emulator = emulator();
    let first = first(&emulator);
    let second = second(&emulator, &first);
    refused(&emulator, &user(&first, &first), 50013, "own token");
    refused(&emulator, &user(&first, "x"), 50013, "no token of this service");
    let missing = without(user(&first, &second), "user_federated_identity_credential");
    refused(&emulator, &missing, 900144, "user_federated_identity_credential");
    emulator.advance_clock(4000);
    refused(&emulator, &user(&crate::agents::first(&emulator), &second), 500133, "");
}

#[test]
fn a_user_is_the_agents_and_named_in_one_way() {
    let emulator = emulator();
    let first = first(&emulator);
    let second = second(&emulator, &first);
    refused(&emulator, &with(user(&first, &second), "username", world::MANAGED_USER), 50034, "");
    refused(&emulator, &without(user(&first, &second), "username"), 900144, "user_id or a username");
    refused(&emulator, &with(user(&first, &second), "user_id", "x"), 900144, "user_id or a username");
}

#[test]
fn nobody_but_an_agent_takes_the_last_step() {
    let emulator = emulator();
    let form = user("x", "y").into_iter().filter(|(name, _)| !name.starts_with("client_assertion")).collect();
    let form = with(with(form, "client_id", world::DAEMON_CLIENT_ID), "client_secret", world::CLIENT_SECRET);
    refused(&emulator, &form, 700213, "blueprint's token");
}
