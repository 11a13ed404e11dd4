use super::kind::PERSONAL_TENANT;
use super::*;

fn parse(text: &str) -> Result<Authority, Error> {
    text.parse()
}

#[test]
fn the_canonical_form_keeps_host_port_and_tenant() {
    for (text, canonical) in [
        ("https://login.microsoftonline.com/contoso.com", "https://login.microsoftonline.com/contoso.com/"),
        (" https://LOGIN.Windows.NET/Contoso.com/v2.0/ ", "https://login.microsoftonline.com/Contoso.com/"),
        (
            "https://login.chinacloudapi.cn/organizations",
            "https://login.partner.microsoftonline.cn/organizations/",
        ),
        ("https://sts.example:8443/t", "https://sts.example:8443/t/"),
    ] {
        assert_eq!(parse(text).unwrap().as_str(), canonical, "{text}");
    }
}

#[test]
fn what_is_no_authority_is_refused() {
    for text in [
        "",
        "contoso.com",
        "http://login.microsoftonline.com/contoso.com",
        "http://127.0.0.1/contoso.com",
        "https://login.microsoftonline.com/",
        "https://login.microsoftonline.com",
        "https://joe:hunter2@login.microsoftonline.com/contoso.com",
        "https://joe:hunter2@login.microsoftonline.com:99999/contoso.com",
        "joe:hunter2@login.microsoftonline.com/contoso.com",
        "https://login.microsoftonline.com/contoso.com?client_secret=hunter2",
        "https://login.microsoftonline.com/contoso.com?x=y",
        "https://login.microsoftonline.com/contoso.com#x",
        "ftp://login.microsoftonline.com/contoso.com",
        "https://contoso.b2clogin.com/contoso",
        "https://login.microsoftonline.com/tfp/contoso",
        "https://sts.contoso.com/dstsv2",
    ] {
        let error = parse(text).expect_err(text);
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        assert!(!error.remedy().is_empty());
    }
}

#[test]
fn http_is_for_this_machine_and_only_when_allowed() {
    let options = AuthorityOptions::default().allow_http_loopback(true);
    for text in ["http://127.0.0.1:8080/t", "http://127.9.9.9/t", "http://localhost/t", "http://[::1]:1/t"] {
        assert!(!Authority::parse(text, options).unwrap().needs_instance_discovery(), "{text}");
    }
    for text in ["http://10.0.0.1/t", "http://localhost.evil.example/t", "http://127.0.0.1.nip.io/t"] {
        assert!(Authority::parse(text, options).is_err(), "{text}");
    }
}

#[test]
fn tenants_are_told_apart() {
    for (segment, tenant) in [
        ("Common", Tenant::Common),
        ("organizations", Tenant::Organizations),
        ("consumers", Tenant::Consumers),
        (PERSONAL_TENANT, Tenant::Consumers),
        ("contoso.com", Tenant::Id("contoso.com".into())),
    ] {
        let authority = parse(&format!("https://login.microsoftonline.com/{segment}")).unwrap();
        assert_eq!(authority.tenant(), Some(&tenant));
    }
}

#[test]
fn endpoints_are_templates() {
    let authority = parse("https://login.microsoftonline.us/contoso.com").unwrap();
    assert_eq!(
        Endpoints::template(authority.clone()).unwrap().token().as_str(),
        "https://login.microsoftonline.us/contoso.com/oauth2/v2.0/token"
    );
    assert_eq!(authority.environment(), "login.microsoftonline.us");
    assert_eq!(parse("https://login.microsoft.com/t").unwrap().environment(), "login.windows.net");
}

#[test]
fn each_kind_is_recognised_and_has_its_canonical_form() {
    for (text, kind, canonical) in [
        ("https://sts.contoso.com/adfs", "adfs", "https://sts.contoso.com/adfs/"),
        ("https://sts.contoso.com/ADFS/ls/?".trim_end_matches('?'), "adfs", "https://sts.contoso.com/adfs/"),
        (
            "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_in/oauth2",
            "b2c",
            "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_in/",
        ),
        (
            "https://login.microsoftonline.com/tfp/contoso.onmicrosoft.com/B2C_1_in/v2.0",
            "b2c",
            "https://login.microsoftonline.com/tfp/contoso.onmicrosoft.com/B2C_1_in/",
        ),
        (
            "https://id.contoso.com/contoso.com/b2c_1_in",
            "b2c",
            "https://id.contoso.com/contoso.com/b2c_1_in/",
        ),
        ("https://contoso.ciamlogin.com", "ciam", "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/"),
        ("https://contoso.ciamlogin.com/abc", "ciam", "https://contoso.ciamlogin.com/abc/"),
        ("https://dsts.core.windows.net/dstsv2/7a43", "dsts", "https://dsts.core.windows.net/dstsv2/7a43/"),
        // A host that only looks like one of these.
        ("https://b2clogin.com.evil.example/t", "entra", "https://b2clogin.com.evil.example/t/"),
        ("https://ciamlogin.com.evil.example/t", "entra", "https://ciamlogin.com.evil.example/t/"),
    ] {
        let authority = parse(text).expect(text);
        assert_eq!((authority.kind().as_str(), authority.as_str()), (kind, canonical), "{text}");
    }
    let provider = Authority::oidc("https://op.example/realms/x", AuthorityOptions::default()).unwrap();
    assert_eq!((provider.kind().as_str(), provider.as_str()), ("oidc", "https://op.example/realms/x/"));
}

