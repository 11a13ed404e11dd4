//! The codes that no MSAL has.

/// The codes that are Entrada's own, where MSAL has none, with what each means.
pub const OWN_CODES: [(&str, &str); 14] = [
    ("access_token_missing", "the token endpoint answered without an access token"),
    ("authority_kind_not_supported", "this kind of authority is not supported yet"),
    ("connection_failed", "no connection could be made"),
    ("federation_protocol_not_supported", "the domain is federated, but not with WS-Trust"),
    ("insecure_endpoint", "an address that a credential would go to is not https"),
    ("instance_discovery_failed", "it could not be confirmed that the authority's host is the service's"),
    ("integrated_authentication_refused", "the federation server did not accept the signed-in user"),
    ("invalid_argument", "an argument cannot be used"),
    ("invalid_authority", "the authority cannot be used"),
    ("missing_federation_metadata_url", "the domain is federated, but nothing says where its server is"),
    ("network_error", "the exchange failed"),
    ("no_randomness", "the operating system gave no randomness"),
    ("tls_failed", "the TLS connection failed, or the server's certificate is not trusted"),
    ("response_too_large", "an answer was larger than allowed"),
];
