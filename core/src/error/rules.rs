//! The rules: those that an answer breaks, those that an account does not meet, and those that the caller broke.

use crate::preflight::FlowKind;
use crate::protocol::mex::MexError;
use crate::protocol::wstrust::RstrError;

/// A rule of the protocol that an answer breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The answer of instance discovery must be a JSON object that names an endpoint.
    #[error("the answer of instance discovery cannot be read")]
    DiscoveryNotJson,
    /// The provider's metadata must be a JSON object.
    #[error("the provider's metadata is not a JSON object, or holds members of a wrong type")]
    ProviderNotJson,
    /// The provider's metadata must hold certain members.
    #[error("the provider's metadata has no {0}")]
    ProviderWithout(
        /// Which.
        &'static str,
    ),
    /// The provider must call itself as the authority does.
    #[error("the provider's metadata names an issuer that is not the authority")]
    IssuerMismatch,
    /// The provider's endpoints must be https addresses.
    #[error("the provider's {0} is not an https address")]
    InsecureProviderEndpoint(
        /// Which.
        &'static str,
    ),
    /// The device authorization endpoint must answer with a JSON object.
    #[error("the device authorization endpoint's answer is not a JSON object")]
    DeviceNotJson,
    /// There must be a code, and a place to type it.
    #[error("the device authorization endpoint's answer holds no {0}")]
    DeviceWithout(
        /// What.
        &'static str,
    ),
    /// The place to type the code must be an https address.
    #[error("the address where the code is to be typed is not an https address")]
    DeviceAddress,
    /// The user realm must be a JSON object.
    #[error("the user realm is not a JSON object")]
    RealmNotJson,
    /// The user realm must say what kind of account it is.
    #[error("the user realm does not say what kind of account it is")]
    RealmWithoutAccountType,
    /// The federation metadata must be a WSDL document.
    #[error("{0}")]
    Metadata(MexError),
    /// The answer of the federation server must be a SOAP envelope with an assertion or a fault.
    #[error("{0}")]
    Assertion(RstrError),
    /// The token endpoint must answer with a JSON object.
    #[error("the token endpoint's answer is not a JSON object")]
    TokenNotJson,
    /// A refusal must be a JSON object with an `error`.
    #[error("the token endpoint's refusal cannot be read")]
    RefusalNotJson,
    /// There must be an access token.
    #[error("the token endpoint's answer holds no access token")]
    AccessTokenMissing,
    /// There must be a token type (RFC 6749, section 5.1).
    #[error("the token endpoint's answer holds no token type")]
    TokenTypeMissing,
    /// The token type must be the one asked for.
    #[error("the token endpoint's answer holds a token of a type that was not asked for")]
    TokenTypeMismatch,
}

impl Violation {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::DiscoveryNotJson => "instance_discovery_failed",
            Self::ProviderNotJson | Self::ProviderWithout(_) => "tenant_discovery_failed",
            Self::IssuerMismatch => "authority_validation_failed",
            Self::InsecureProviderEndpoint(_) | Self::DeviceAddress => "insecure_endpoint",
            Self::DeviceNotJson | Self::DeviceWithout(_) => "device_authorization_failed",
            Self::RealmNotJson | Self::RealmWithoutAccountType => "user_realm_discovery_failed",
            Self::Metadata(_) => "parsing_ws_metadata_exchange_failed",
            Self::Assertion(_) => "parsing_wstrust_response_failed",
            Self::TokenNotJson => "json_parse_failed",
            Self::RefusalNotJson => "non_parsable_oauth_error",
            Self::AccessTokenMissing => "access_token_missing",
            Self::TokenTypeMissing => "token_type_missing",
            Self::TokenTypeMismatch => "token_type_mismatch",
        }
    }

    /// Whether the answer may well be something else altogether, such as a proxy's page.
    pub(super) const fn is_of_another_form(&self) -> bool {
        match self {
            Self::DiscoveryNotJson
            | Self::ProviderNotJson
            | Self::DeviceNotJson
            | Self::RealmNotJson
            | Self::Metadata(_)
            | Self::Assertion(RstrError::Xml(_) | RstrError::NotSoap)
            | Self::TokenNotJson
            | Self::RefusalNotJson => true,
            Self::RealmWithoutAccountType
            | Self::ProviderWithout(_)
            | Self::IssuerMismatch
            | Self::InsecureProviderEndpoint(_)
            | Self::DeviceWithout(_)
            | Self::DeviceAddress
            | Self::Assertion(RstrError::NoToken)
            | Self::AccessTokenMissing
            | Self::TokenTypeMissing
            | Self::TokenTypeMismatch => false,
        }
    }
}

