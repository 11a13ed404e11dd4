//! The codes that no MSAL has.

/// The codes that are Entrada's own, where MSAL has none, with what each means.
pub const OWN_CODES: [(&str, &str); 18] = [
    ("access_token_missing", "the token endpoint answered without an access token"),
    ("authority_kind_not_supported", "the flow does not work with this kind of authority"),
    ("client_type_not_supported", "the flow is for public clients alone, or for confidential ones"),
    ("connection_failed", "no connection could be made"),
    ("device_authorization_failed", "the device authorization endpoint answered without what is needed"),
    ("device_authorization_not_supported", "the provider has no endpoint for device codes"),
    ("federation_protocol_not_supported", "the domain is federated, but not with WS-Trust"),
    ("insecure_endpoint", "an address that a credential would go to is not https"),
    ("instance_discovery_failed", "it could not be confirmed that the authority's host is the service's"),
    ("integrated_authentication_refused", "the federation server did not accept the signed-in user"),
    ("invalid_argument", "an argument cannot be used"),
    ("invalid_authority", "the authority cannot be used"),
    ("missing_federation_metadata_url", "the domain is federated, but nothing says where its server is"),
    ("network_error", "the exchange failed"),
    ("no_randomness", "the operating system gave no randomness"),
    ("signing_failed", "no signature or assertion came to prove who the application is"),
    ("tls_failed", "the TLS connection failed, or the server's certificate is not trusted"),
    ("response_too_large", "an answer was larger than allowed"),
];
