//! The assertion that a certificate's key signs: what it says, and when it is sent again.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entrada_core::application::{ClientCertificate, ClientCredential};
use entrada_core::flow::client_credentials::ClientCredentials;
use entrada_core::signer::{Signature, SignerErrorKind, SigningAlgorithm};
use entrada_tests::documents::{provider, refusal, tokens, told};
use entrada_tests::world::World;
use serde_json::{Value, json};

use crate::{DEFAULT, TENANT, certificate, confidential, oidc, seconds, with_certificate};

/// Of the bytes `certificate`.
const SHA_1: &str = "c1rVccGJ17qERkv0qfHSKAF1sSg";
const SHA_256: &str = "A9Zt0Ig1wco_EozOrNHzGslBYwlrIPRFroQoW8CDLXI";

/// Header and claims of the assertion in the request at this place.
fn sent(world: &World, at: usize) -> (Value, Value) {
    let assertion = world.field(at, "client_assertion").unwrap();
    let parts: Vec<_> = assertion.split('.').collect();
    assert_eq!(parts.len(), 3);
    let decode = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (decode(parts[0]), decode(parts[1]))
}

fn one(authority: &str) -> World {
    let mut world = World::default().answer("token", 200, tokens());
    world.run(with_certificate(authority)).unwrap();
    world
}

#[test]
fn what_is_signed_is_what_is_sent() {
    let world = one(TENANT);
    let [input] = world.signed.as_slice() else { panic!("{:?}", world.signed) };
    assert_eq!((input.algorithm, input.key.as_str()), (SigningAlgorithm::Ps256, "the key"));
    let assertion = world.field(0, "client_assertion").unwrap();
    let signature = URL_SAFE_NO_PAD.encode(entrada_tests::world::SIGNATURE);
    assert_eq!(assertion, format!("{}.{signature}", std::str::from_utf8(&input.input).unwrap()));
    assert_eq!(world.field(0, "client_secret"), None);
}

#[test]
fn each_kind_of_authority_gets_the_algorithm_and_the_thumbprint_that_it_takes() {
    for (authority, header) in [
        (TENANT, json!({"alg":"PS256","typ":"JWT","x5t#S256":SHA_256})),
        ("https://c.b2clogin.com/c.com/b2c_1_x", json!({"alg":"PS256","typ":"JWT","x5t#S256":SHA_256})),
        ("https://c.ciamlogin.com/c.com", json!({"alg":"PS256","typ":"JWT","x5t#S256":SHA_256})),
        ("https://sts.contoso.com/adfs", json!({"alg":"RS256","typ":"JWT","x5t":SHA_1})),
        ("https://d.example/dstsv2/c.com", json!({"alg":"RS256","typ":"JWT","x5t":SHA_1})),
    ] {
        assert_eq!(sent(&one(authority), 0).0, header, "{authority}");
    }
    let mut world = World::default()
        .answer("openid-configuration", 200, provider("https://idp.example", ""))
        .answer("https://idp.example/as/token", 200, tokens());
    let mut flow = with_certificate(TENANT);
    flow.app.authority = oidc("https://idp.example");
    world.run(flow).unwrap();
    let (header, claims) = sent(&world, 1);
    assert_eq!(header, json!({"alg":"RS256","typ":"JWT","x5t":SHA_1}));
    assert_eq!(claims["aud"], "https://idp.example/as/token");
}

#[test]
fn the_claims_say_who_to_whom_and_until_when_in_numbers() {
    let world = one(TENANT);
    let (_, mut claims) = sent(&world, 0);
    let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(jti.as_str().unwrap().len(), 36);
    let begin = 1_700_000_000;
    assert_eq!(
        claims,
        json!({"aud":"https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token","iss":"app","sub":"app",
            "iat":begin,"nbf":begin,"exp":begin + 600})
    );
    let mut flow = with_certificate(TENANT);
    flow.app.region = Some("westeurope".parse().unwrap());
    let mut world = World::default().answer("token", 200, tokens());
    world.run(flow).unwrap();
    assert_eq!(sent(&world, 0).1["aud"], world.sent[0].url.as_str());
}

#[test]
fn the_chain_goes_along_where_it_is_wanted_the_leaf_first() {
    let mut certificate = ClientCertificate::new(*b"certificate", "the key");
    certificate.chain = vec![b"issuer".to_vec(), b"root".to_vec()];
    for send_x5c in [false, true] {
        certificate.send_x5c = send_x5c;
        let app = confidential(TENANT, ClientCredential::Certificate(certificate.clone()));
        let mut world = World::default().answer("token", 200, tokens());
        world.run(app.acquire_token_for_client([DEFAULT])).unwrap();
        let header = sent(&world, 0).0;
        let chain = send_x5c.then(|| json!(["Y2VydGlmaWNhdGU=", "aXNzdWVy", "cm9vdA=="]));
        assert_eq!(header.get("x5c"), chain.as_ref());
        assert_eq!(header["x5t#S256"], SHA_256);
    }
}

