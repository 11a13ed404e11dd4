//! Services: one server with the paths and habits of Entra ID, AD FS, B2C and a plain OpenID provider.
//!
//! | Service | Path before the endpoints |
//! |---|---|
//! | Entra ID, External ID | `/{tenant}` |
//! | B2C | `/{tenant}/{policy}`, `/tfp/{tenant}/{policy}`, or `/{tenant}` and `?p={policy}` |
//! | AD FS | `/adfs` |
//! | an OpenID provider | `/oidc` |

use crate::config::same;
use crate::form::Form;
use crate::state::State;

/// Whose habits an endpoint has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Entra,
    B2c,
    Adfs,
    Oidc,
}

/// A service, found by its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) kind: Kind,
    /// The tenant as the path has it; a word for itself where there is none.
    pub(crate) tenant: String,
    pub(crate) policy: Option<String>,
    /// What stands before the endpoints, with a slash before and none behind.
    pub(crate) prefix: String,
}

/// An endpoint of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Authorize,
    /// Where AD FS asks for a ticket.
    Wia,
    /// Where the pages' forms go.
    SignIn,
    Token,
    DeviceCode,
    /// The page where a device's code is typed.
    Device,
    Logout,
    Metadata,
    Keys,
    Revoke,
    UserInfo,
}

