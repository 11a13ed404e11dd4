//! Federation metadata: what is accepted is XML, and no endpoint would take a credential over plain http.
#![no_main]

use entrada_core::protocol::mex::{Endpoints, WsTrustEndpoint, parse};
use entrada_fuzz::documents::{Port, metadata, ports};
use entrada_fuzz::seeds;
use libfuzzer_sys::fuzz_target;
use url::Host;

fuzz_target!(
    init: {
        let local = Port { address: "http://127.0.0.1:8080/sts", spn: Some("host/sts"), ..ports()[3] };
        let soap = format!(
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>{}</s:Body></s:Envelope>",
            metadata(&[local])
        );
        seeds::plant("mex", &[metadata(&ports()), metadata(&[local, ports()[0]]), soap]);
    },
    |document: &[u8]| {
        let strict = parse(document, false);
        let local = parse(document, true);
        assert_eq!(parse(document, false), strict, "the same bytes read twice");
        assert_eq!(strict.as_ref().err(), local.as_ref().err(), "the option is about addresses alone");
        let (Ok(strict), Ok(local)) = (strict, local) else { return };

        let text = std::str::from_utf8(document).expect("what is accepted is UTF-8");
        if let Err(error) = roxmltree::Document::parse(text) {
            panic!("accepted, but the oracle says {error}");
        }
        for endpoint in each(&strict) {
            assert!(endpoint.url.scheme() == "https" && endpoint.url.host().is_some(), "{}", endpoint.url);
        }
        for endpoint in each(&local) {
            let is_local = endpoint.url.scheme() == "http" && is_loopback(endpoint);
            assert!(endpoint.url.scheme() == "https" || is_local, "{}", endpoint.url);
        }
        for endpoint in each(&local).chain(each(&strict)) {
            let spn = endpoint.spn.as_deref();
            assert!(spn.is_none_or(|spn| !spn.is_empty() && spn.trim() == spn), "{spn:?}");
        }
    }
);

fn each(endpoints: &Endpoints) -> impl Iterator<Item = &WsTrustEndpoint> {
    endpoints.integrated.iter().chain(&endpoints.username_password)
}

fn is_loopback(endpoint: &WsTrustEndpoint) -> bool {
    match endpoint.url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.octets()[0] == 127,
        Some(Host::Ipv6(address)) => u128::from(address) == 1,
        None => false,
    }
}
