//! A server that lets in whom GSSAPI knows, over https, and hands requests on to the emulator.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use entrada_emulator::{Config, Emulator};

use crate::certificate::{self, CERTIFICATE, KEY, Signature};
use crate::folder::Folder;
use crate::process::{Server, free_port, wrong_clock};

/// Both listen on one port, at two addresses, so that the addresses that the emulator hands out are Apache's.
pub(crate) const BEHIND: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// An emulator behind Apache.
pub(crate) struct Farm {
    pub(crate) emulator: Emulator,
    log: PathBuf,
    _apache: Server,
}

/// How a farm is made up.
#[derive(Default)]
pub(crate) struct Setup {
    /// The emulator's world.
    pub(crate) world: Config,
    pub(crate) mechanism: Mechanism,
    /// Whether it speaks plain http, to a client that cannot be told of one more certificate authority.
    pub(crate) plain: bool,
    /// By how much Apache's clock is wrong.
    pub(crate) clock: Option<&'static str>,
    /// How long a header may be, if not as long as usual: 8 KiB.
    pub(crate) field_limit: Option<u32>,
}

/// What Apache takes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mechanism {
    #[default]
    Kerberos,
    /// In SPNEGO; the passwords are in [`PASSWORDS`].
    Ntlm,
}

/// Where NTLM's passwords are, by domain and user.
pub(crate) const PASSWORDS: &str = "passwords";

/// What each user is called in the cloud, by the name that Apache knows.
const USERS: &str = "\
joe@CONTOSO.COM joe@contoso.com
CONTOSO\\joe joe@contoso.com
jdoe@AD.CONTOSO.COM joe@contoso.com
joe\\@contoso.com@AD.CONTOSO.COM joe@contoso.com
";

impl Farm {
    pub(crate) fn start(folder: &Folder) -> Self {
        Self::of(folder, &Setup::default())
    }

    pub(crate) fn of(folder: &Folder, setup: &Setup) -> Self {
        let port = free_port();
        let emulator = behind(port, !setup.plain, setup.world.clone());
        certificate::issue(folder, Signature::default());
        folder.write("users", USERS);
        let mut configuration = httpd_conf(folder, port, setup);
        if let Some(limit) = setup.field_limit {
            configuration.push_str(&format!("LimitRequestFieldSize {limit}\n"));
        }
        folder.write("httpd.conf", &configuration);
        // Apache is another user here, where this one is root.
        fs::create_dir_all(folder.path("delegated")).expect("a folder");
        folder.permit("delegated", 0o777);
        let mut command = folder.client("apache2");
        // One process, so that it can be stopped by its id; a token may be judged again by the next test.
        command.arg("-X").arg("-f").arg(folder.path("httpd.conf")).env("KRB5RCACHENAME", "none:");
        command.env("NTLM_USER_FILE", folder.path(PASSWORDS)).env("NETBIOS_DOMAIN_NAME", "CONTOSO");
        command.envs(setup.clock.into_iter().flat_map(wrong_clock));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let apache = Server::start(&mut command, address, &folder.path("apache.out"));
        Self { emulator, log: folder.path("access.log"), _apache: apache }
    }

    /// Each request for a token of the federation server: the connection's port and the status of the answer.
    pub(crate) fn rounds(&self) -> Vec<(String, String)> {
        let log = fs::read_to_string(&self.log).expect("a log");
        let requests =
            log.lines().filter_map(|line| line.split_once("/windowstransport ")?.1.split_once(' '));
        requests.map(|(port, status)| (port.to_owned(), status.to_owned())).collect()
    }

    /// How many requests came through to the federation server.
    pub(crate) fn admitted(&self) -> usize {
        let requests = self.emulator.requests();
        requests.iter().filter(|request| request.path.ends_with("/windowstransport")).count()
    }
}

/// An emulator at its address behind another server, with the same port and the same addresses to hand out.
pub(crate) fn behind(port: u16, tls: bool, world: Config) -> Emulator {
    let config = Config { bind: IpAddr::V4(BEHIND), port, tls, host: "localhost".to_owned(), ..world };
    Emulator::start(config).expect("the emulator starts")
}

/// Who has been proved, the emulator hears of in its own scripted token; its proof is not Apache's, and is dropped.
fn httpd_conf(folder: &Folder, port: u16, setup: &Setup) -> String {
    let modules = [
        "mpm_event",
        "authn_core",
        "authz_core",
        "authz_user",
        "auth_gssapi",
        "headers",
        "proxy",
        "proxy_http",
        "rewrite",
        "ssl",
    ];
    let modules: String = modules
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    let folder = folder.text();
    let mechanism = match setup.mechanism {
        Mechanism::Kerberos => [
            "GssapiAllowedMech krb5".to_owned(),
            format!("GssapiCredStore keytab:{folder}/http.keytab"),
            format!("GssapiDelegCcacheDir {folder}/delegated"),
        ]
        .join("\n"),
        // With a store of credentials the library of NTLM breaks down at the first token.
        Mechanism::Ntlm => "GssapiAllowedMech ntlmssp\nGssapiConnectionBound On".to_owned(),
    };
    let tls = [
        "SSLEngine on".to_owned(),
        "SSLSessionCache none".to_owned(),
        format!("SSLCertificateFile \"{folder}/{CERTIFICATE}\""),
        format!("SSLCertificateKeyFile \"{folder}/{KEY}\""),
        // The emulator's certificate is of an authority that nobody knows.
        "SSLProxyEngine on".to_owned(),
        "SSLProxyCheckPeerName off".to_owned(),
    ]
    .join("\n");
    let (scheme, transport, only) = match setup.plain {
        false => ("https", tls.as_str(), "On"),
        true => ("http", "", "Off"),
    };
    let prefix = entrada_emulator::TOKEN_PREFIX;
    format!(
        r#"{modules}
ServerRoot "{folder}"
ServerName localhost
DefaultRuntimeDir "{folder}"
PidFile "{folder}/apache.pid"
ErrorLog "{folder}/error.log"
CustomLog "{folder}/access.log" "%U %{{remote}}p %>s"
Mutex "file:{folder}" default
User www-data
Group www-data
Listen 127.0.0.1:{port}
{transport}
ProxyPreserveHost On
ProxyPass "/" "{scheme}://{BEHIND}:{port}/"
RewriteMap users "txt:{folder}/users"
<LocationMatch "/(windowstransport|authorize/wia)$">
    AuthType GSSAPI
    AuthName "Contoso"
    GssapiSSLonly {only}
    {mechanism}
    Require valid-user
    RewriteEngine On
    RewriteRule ^ - [E=EMULATOR_USER:${{users:%{{REMOTE_USER}}}}]
    RewriteCond expr "base64('{prefix}1:' . reqenv('EMULATOR_USER')) =~ /^(.+)$/"
    RewriteRule ^ - [E=EMULATOR_TOKEN:%1]
    RequestHeader set Authorization "Negotiate %{{EMULATOR_TOKEN}}e"
    Header onsuccess unset WWW-Authenticate
</LocationMatch>
"#
    )
}