#[test]
fn only_a_signer_that_cannot_do_ps256_is_asked_for_rs256() {
    let mut world = World::default()
        .signs(Err(SignerErrorKind::Unsupported.into()))
        .signs(Ok(Signature::new(*b"older")))
        .answer("token", 200, tokens());
    world.run(with_certificate(TENANT)).unwrap();
    let algorithms: Vec<_> = world.signed.iter().map(|input| input.algorithm).collect();
    assert_eq!(algorithms, [SigningAlgorithm::Ps256, SigningAlgorithm::Rs256]);
    let claims =
        |at: usize| world.signed[at].input.split(|byte| *byte == b'.').next_back().map(<[u8]>::to_vec);
    assert_ne!(claims(0), claims(1), "what was given to a signer is not given out again as another");
    assert_eq!(sent(&world, 0).0, json!({"alg":"RS256","typ":"JWT","x5t":SHA_1}));
    for kind in [SignerErrorKind::Unavailable, SignerErrorKind::Denied, SignerErrorKind::Other] {
        let mut world = World::default().signs(Err(kind.into()));
        assert_eq!(world.run(with_certificate(TENANT)).unwrap_err().code(), "signing_failed");
        assert_eq!(world.signed.len(), 1, "{kind:?}");
    }
    let unsupported = || Err(SignerErrorKind::Unsupported.into());
    let mut world = World::default().signs(unsupported()).signs(unsupported());
    assert_eq!(world.run(with_certificate(TENANT)).unwrap_err().code(), "signing_failed");
    let mut world = World::default().signs(unsupported());
    let error = world.run(with_certificate("https://sts.contoso.com/adfs")).unwrap_err();
    assert_eq!((error.code(), world.signed.len()), ("signing_failed", 1));
}

/// How often is signed in two calls, the second `later` seconds after the first.
fn signatures(first: ClientCredentials, second: ClientCredentials, later: u64) -> usize {
    let mut world = World::default().answer("token", 200, tokens());
    world.run(first).unwrap();
    let mut world = world.later(seconds(later)).answer("token", 200, tokens());
    world.run(second).unwrap();
    let [first, second] = [0, 1].map(|at| world.field(at, "client_assertion").unwrap());
    assert_eq!(first == second, world.signed.len() == 1);
    if first != second {
        assert_ne!(sent(&world, 0).1["jti"], sent(&world, 1).1["jti"], "no two are the same");
    }
    world.signed.len()
}

#[test]
fn an_assertion_is_sent_again_until_shortly_before_it_expires() {
    let flow = || with_certificate(TENANT);
    for (later, signed) in [(0, 1), (539, 1), (540, 2), (601, 2)] {
        assert_eq!(signatures(flow(), flow(), later), signed, "{later}");
    }
    let mut other = flow();
    other.scopes = vec!["https://other.example/.default".to_owned()];
    assert_eq!(signatures(flow(), other, 0), 1, "it says nothing of scopes");
}

#[test]
fn another_tenant_application_region_or_certificate_has_an_assertion_of_its_own() {
    let change = |change: fn(&mut ClientCredentials)| {
        let mut flow = with_certificate(TENANT);
        change(&mut flow);
        flow
    };
    for other in [
        change(|flow| flow.options.tenant = Some("fabrikam.com".to_owned())),
        change(|flow| flow.app.client_id = "other".into()),
        change(|flow| flow.app.region = Some("westeurope".parse().unwrap())),
        change(|flow| {
            flow.app.credential =
                ClientCredential::Certificate(ClientCertificate::new(*b"renewed", "the key"));
        }),
        change(|flow| {
            let mut certificate = ClientCertificate::new(*b"certificate", "the key");
            certificate.send_x5c = true;
            flow.app.credential = ClientCredential::Certificate(certificate);
        }),
    ] {
        assert_eq!(signatures(with_certificate(TENANT), other, 0), 2);
    }
}

#[test]
fn a_users_grant_does_not_take_the_assertion_for_a_regions_host() {
    let mut app = confidential(TENANT, certificate());
    app.region = Some("westeurope".parse().unwrap());
    let mut world = World::default().answer("https://westeurope.login.microsoft.com/", 200, tokens());
    world.run(app.acquire_token_for_client([DEFAULT])).unwrap();
    let mut world = world.answer("https://login.microsoftonline.com/", 200, tokens());
    world.run(app.acquire_token_on_behalf_of(["x"], "assertion".to_owned().into())).unwrap();
    // Each is sent again where it belongs.
    let mut world = world.answer("https://login.microsoftonline.com/", 200, tokens());
    world.run(app.acquire_token_on_behalf_of(["x"], "another".to_owned().into())).unwrap();
    let mut world = world.answer("https://westeurope.login.microsoft.com/", 200, tokens());
    world.run(app.acquire_token_for_client([DEFAULT])).unwrap();
    for at in 0..4 {
        assert_eq!(sent(&world, at).1["aud"], world.sent[at].url.as_str());
    }
    assert_eq!(world.signed.len(), 2);
}

