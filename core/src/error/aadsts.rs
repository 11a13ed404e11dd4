//! What the service's own numbers mean. They are matched whole.

/// Numbers that often stand before the one that says what is wrong.
pub(super) const WRAPPERS: [u32; 2] = [70000, 70002];

/// The first number that says something, a wrapper only if there is nothing else.
pub(super) fn explained(codes: &[u32]) -> Option<(u32, &'static str)> {
    let wrappers_last = codes.iter().filter(|code| !WRAPPERS.contains(code)).chain(codes);
    wrappers_last.copied().find_map(|code| explain(code).map(|text| (code, text)))
}

/// What an AADSTS number means for these flows: whose turn it is and what to do. Numbers are matched whole.
#[must_use]
pub fn explain(code: u32) -> Option<&'static str> {
    Some(match code {
        16000 => "The user: sign in interactively; the account is not in this tenant.",
        50008 | 50013 => {
            "The administrator: the service did not accept the federation server's assertion; check the server's \
             token-signing certificate against the one that the tenant trusts."
        }
        50020 | 90072 => {
            "The administrator: invite the account into this tenant; or use its own tenant as authority."
        }
        50034 => "The user: check the user name; the tenant has no such account.",
        50053 => {
            "The user: wait, then try again; the account is locked after too many wrong passwords, or the address is blocked."
        }
        50055 | 50144 => "The user: the password has expired; change it by signing in interactively.",
        50056 => "The user: sign in interactively; the directory holds no password for this account.",
        50057 => "The administrator: the account is disabled.",
        50072 | 50074 | 50076 | 50079 => {
            "The user: a second factor is required, or must be set up, and no silent flow can do that; sign in \
             interactively or with a device code."
        }
        50097 | 50129 | 50131 | 53000 | 53001 | 53002 | 53003 | 53004 | 530_032 | 530_035 => {
            "The user: sign in interactively on a device that the organization's policy accepts; else the administrator \
             changes the policy."
        }
        50105 => "The administrator: assign the user to the application.",
        50107 => {
            "The administrator: the federation settings of the domain do not match the server that issued the assertion."
        }
        50126 => "The user: user name or password is wrong. Entrada sent them once and does not try again.",
        50128 | 90002 => "The developer: the authority names a tenant that does not exist.",
        50158 => "The user: sign in interactively; the tenant wants a check by another provider.",
        50173 | 70008 | 70043 | 700_082 => {
            "The user: sign in again; the earlier sign-in was revoked or has expired."
        }
        50196 => {
            "The developer: the application asks in a loop; keep the tokens that it gets and stop when refused."
        }
        54005 => "The developer: an authorization code can be redeemed once; use the refresh token.",
        65001 => {
            "The user or an administrator: consent to the application's permissions, once and interactively."
        }
        65004 => "The user: consent was declined; nothing can be got without it.",
        70000 | 7_500_514 => {
            "The administrator: the service could not use the federation server's assertion; check that the server issues \
             SAML 1.1 or 2.0 bearer assertions for the tenant."
        }
        70002 | 7_000_218 => {
            "The application's owner: the registration treats this application as confidential; set 'Allow public client \
             flows' (allowPublicClient) to yes."
        }
        80001 | 80002 | 80005 | 80007 | 80010 => {
            "The administrator: the on-premises agent of pass-through authentication did not answer; check it, then try again."
        }
        81004..=81012 => {
            "The administrator: seamless single sign-on failed; check the Kerberos ticket and the AZUREADSSOACC account. The \
             user can sign in another way meanwhile."
        }
        90010 | 9_001_023 => {
            "The developer: this flow does not work with /common or /consumers; use the tenant, or /organizations, as authority."
        }
        90013 | 90014 | 900_144 => {
            "The developer: the request lacks a parameter or holds a wrong one; please report it."
        }
        90055 => "The application: the tenant sends too many requests; try again later.",
        90094 => {
            "The administrator: grant consent for the whole organization; users may not consent to this themselves."
        }
        700_016 => "The developer: the tenant has no application with this client id; check both.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_matched_whole() {
        assert_ne!(explain(90010), explain(9001));
        assert_eq!(explain(90010), explain(9_001_023));
        assert_eq!(explain(7000), None);
        assert_eq!(explain(500_207), None);
    }
}