#[test]
fn each_kind_has_its_endpoints() {
    for (text, token) in [
        ("https://sts.contoso.com/adfs", "https://sts.contoso.com/adfs/oauth2/token"),
        (
            "https://contoso.b2clogin.com/t/B2C_1_in",
            "https://contoso.b2clogin.com/t/B2C_1_in/oauth2/v2.0/token",
        ),
        ("https://contoso.ciamlogin.com/t", "https://contoso.ciamlogin.com/t/oauth2/v2.0/token"),
        ("https://dsts.example/dstsv2/t", "https://dsts.example/dstsv2/t/oauth2/v2.0/token"),
    ] {
        assert_eq!(Endpoints::template(parse(text).unwrap()).unwrap().token().as_str(), token);
    }
}

#[test]
fn a_region_is_part_of_the_host_of_a_known_cloud_alone() {
    let region: Region = " WestEurope ".parse().unwrap();
    for (text, token) in [
        ("https://login.windows.net/t", Some("https://westeurope.login.microsoft.com/t/oauth2/v2.0/token")),
        (
            "https://login.chinacloudapi.cn/t",
            Some("https://westeurope.login.partner.microsoftonline.cn/t/oauth2/v2.0/token"),
        ),
        ("https://sts.example/t", None),
        ("https://contoso.ciamlogin.com/t", None),
    ] {
        let regional = Endpoints::template(parse(text).unwrap()).unwrap().regional_token(&region);
        assert_eq!(regional.as_ref().map(Url::as_str), token, "{text}");
    }
    for text in ["", "-a", "a-", "1a", "a.b", "a/b", "evil.example#", "é", &"a".repeat(64)] {
        assert!(text.parse::<Region>().is_err(), "{text}");
    }
}

#[test]
fn a_call_can_ask_another_tenant_where_there_are_tenants() {
    let entra = parse("https://login.microsoftonline.com/common").unwrap();
    let other = entra.with_tenant("contoso.com").unwrap();
    assert_eq!(other.as_str(), "https://login.microsoftonline.com/contoso.com/");
    assert_eq!(other.tenant(), Some(&Tenant::Id("contoso.com".into())));
    for tenant in ["", "..", "a/b", "a?b", "a b", "é"] {
        assert!(entra.with_tenant(tenant).is_err(), "{tenant}");
    }
    assert!(parse("https://sts.contoso.com/adfs").unwrap().with_tenant("contoso.com").is_err());
}

#[test]
fn an_answer_may_name_an_issuer_of_the_same_service_alone() {
    let accepts = |authority: &str, issuer: &str| {
        let authority = parse(authority).unwrap();
        Endpoints::template(authority.clone()).unwrap().issuer().accepts(&authority, Some(issuer))
    };
    let entra = "https://login.microsoftonline.com/common";
    assert!(accepts(entra, "https://login.microsoftonline.com/7a43/v2.0"));
    assert!(accepts(entra, "https://sts.windows.net/7a43/"));
    for issuer in [
        "https://login.microsoftonline.us/7a43/v2.0",
        "https://evil.example/7a43/v2.0",
        "https://login.microsoftonline.com:444/7a43/v2.0",
        "http://login.microsoftonline.com/7a43/v2.0",
        "https://login.microsoftonline.com.evil.example/",
        "7a43",
    ] {
        assert!(!accepts(entra, issuer), "{issuer}");
    }
    assert!(accepts("https://contoso.ciamlogin.com/t", "https://7a43.ciamlogin.com/7a43/v2.0"));
    assert!(!accepts("https://contoso.ciamlogin.com/t", "https://ciamlogin.com.evil.example/"));
}

#[test]
fn a_provider_is_known_by_its_name_and_must_give_it_if_it_promised() {
    let provider = Authority::oidc("https://id.example/realm", AuthorityOptions::default()).unwrap();
    let name = "https://id.example/realm";
    for promised in [false, true] {
        let issuer = Issuer::Named { name: name.to_owned(), promised };
        assert!(issuer.accepts(&provider, Some(name)));
        assert!(!issuer.accepts(&provider, Some("https://id.example/another")));
        assert_eq!(issuer.accepts(&provider, None), !promised);
    }
}

#[test]
fn another_cloud_is_told_from_another_name_of_the_same() {
    let entra = parse("https://login.microsoftonline.com/common").unwrap();
    for same in ["login.microsoftonline.com", "Login.Windows.NET ", "sts.windows.net"] {
        assert!(!entra.is_another_cloud(same), "{same}");
    }
    for other in ["login.microsoftonline.us", "login.partner.microsoftonline.cn", "evil.example", ""] {
        assert!(entra.is_another_cloud(other), "{other}");
    }
    let private = parse("https://login.private.example/t").unwrap();
    assert!(!private.is_another_cloud("login.private.example"));
    assert!(private.is_another_cloud("login.microsoftonline.us"));
}
