//! A domain of Active Directory, by Samba, in a folder of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::Path;

use crate::folder::Folder;
use crate::process::{Server, free_port, run};
use crate::realm::krb5_conf;

pub(crate) const REALM: &str = "AD.CONTOSO.COM";
const PASSWORD: &str = "Horse-Battery1";
/// With as many groups a user's token is longer than 8 KiB.
const GROUPS: u32 = 1000;

/// A domain controller that knows the account `jdoe`, who is `joe@contoso.com`, and the service `HTTP/localhost`; it stops
/// when this is dropped.
pub(crate) struct Domain {
    _controller: Server,
    folder: Folder,
}

impl Domain {
    pub(crate) fn start() -> Self {
        let folder = Folder::new();
        let [port, password_port] = [free_port(), free_port()];
        folder.write("krb5.conf", &krb5_conf(REALM, Some(port)));
        provision(&folder, port, password_port);
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kdc/domain.py");
        let configuration = folder.path("samba/etc/smb.conf");
        // Debian's own, which has Samba's modules.
        let mut fill = folder.client("/usr/bin/python3");
        fill.arg(program).arg(&configuration).arg(folder.path("http.keytab"));
        run(fill.arg(GROUPS.to_string()).arg(PASSWORD), "");
        folder.permit("http.keytab", 0o644);
        let mut samba = folder.client("samba");
        samba.args(["-F", "--no-process-group", "--debug-stdout", "-M", "single", "-s"]).arg(configuration);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let controller = Server::start(&mut samba, address, &folder.path("samba.out"));
        Self { _controller: controller, folder }
    }

    /// Gets a ticket with the password, by this name and these options of `kinit`.
    pub(crate) fn kinit(&self, options: &[&str], name: &str) {
        run(self.client("kinit").args(options).arg(name), &format!("{PASSWORD}\n"));
    }
}

/// A domain is first of all the folder in which it is configured.
impl Deref for Domain {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

/// Nothing is written elsewhere, and of the services the KDC alone runs, on loopback.
fn provision(folder: &Folder, port: u16, password_port: u16) {
    let text = format!("{}/samba", folder.text());
    let mut command = folder.client("samba-tool");
    command.args(["domain", "provision", "--server-role=dc", "--host-name=dc1", "--host-ip=127.0.0.1"]);
    command.args(["--domain=CONTOSO", "--dns-backend=NONE"]);
    command.args([
        format!("--realm={REALM}"),
        format!("--adminpass={PASSWORD}"),
        format!("--targetdir={text}"),
    ]);
    for option in [
        "interfaces=127.0.0.1/8",
        "bind interfaces only=yes",
        "server services=kdc",
        "tls enabled=no",
        &format!("krb5 port={port}"),
        &format!("kpasswd port={password_port}"),
        &format!("log file={text}/log.%m"),
        &format!("pid directory={text}"),
        &format!("ncalrpc dir={text}/ncalrpc"),
    ] {
        command.arg("--option").arg(option);
    }
    run(&mut command, "");
}