impl Service {
    /// The service and the endpoint of a path's segments.
    pub(crate) fn locate(segments: &[&str], query: &Form) -> Option<(Service, Endpoint)> {
        let lower: Vec<String> = segments.iter().map(|segment| segment.to_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        let service = |kind, parts: usize, tenant: usize, policy: Option<&str>| Service {
            kind,
            tenant: segments.get(tenant).unwrap_or(&"").to_string(),
            policy: policy.map(str::to_owned),
            prefix: segments.iter().take(parts).map(|part| format!("/{part}")).collect(),
        };
        match lower.as_slice() {
            ["adfs", rest @ ..] => Some((service(Kind::Adfs, 1, 0, None), adfs(rest)?)),
            ["oidc", rest @ ..] => Some((service(Kind::Oidc, 1, 0, None), oidc(rest)?)),
            ["tfp", _, _, rest @ ..] => {
                Some((service(Kind::B2c, 3, 1, segments.get(2).copied()), entra(rest)?))
            }
            [_, rest @ ..] if entra(rest).is_some() => Some((
                match query.value("p") {
                    Some(policy) => service(Kind::B2c, 1, 0, Some(policy)),
                    None => service(Kind::Entra, 1, 0, None),
                },
                entra(rest)?,
            )),
            [_, _, rest @ ..] => Some((service(Kind::B2c, 2, 0, segments.get(1).copied()), entra(rest)?)),
            _ => None,
        }
    }

    /// The path of an endpoint.
    pub(crate) fn path(&self, endpoint: Endpoint) -> String {
        let rest = match (self.kind, endpoint) {
            (Kind::Entra, Endpoint::Device) => return "/common/oauth2/deviceauth".into(),
            (Kind::Entra | Kind::B2c, endpoint) => match endpoint {
                Endpoint::Authorize | Endpoint::Wia => "/oauth2/v2.0/authorize",
                Endpoint::SignIn => "/login",
                Endpoint::Token => "/oauth2/v2.0/token",
                Endpoint::DeviceCode => "/oauth2/v2.0/devicecode",
                Endpoint::Device => "/oauth2/deviceauth",
                Endpoint::Logout => "/oauth2/v2.0/logout",
                Endpoint::Metadata => "/v2.0/.well-known/openid-configuration",
                Endpoint::Keys => "/discovery/v2.0/keys",
                Endpoint::Revoke => "/oauth2/v2.0/revoke",
                Endpoint::UserInfo => "/openid/userinfo",
            },
            (Kind::Adfs, endpoint) => match endpoint {
                Endpoint::Authorize => "/oauth2/authorize",
                Endpoint::Wia => "/oauth2/authorize/wia",
                Endpoint::SignIn => "/login",
                Endpoint::Token => "/oauth2/token",
                Endpoint::DeviceCode => "/oauth2/devicecode",
                Endpoint::Device => "/oauth2/deviceauth",
                Endpoint::Logout => "/oauth2/logout",
                Endpoint::Metadata => "/.well-known/openid-configuration",
                Endpoint::Keys => "/discovery/keys",
                Endpoint::Revoke => "/oauth2/revoke",
                Endpoint::UserInfo => "/userinfo",
            },
            (Kind::Oidc, endpoint) => match endpoint {
                Endpoint::Authorize | Endpoint::Wia => "/authorize",
                Endpoint::SignIn => "/login",
                Endpoint::Token => "/token",
                Endpoint::DeviceCode => "/device_authorization",
                Endpoint::Device => "/device",
                Endpoint::Logout => "/logout",
                Endpoint::Metadata => "/.well-known/openid-configuration",
                Endpoint::Keys => "/jwks",
                Endpoint::Revoke => "/revoke",
                Endpoint::UserInfo => "/userinfo",
            },
        };
        let query = match (&self.policy, self.prefix.matches('/').count()) {
            (Some(policy), 1) => format!("?p={policy}"),
            _ => String::new(),
        };
        format!("{}{rest}{query}", self.prefix)
    }

    /// The address of an endpoint.
    pub(crate) fn url(&self, state: &State, endpoint: Endpoint) -> String {
        format!("{}{}", state.base_url, self.path(endpoint))
    }

    /// The issuer of its tokens.
    pub(crate) fn issuer(&self, state: &State) -> String {
        match self.kind {
            Kind::Entra => state.issuer(),
            Kind::B2c => format!("{}/", state.issuer()),
            Kind::Adfs | Kind::Oidc => format!("{}{}", state.base_url, self.prefix),
        }
    }

    /// Whether the tenant and the policy exist.
    pub(crate) fn exists(&self, state: &State) -> bool {
        match self.kind {
            Kind::Entra => state.knows(&self.tenant),
            Kind::B2c => {
                let known = |policy: &String| state.config.b2c_policies.iter().any(|one| same(one, policy));
                state.config.is_tenant(&self.tenant) && self.policy.as_ref().is_some_and(known)
            }
            Kind::Adfs | Kind::Oidc => true,
        }
    }

    /// Whether the path names everybody's tenant and not one.
    pub(crate) fn is_for_everyone(&self) -> bool {
        self.kind == Kind::Entra
            && ["common", "consumers", "organizations"].iter().any(|word| same(word, &self.tenant))
    }

    /// Whether tokens of the other service are this one's too: a tenant has many names, and they are one service.
    pub(crate) fn is(&self, other: &Service) -> bool {
        self.kind == other.kind
            && self.policy.as_deref().map(str::to_lowercase) == other.policy.as_deref().map(str::to_lowercase)
    }

    /// Whether its answers carry `client_info` when asked, and error codes when they are errors.
    pub(crate) fn is_microsofts(&self) -> bool {
        matches!(self.kind, Kind::Entra | Kind::B2c)
    }
}

fn entra(rest: &[&str]) -> Option<Endpoint> {
    Some(match rest {
        ["oauth2", "v2.0", "authorize"] => Endpoint::Authorize,
        ["login"] => Endpoint::SignIn,
        ["oauth2", "v2.0", "token"] => Endpoint::Token,
        ["oauth2", "v2.0", "devicecode"] => Endpoint::DeviceCode,
        ["oauth2", "deviceauth"] => Endpoint::Device,
        ["oauth2", "v2.0", "logout"] => Endpoint::Logout,
        ["v2.0", ".well-known", "openid-configuration"] => Endpoint::Metadata,
        ["discovery", "v2.0", "keys"] => Endpoint::Keys,
        ["oauth2", "v2.0", "revoke"] => Endpoint::Revoke,
        ["openid", "userinfo"] => Endpoint::UserInfo,
        _ => return None,
    })
}

fn adfs(rest: &[&str]) -> Option<Endpoint> {
    Some(match rest {
        ["oauth2", "authorize"] => Endpoint::Authorize,
        ["oauth2", "authorize", "wia"] => Endpoint::Wia,
        ["login"] => Endpoint::SignIn,
        ["oauth2", "token"] => Endpoint::Token,
        ["oauth2", "devicecode"] => Endpoint::DeviceCode,
        ["oauth2", "deviceauth"] => Endpoint::Device,
        ["oauth2", "logout"] => Endpoint::Logout,
        [".well-known", "openid-configuration"] => Endpoint::Metadata,
        ["discovery", "keys"] => Endpoint::Keys,
        ["userinfo"] => Endpoint::UserInfo,
        _ => return None,
    })
}

fn oidc(rest: &[&str]) -> Option<Endpoint> {
    Some(match rest {
        ["authorize"] => Endpoint::Authorize,
        ["login"] => Endpoint::SignIn,
        ["token"] => Endpoint::Token,
        ["device_authorization"] => Endpoint::DeviceCode,
        ["device"] => Endpoint::Device,
        ["logout"] => Endpoint::Logout,
        [".well-known", "openid-configuration"] => Endpoint::Metadata,
        ["jwks"] => Endpoint::Keys,
        ["revoke"] => Endpoint::Revoke,
        ["userinfo"] => Endpoint::UserInfo,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(path: &str) -> Option<(Kind, String, Endpoint, String)> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let (service, endpoint) = Service::locate(&segments, &Form::parse(query)?)?;
        let back = service.path(endpoint);
        Some((service.kind, service.policy.unwrap_or_default(), endpoint, back))
    }

    #[test]
    fn every_services_paths_lead_to_it_and_back() {
        for (path, kind, policy, endpoint) in [
            ("/contoso.com/oauth2/v2.0/token", Kind::Entra, "", Endpoint::Token),
            ("/contoso.com/B2C_1_x/oauth2/v2.0/token", Kind::B2c, "B2C_1_x", Endpoint::Token),
            ("/tfp/contoso.com/B2C_1_x/oauth2/v2.0/authorize", Kind::B2c, "B2C_1_x", Endpoint::Authorize),
            ("/contoso.com/oauth2/v2.0/token?p=B2C_1_x", Kind::B2c, "B2C_1_x", Endpoint::Token),
            ("/adfs/oauth2/token", Kind::Adfs, "", Endpoint::Token),
            ("/adfs/oauth2/authorize/wia", Kind::Adfs, "", Endpoint::Wia),
            ("/adfs/.well-known/openid-configuration", Kind::Adfs, "", Endpoint::Metadata),
            ("/oidc/.well-known/openid-configuration", Kind::Oidc, "", Endpoint::Metadata),
        ] {
            assert_eq!(located(path), Some((kind, policy.into(), endpoint, path.into())));
        }
        assert_eq!(located("/contoso.com/oauth2/v3.0/token"), None);
        assert_eq!(located("/adfs/oauth2/v2.0/token"), None);
    }
}
