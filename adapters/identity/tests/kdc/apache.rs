//! A server that lets in whom Kerberos knows, and hands requests on to the emulator.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;

use entrada_emulator::{Config, Emulator};

use crate::process::{Server, free_port};
use crate::realm::Realm;

/// Both listen on one port, at two addresses, so that the addresses that the emulator hands out are Apache's.
const BEHIND: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// An emulator behind Apache.
pub(crate) struct Farm {
    pub(crate) emulator: Emulator,
    _apache: Server,
}

impl Farm {
    pub(crate) fn start(realm: &Realm) -> Self {
        let port = free_port();
        let config =
            Config { bind: IpAddr::V4(BEHIND), port, host: "localhost".to_owned(), ..Config::default() };
        let emulator = Emulator::start(config).expect("the emulator starts");
        realm.write("httpd.conf", &httpd_conf(realm, port));
        // Apache is another user here, where this one is root.
        let delegated = realm.path("delegated");
        fs::create_dir(&delegated).expect("a folder");
        fs::set_permissions(&delegated, fs::Permissions::from_mode(0o777)).expect("a folder of this process");
        let mut command = realm.client("apache2");
        // One process, so that it can be stopped by its id; a token may be judged again by the next test.
        command.arg("-X").arg("-f").arg(realm.path("httpd.conf")).env("KRB5RCACHENAME", "none:");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let apache = Server::start(&mut command, address, &realm.path("apache.out"));
        Self { emulator, _apache: apache }
    }

    /// How many requests came through to the federation server.
    pub(crate) fn admitted(&self) -> usize {
        let requests = self.emulator.requests();
        requests.iter().filter(|request| request.path.ends_with("/windowstransport")).count()
    }
}

/// Whom Kerberos has proved, the emulator hears of in its own scripted token; its proof is not Apache's, and is dropped.
fn httpd_conf(realm: &Realm, port: u16) -> String {
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
    ];
    let modules: String = modules
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    let folder = realm.path("").display().to_string();
    let folder = folder.trim_end_matches('/');
    let prefix = entrada_emulator::TOKEN_PREFIX;
    format!(
        r#"{modules}
ServerRoot "{folder}"
ServerName localhost
DefaultRuntimeDir "{folder}"
PidFile "{folder}/apache.pid"
ErrorLog "{folder}/error.log"
Mutex "file:{folder}" default
User www-data
Group www-data
Listen 127.0.0.1:{port}
ProxyPreserveHost On
ProxyPass "/" "http://{BEHIND}:{port}/"
<LocationMatch "/windowstransport$">
    AuthType GSSAPI
    AuthName "Kerberos"
    GssapiCredStore keytab:{folder}/http.keytab
    GssapiAllowedMech krb5
    GssapiDelegCcacheDir {folder}/delegated
    Require valid-user
    RewriteEngine On
    RewriteCond expr "base64('{prefix}1:' . %{{REMOTE_USER}}) =~ /^(.+)$/"
    RewriteRule ^ - [E=EMULATOR_TOKEN:%1]
    RequestHeader set Authorization "Negotiate %{{EMULATOR_TOKEN}}e"
    Header onsuccess unset WWW-Authenticate
</LocationMatch>
"#
    )
}
