//! Who is signed in.

use std::thread;
use std::time::Duration;

use crate::child::Child;
use crate::process::run;
use crate::realm::Realm;

#[test]
#[ignore = "needs MIT Kerberos"]
fn the_cache_says_who_it_is_even_when_its_ticket_has_expired() {
    let realm = Realm::start();
    realm.kinit(1);
    let file = format!("FILE:{}", realm.path("cache").display());
    let expected = format!("joe@contoso.com by the principal joe@CONTOSO.COM of the credential cache {file}");
    assert_eq!(Child::of(&realm).user(), expected);
    thread::sleep(Duration::from_secs(3));
    assert_eq!(Child::of(&realm).user(), expected);
    let by_rule = Child::of(&realm).with("USERPRINCIPALNAME", "carol@contoso.com").user_by_a_rule();
    assert!(by_rule.starts_with("joe@fabrikam.com by the principal"), "{by_rule}");
}

#[test]
#[ignore = "needs MIT Kerberos"]
fn a_collection_of_caches_gives_its_primary() {
    let realm = Realm::start();
    std::fs::create_dir(realm.path("caches")).expect("a folder");
    let collection = format!("DIR:{}", realm.path("caches").display());
    for keytab in ["host.keytab", "joe.keytab"] {
        let principal = if keytab == "joe.keytab" { "joe" } else { "host/localhost" };
        let mut kinit = realm.client("kinit");
        kinit.env("KRB5CCNAME", &collection).arg("-kt").arg(realm.path(keytab)).arg(principal);
        run(&mut kinit, "");
    }
    let child = || Child::of(&realm).with("KRB5CCNAME", collection.clone());
    let user = child().user();
    assert!(user.starts_with("joe@contoso.com by"), "{user}");
    assert!(user.contains(&format!("cache {}", collection.replace("DIR:", "DIR::"))), "{user}");
    run(realm.client("kswitch").env("KRB5CCNAME", &collection).args(["-p", "host/localhost"]), "");
    let user = child().user();
    assert!(user.starts_with("unknown_user") && user.contains("host/localhost@CONTOSO.COM"), "{user}");
}

#[test]
#[ignore = "needs MIT Kerberos"]
fn a_client_keytab_and_then_the_environment_take_the_caches_place() {
    let realm = Realm::start();
    let keytab = || Child::of(&realm).with_keytab("joe.keytab");
    let user = keytab().with("USERPRINCIPALNAME", "carol@contoso.com").user();
    assert_eq!(user, "joe@contoso.com by the principal joe@CONTOSO.COM of the client keytab");
    // The ticket that the keytab gave is in the cache now.
    assert!(keytab().user().contains("of the credential cache FILE:"));

    let empty = format!("FILE:{}", realm.path("none").display());
    let nobody = || Child::of(&realm).with("KRB5CCNAME", empty.clone());
    let user = nobody().with("USERPRINCIPALNAME", "carol@contoso.com").user();
    assert_eq!(user, "carol@contoso.com by the environment variable USERPRINCIPALNAME");
    let user = nobody().user();
    assert!(
        user.starts_with("unknown_user") && user.contains(realm.path("none").to_str().unwrap()),
        "{user}"
    );
}

#[test]
#[ignore = "needs MIT Kerberos and the keyrings of the kernel"]
fn a_cache_in_a_keyring_is_read() {
    let realm = Realm::start();
    let cache = format!("KEYRING:user:entrada{}", std::process::id());
    let mut kinit = realm.client("kinit");
    run(kinit.env("KRB5CCNAME", &cache).arg("-kt").arg(realm.path("joe.keytab")).arg("joe"), "");
    let user = Child::of(&realm).with("KRB5CCNAME", cache.clone()).user();
    run(realm.client("kdestroy").env("KRB5CCNAME", &cache), "");
    assert!(user.starts_with("joe@contoso.com by") && user.contains(&cache), "{user}");
}

#[test]
#[ignore = "needs MIT Kerberos"]
fn a_ticket_says_how_long_it_is_good() {
    let realm = Realm::start();
    assert!(Child::of(&realm).ticket().starts_with("kerberos_ticket_missing"));
    realm.kinit(600);
    let ticket = Child::of(&realm).ticket();
    let seconds = ticket.strip_prefix("joe@CONTOSO.COM for Some(").and_then(|rest| rest.strip_suffix("s)"));
    let seconds: u32 = seconds.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{ticket}"));
    assert!((300..=600).contains(&seconds), "{ticket}");
    realm.kinit(1);
    thread::sleep(Duration::from_secs(3));
    assert!(Child::of(&realm).ticket().starts_with("kerberos_ticket_expired"));
}
