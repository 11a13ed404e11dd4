//! The national clouds, whose hosts are known without asking.

/// One national cloud: the names that mean the same service.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cloud {
    aliases: &'static [&'static str],
    /// Where requests go.
    pub(super) preferred_network: &'static str,
    /// The name under which tokens are cached.
    pub(super) preferred_cache: &'static str,
    /// Whom federation servers issue assertions for.
    pub(super) audience: &'static str,
}

impl Cloud {
    pub(super) fn of(host: &str) -> Option<&'static Self> {
        CLOUDS.iter().find(|cloud| cloud.aliases.contains(&host))
    }

    /// As [`of`](Self::of), for a name as somebody wrote it.
    pub(super) fn of_any_case(host: &str) -> Option<&'static Self> {
        let any_case = |cloud: &&Self| cloud.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(host));
        Self::of(host).or_else(|| CLOUDS.iter().find(any_case))
    }

    /// Whether it is the public one.
    pub(super) fn is_public(&self) -> bool {
        self.preferred_cache == "login.windows.net"
    }

    const fn lone(aliases: &'static [&'static str], name: &'static str) -> Self {
        Self { aliases, preferred_network: name, preferred_cache: name, audience: PUBLIC_AUDIENCE }
    }
}

pub(super) const PUBLIC_AUDIENCE: &str = "urn:federation:MicrosoftOnline";

static CLOUDS: [Cloud; 9] = [
    Cloud {
        aliases: &[
            "login.microsoftonline.com",
            "login.windows.net",
            "login.microsoft.com",
            "sts.windows.net",
        ],
        preferred_network: "login.microsoftonline.com",
        preferred_cache: "login.windows.net",
        audience: PUBLIC_AUDIENCE,
    },
    Cloud {
        aliases: &["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
        preferred_network: "login.partner.microsoftonline.cn",
        preferred_cache: "login.partner.microsoftonline.cn",
        audience: "urn:federation:partner.microsoftonline.cn",
    },
    Cloud::lone(&["login.microsoftonline.de"], "login.microsoftonline.de"),
    Cloud::lone(&["login.microsoftonline.us", "login.usgovcloudapi.net"], "login.microsoftonline.us"),
    Cloud::lone(&["login-us.microsoftonline.com"], "login-us.microsoftonline.com"),
    Cloud::lone(&["login.sovcloud-identity.fr"], "login.sovcloud-identity.fr"),
    Cloud::lone(&["login.sovcloud-identity.de"], "login.sovcloud-identity.de"),
    Cloud::lone(&["login.sovcloud-identity.sg"], "login.sovcloud-identity.sg"),
    Cloud::lone(
        &["login.windows-ppe.net", "sts.windows-ppe.net", "login.microsoft-ppe.com"],
        "login.windows-ppe.net",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_host_once() {
        let mut names: Vec<_> = CLOUDS.iter().flat_map(|cloud| cloud.aliases).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for cloud in &CLOUDS {
            assert!(cloud.aliases.contains(&cloud.preferred_network));
            assert!(cloud.aliases.contains(&cloud.preferred_cache));
        }
    }
}
