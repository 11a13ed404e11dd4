//! A realm with its KDC, in a folder of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::process::Command;

use crate::folder::Folder;
use crate::process::{Server, free_port, run};

pub(crate) const REALM: &str = "CONTOSO.COM";
/// The password of `joe`.
const PASSWORD: &str = "horse battery";

/// A KDC that knows `joe`, and the service `HTTP/localhost`; it stops when this is dropped.
pub(crate) struct Realm {
    kdc: Option<Server>,
    folder: Folder,
}

impl Realm {
    pub(crate) fn start() -> Self {
        let mut realm = Self { kdc: None, folder: Folder::new() };
        let port = free_port();
        realm.configure("krb5.conf", port);
        realm.write("kdc.conf", &kdc_conf(&realm.folder, port));
        realm.write("acl", "");
        run(realm.admin("kdb5_util").args(["-r", REALM, "-P", "master", "create", "-s"]), "");
        let keytab = |name: &str| realm.path(name).display().to_string();
        let script = format!(
            "addprinc -pw \"{PASSWORD}\" joe\naddprinc -randkey HTTP/localhost\naddprinc -randkey host/localhost\n\
             ktadd -k {http} HTTP/localhost\nktadd -norandkey -k {joe} joe\nktadd -norandkey -k {host} host/localhost\n",
            http = keytab("http.keytab"),
            joe = keytab("joe.keytab"),
            host = keytab("host.keytab"),
        );
        realm.change(&script);
        realm.permit("http.keytab", 0o644);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let log = realm.path("kdc.out");
        realm.kdc = Some(Server::start(realm.admin("krb5kdc").args(["-n", "-r", REALM]), address, &log));
        realm
    }

    /// Stops the KDC.
    pub(crate) fn stop(&mut self) {
        self.kdc = None;
    }

    /// Gets a ticket for `joe` with the password, for so many seconds, that may be forwarded.
    pub(crate) fn kinit(&self, seconds: u32) {
        let life = format!("{seconds}s");
        run(self.client("kinit").args(["-f", "-l", &life, "joe"]), &format!("{PASSWORD}\n"));
    }

    /// Makes one more service known.
    pub(crate) fn register(&self, service: &str) {
        self.change(&format!("addprinc -randkey {service}"));
    }

    /// Gives the service new keys, which no keytab has.
    pub(crate) fn rekey_service(&self) {
        self.change("change_password -randkey HTTP/localhost");
    }

    /// Gives `joe` a new password, and so new keys.
    pub(crate) fn change_password(&self) {
        self.change("change_password -pw another joe");
    }

    /// Writes a client's configuration, in which the KDC listens on some port.
    pub(crate) fn configure(&self, name: &str, port: u16) {
        self.write(name, &krb5_conf(REALM, Some(port)));
    }

    /// Writes a client's configuration that knows no KDC.
    pub(crate) fn configure_without_kdc(&self, name: &str) {
        self.write(name, &krb5_conf(REALM, None));
    }

    /// Changes the KDC's database.
    pub(crate) fn change(&self, commands: &str) {
        run(self.admin("kadmin.local").args(["-r", REALM]), &format!("{commands}\n"));
    }

    fn admin(&self, name: &str) -> Command {
        let mut command = self.client(name);
        command.env("KRB5_KDC_PROFILE", self.path("kdc.conf"));
        command
    }
}

/// A realm is first of all the folder in which it is configured.
impl Deref for Realm {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

/// A client's configuration, with the port of the KDC. No name is looked up in DNS, forwards or backwards.
pub(crate) fn krb5_conf(realm: &str, port: Option<u16>) -> String {
    let kdc = port.map_or_else(String::new, |port| format!("{realm} = {{\n  kdc = 127.0.0.1:{port}\n }}"));
    format!(
        "[libdefaults]\n default_realm = {realm}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n \
         dns_canonicalize_hostname = false\n rdns = false\n udp_preference_limit = 1\n\
         [realms]\n {kdc}\n\
         [domain_realm]\n localhost = {realm}\n .contoso.com = {realm}\n .elsewhere.example = ELSEWHERE.EXAMPLE\n"
    )
}

fn kdc_conf(folder: &Folder, port: u16) -> String {
    let folder = folder.text();
    format!(
        "[kdcdefaults]\n kdc_listen = 127.0.0.1:{port}\n kdc_tcp_listen = 127.0.0.1:{port}\n\
         [realms]\n {REALM} = {{\n  database_name = {folder}/principal\n  key_stash_file = {folder}/stash\n  \
         acl_file = {folder}/acl\n }}\n[logging]\n kdc = FILE:{folder}/kdc.log\n"
    )
}