#[test]
fn a_clock_that_was_set_back_makes_a_new_assertion() {
    let mut world = one(TENANT);
    world.now = entrada_core::time::Timestamp::from_secs(1_600_000_000);
    let mut world = world.answer("token", 200, tokens());
    world.run(with_certificate(TENANT)).unwrap();
    assert_eq!(world.signed.len(), 2);
    assert_eq!(sent(&world, 1).1["nbf"], 1_600_000_000);
}

#[test]
fn servers_that_may_have_seen_it_get_a_new_one() {
    let adfs = || with_certificate("https://sts.contoso.com/adfs");
    assert_eq!(signatures(adfs(), adfs(), 1), 2);
    let mut flow = with_certificate(TENANT);
    flow.app.authority = oidc("https://idp.example");
    let mut world = World::default()
        .answer("openid-configuration", 200, provider("https://idp.example", ""))
        .answer("token", 200, tokens());
    world.run(flow.clone()).unwrap();
    let mut world = world.answer("token", 200, tokens());
    world.run(flow).unwrap();
    assert_eq!(world.signed.len(), 2);
    assert_ne!(sent(&world, 1).1["jti"], sent(&world, 2).1["jti"]);
}

#[test]
fn an_assertion_that_was_refused_is_not_sent_again() {
    // A new one.
    let mut world = World::default().answer("token", 401, refusal("invalid_client", 700_024, ""));
    world.run(with_certificate(TENANT)).unwrap_err();
    let mut world = world.later(seconds(1)).answer("token", 200, tokens());
    world.run(with_certificate(TENANT)).unwrap();
    assert_eq!(world.signed.len(), 2);
    // One that was good once.
    let mut world = world.later(seconds(1)).answer("token", 401, told("invalid_client"));
    world.run(with_certificate(TENANT)).unwrap_err();
    assert_eq!(world.signed.len(), 2);
    let mut world = world.later(seconds(1)).answer("token", 200, tokens());
    world.run(with_certificate(TENANT)).unwrap();
    assert_eq!(world.signed.len(), 3);
}

#[test]
fn a_refusal_for_another_reason_does_not_cost_the_assertion() {
    let mut world = World::default().answer("token", 400, refusal("invalid_scope", 70011, ""));
    world.run(with_certificate(TENANT)).unwrap_err();
    let mut world = world.later(seconds(1)).answer("token", 200, tokens());
    world.run(with_certificate(TENANT)).unwrap();
    assert_eq!(world.signed.len(), 1);
}

#[test]
fn the_servers_clock_counts_for_the_next_assertion_and_for_nothing_else() {
    // A minute and a half ahead.
    let date = [("date", "Tue, 14 Nov 2023 22:14:50 GMT")];
    let mut world = World::default().answer_with("token", 401, &date, refusal("invalid_client", 700_024, ""));
    world.run(with_certificate(TENANT)).unwrap_err();
    let mut world = world.answer_with("token", 200, &date, tokens());
    let result = world.run(with_certificate(TENANT)).unwrap();
    assert_eq!(sent(&world, 0).1["nbf"], 1_700_000_000);
    let next = sent(&world, 1).1;
    assert_eq!(next["nbf"], 1_700_000_090);
    assert_eq!(next["exp"], 1_700_000_690);
    assert_eq!(result.expires_on.as_secs(), 1_700_003_599, "tokens end by our own clock");
    // It holds for the host and not for the application alone.
    let mut other = with_certificate(TENANT);
    other.app.client_id = "other".into();
    let mut world = world.answer_with("token", 200, &[("date", "Tue, 14 Nov 2023 22:13:20 GMT")], tokens());
    world.run(other).unwrap();
    assert_eq!(sent(&world, 2).1["nbf"], 1_700_000_090);
    // A clock that was put right is believed, too.
    let mut third = with_certificate(TENANT);
    third.app.client_id = "third".into();
    let mut world = world.answer("token", 200, tokens());
    world.run(third).unwrap();
    assert_eq!(sent(&world, 3).1["nbf"], 1_700_000_000);
}

#[test]
fn a_date_that_cannot_be_changes_nothing_or_saturates() {
    for (date, nbf) in [
        ("soon", 1_700_000_000),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Tue, 14 Nov 2023 22:13:24 GMT", 1_700_000_000),
    ] {
        let mut world = World::default().answer_with("token", 401, &[("date", date)], told("invalid_client"));
        world.run(with_certificate(TENANT)).unwrap_err();
        let mut world = world.answer("token", 200, tokens());
        world.run(with_certificate(TENANT)).unwrap();
        assert_eq!(sent(&world, 1).1["nbf"], nbf, "{date}");
    }
}

#[test]
fn where_an_assertion_is_taken_once_it_is_sent_once() {
    let mut world = World::default().answer("token", 503, "");
    world.run(with_certificate("https://sts.contoso.com/adfs")).unwrap_err();
    assert_eq!(world.sent.len(), 1);
    let mut world = World::default().answer("token", 503, "").answer("token", 200, tokens());
    world.run(with_certificate(TENANT)).unwrap();
    assert_eq!(world.sent.len(), 2);
}
