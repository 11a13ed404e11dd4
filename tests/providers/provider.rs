//! The server, in a process and a folder of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::LazyLock;
use std::{env, fs};

use entrada_emulator::Emulator;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// A server that runs until this process ends.
pub(crate) struct Provider {
    /// Its address, without a slash at the end.
    pub(crate) origin: String,
    /// The certificate authority to trust, if it speaks https.
    pub(crate) root: Option<Vec<u8>>,
    _process: Process,
}

/// The server ends with its standard input: when it is told so, and when this process is no more.
struct Process {
    _child: Child,
    _input: ChildStdin,
    _output: BufReader<ChildStdout>,
}

/// Two servers, in clear text and with TLS, for all tests: each takes a second to start.
pub(crate) fn both() -> [&'static Provider; 2] {
    static PLAIN: LazyLock<Provider> = LazyLock::new(|| Provider::start(false));
    static SECURE: LazyLock<Provider> = LazyLock::new(|| Provider::start(true));
    [&PLAIN, &SECURE]
}

impl Provider {
    fn start(tls: bool) -> Self {
        let name = format!("oidc-provider-{}-{tls}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("a file");
        write("client.pem", Emulator::daemon_certificate_pem());
        let root = tls.then(|| {
            let [root, certificate, key] = certificates().expect("certificates");
            write("tls.pem", &certificate);
            write("tls-key.pem", &key);
            root.into_bytes()
        });

        let log = folder.with_extension("log");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("judges/oidc_provider/server.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .arg(&folder)
            .current_dir(packages())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).expect("a file"))
            .spawn()
            .expect("node is installed");
        let input = child.stdin.take().expect("it was asked for");
        let mut output = BufReader::new(child.stdout.take().expect("it was asked for"));
        let mut line = String::new();
        let origin = loop {
            line.clear();
            let length = output.read_line(&mut line).expect("text");
            assert_ne!(length, 0, "the server ended: {}", fs::read_to_string(log).unwrap_or_default());
            if let Some(origin) = line.strip_prefix("listening ") {
                break origin.trim().to_owned();
            }
        };
        fs::remove_dir_all(folder).expect("the server has read its files");
        fs::remove_file(log).expect("it warned that it is not meant for production");
        Self { origin, root, _process: Process { _child: child, _input: input, _output: output } }
    }
}

/// Where the packages of npm are installed.
fn packages() -> PathBuf {
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/judges");
    env::var_os("ENTRADA_JUDGES").map_or_else(usual, PathBuf::from)
}

/// A certificate authority; and the certificate of a server, with its key. All in PEM.
fn certificates() -> Result<[String; 3], rcgen::Error> {
    let mut authority = CertificateParams::new([])?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate()?;
    let root = authority.self_signed(&authority_key)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()])?
        .signed_by(&key, &Issuer::new(authority, authority_key))?;
    Ok([root.pem(), certificate.pem(), key.serialize_pem()])
}
