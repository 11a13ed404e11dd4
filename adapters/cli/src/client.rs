//! The application on the command line: its authority, and how it proves who it is.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use entrada_core::application::{
    Application, ClientCertificate, ClientCredential, ConfidentialClientApplication, PublicClientApplication,
};
use entrada_core::authority::{Authority, AuthorityOptions};
use entrada_core::error::{Error, Misuse};
use entrada_core::preflight::FlowKind;
use entrada_core::secret::Secret;
use entrada_core::signer::Signer;
use entrada_keys::{KeyError, KeyPair, KeyRing};
use zeroize::Zeroizing;

use crate::args::{AuthorityKind, ClientArgs};
use crate::report::Failure;
use crate::secrets::{self, Source};

/// Reads an authority of the kind that was said or that its address tells.
pub(crate) fn authority(
    text: &str,
    kind: Option<AuthorityKind>,
    options: AuthorityOptions,
) -> Result<Authority, Failure> {
    match kind {
        None => Authority::parse(text, options),
        Some(AuthorityKind::Oidc) => Authority::oidc(text, options),
    }
    .map_err(Failure::Flow)
}

/// A credential, and what signs for it.
pub(crate) struct Proof {
    pub(crate) credential: ClientCredential,
    pub(crate) signer: Option<Arc<dyn Signer>>,
}

impl From<ClientCredential> for Proof {
    fn from(credential: ClientCredential) -> Self {
        Self { credential, signer: None }
    }
}

/// The name of the one key.
const KEY: &str = "certificate";

/// What the options say, if they say anything.
pub(crate) fn proof(args: &ClientArgs) -> Result<Option<Proof>, Failure> {
    if args.client_secret_env.is_some() || args.client_secret_stdin {
        let secret = client_secret(args).read("Client secret")?;
        return Ok(Some(ClientCredential::Secret(secret).into()));
    }
    if let Some(path) = &args.client_assertion_file {
        return Ok(Some(ClientCredential::Assertion(assertion(path)?).into()));
    }
    args.certificate.as_deref().map(|path| certificate(path, args)).transpose()
}

/// What is asked for where a flow needs a credential and no option names one.
pub(crate) fn proof_by_prompt(args: &ClientArgs) -> Result<Proof, Failure> {
    match client_secret(args).read_if_said("Client secret")? {
        Some(secret) => Ok(ClientCredential::Secret(secret).into()),
        None => Err(Failure::Usage(
            "this flow needs a credential of the application: --client-secret-env, --client-secret-stdin, \
             --certificate or --client-assertion-file"
                .to_owned(),
        )),
    }
}

fn client_secret(args: &ClientArgs) -> Source<'_> {
    let env = args.client_secret_env.as_deref();
    Source { what: "client secret", limit: secrets::PASSWORD, env, stdin: args.client_secret_stdin }
}

fn assertion(path: &Path) -> Result<Secret, Failure> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| Failure::Usage(format!("{shown}: {error}")))?;
    let source = Source { what: "client assertion", limit: secrets::TOKEN, env: None, stdin: false };
    source.read_text(file, &format!("in {shown}"))
}

fn certificate(path: &Path, args: &ClientArgs) -> Result<Proof, Failure> {
    let unusable =
        |error: &KeyError| Failure::Usage(format!("{}: {error}\nremedy: {}", path.display(), error.remedy()));
    let bytes = std::fs::read(path)
        .map(Zeroizing::new)
        .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    let pair = if is_pfx(&bytes) {
        let env = args.pfx_password_env.as_deref();
        let source = Source { what: "password of the PFX file", limit: secrets::PASSWORD, env, stdin: false };
        // A file without a password is read with an empty one.
        let password = source.read_if_said("Password of the PFX file")?.unwrap_or_default();
        KeyPair::from_pfx(&bytes, &password)
    } else {
        KeyPair::from_pem(&bytes)
    };
    let pair = pair.map_err(|error| unusable(&error))?;
    let mut certificate = ClientCertificate::new(pair.certificate, KEY);
    certificate.chain = pair.chain;
    certificate.send_x5c = args.send_x5c;
    let ring = KeyRing::new();
    ring.add(KEY, pair.key);
    Ok(Proof { credential: ClientCredential::Certificate(certificate), signer: Some(Arc::new(ring)) })
}

/// Whether a file is DER and no text: PFX begins with a sequence whose length takes two bytes or more.
fn is_pfx(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, 0x80..=0x84, ..])
}

/// An application with a credential, or one that can keep none.
pub(crate) fn application(
    client_id: &str,
    authority: Authority,
    credential: Option<ClientCredential>,
) -> Application {
    match credential {
        None => PublicClientApplication::new(client_id, authority).into(),
        Some(credential) => ConfidentialClientApplication::new(client_id, authority, credential).into(),
    }
}

/// The application as one without a credential, which `flow` is for.
pub(crate) fn public(flow: FlowKind, app: Application) -> Result<PublicClientApplication, Failure> {
    match app {
        Application::Public(app) => Ok(app),
        Application::Confidential(_) => Err(Failure::Flow(wrong_sort(flow, "public"))),
    }
}

/// The application as one with a credential, which `flow` is for.
pub(crate) fn confidential(
    flow: FlowKind,
    app: Application,
) -> Result<ConfidentialClientApplication, Failure> {
    match app {
        Application::Confidential(app) => Ok(app),
        Application::Public(_) => Err(Failure::Flow(wrong_sort(flow, "confidential"))),
    }
}

fn wrong_sort(flow: FlowKind, needed: &'static str) -> Error {
    Misuse::Audience { flow, needed }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pfx_file_is_told_from_pem_by_its_first_bytes() {
        assert!(is_pfx(&[0x30, 0x82, 0x0a, 0x00]));
        assert!(is_pfx(&[0x30, 0x80, 0x02]), "of indefinite length");
        for text in [&b"-----BEGIN PRIVATE KEY-----"[..], b"0 note", b"0\x0a", b""] {
            assert!(!is_pfx(text), "{text:?}");
        }
    }
}