/// Why this flow cannot serve this account. Nothing that the user does in the flow changes that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// Integrated Windows authentication needs a federated domain.
    #[error("integrated Windows authentication is not supported for managed users")]
    ManagedUser,
    /// The password is empty.
    #[error("a password is required")]
    PasswordRequired,
    /// Personal accounts sign in interactively.
    #[error("personal Microsoft accounts cannot sign in this way")]
    PersonalAccount,
    /// The service knows no such kind of account: usually a domain that is not a tenant's.
    #[error("the account is neither managed nor federated")]
    UnknownUserType,
    /// The domain is federated with something else than WS-Trust.
    #[error("the domain is federated with {0}, which has no endpoint for this flow")]
    FederationProtocol(
        /// The protocol, as the realm names it.
        String,
    ),
    /// The realm does not say where the federation server is.
    #[error("the domain is federated, but nothing says where its federation server is")]
    NoFederationMetadata,
    /// The federation server offers no endpoint for this flow.
    #[error("the federation metadata names no https endpoint for {0}")]
    NoEndpoint(
        /// What was looked for.
        &'static str,
    ),
    /// The provider has no endpoint for device codes.
    #[error("the provider has no endpoint for device codes")]
    NoDeviceEndpoint,
    /// A credential would go over plain http.
    #[error("the {0} is not an https address")]
    InsecureEndpoint(
        /// Which address.
        &'static str,
    ),
}

impl Unsupported {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::ManagedUser => "integrated_windows_auth_not_supported_managed_user",
            Self::PasswordRequired => "password_required_for_managed_user",
            Self::PersonalAccount => "ropc_not_supported_for_msa",
            Self::UnknownUserType => "unknown_user_type",
            Self::FederationProtocol(_) => "federation_protocol_not_supported",
            Self::NoFederationMetadata => "missing_federation_metadata_url",
            Self::NoEndpoint(_) => "wstrust_endpoint_not_found",
            Self::NoDeviceEndpoint => "device_authorization_not_supported",
            Self::InsecureEndpoint(_) => "insecure_endpoint",
        }
    }
}

/// What the caller did wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The authority cannot be used.
    #[error("the authority {authority:?} cannot be used: {reason}")]
    Authority {
        /// Its scheme and host, as far as they could be read.
        authority: String,
        /// Why.
        reason: &'static str,
    },
    /// The flow does not work with this kind of authority.
    #[error("{flow} does not work with an authority of the kind {kind}")]
    AuthorityKind {
        /// The flow.
        flow: FlowKind,
        /// The kind, as [`AuthorityKind::as_str`](crate::authority::AuthorityKind::as_str) names it.
        kind: &'static str,
    },
    /// The flow is for applications of the other sort.
    #[error("{flow} is for {needed} clients")]
    Audience {
        /// The flow.
        flow: FlowKind,
        /// `public` or `confidential`.
        needed: &'static str,
    },
    /// The flow does not work with this tenant.
    #[error("{flow} does not work with the tenant {tenant:?}")]
    Tenant {
        /// The flow.
        flow: FlowKind,
        /// The tenant.
        tenant: String,
    },
    /// There is no user name.
    #[error("no user name was given")]
    NoUsername,
    /// An argument cannot be used.
    #[error("the {name} cannot be used: {reason}")]
    Argument {
        /// Which.
        name: &'static str,
        /// Why, without its value.
        reason: &'static str,
    },
    /// The metadata document that the application supplied cannot be read.
    #[error("the supplied document cannot be used: {0}")]
    FederationMetadata(MexError),
}

impl Misuse {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Authority { .. } => "invalid_authority",
            Self::AuthorityKind { .. } => "authority_kind_not_supported",
            Self::Audience { .. } => "client_type_not_supported",
            Self::Tenant { .. } => "invalid_request",
            Self::NoUsername => "unknown_user",
            Self::FederationMetadata(_) => "parsing_ws_metadata_exchange_failed",
            Self::Argument { .. } => "invalid_argument",
        }
    }
}

/// Why there is no token without the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NoToken {
    /// Nobody of that name has signed in.
    #[error("the cache has no account of that name")]
    NoAccount,
    /// More than one account has that name.
    #[error("the cache has more than one account of that name")]
    ManyAccounts,
    /// There is neither a good access token nor a refresh token.
    #[error("the cache has no token that can be used")]
    NoTokens,
    /// Nothing was kept for the long-running call.
    #[error("the cache has nothing for the key of this long-running call")]
    NoSession,
    /// The service answered with the tokens of somebody else.
    #[error("the service answered with the tokens of another user")]
    OtherUser,
}

impl NoToken {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::NoAccount => "no_account_for_login_hint",
            Self::ManyAccounts => "multiple_accounts_for_login_hint",
            Self::NoTokens => "no_tokens_found",
            Self::NoSession => "obo_cache_key_not_in_cache_error",
            Self::OtherUser => "user_mismatch",
        }
    }
}
