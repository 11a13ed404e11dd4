//! What integrated sign-in would do, by doing it: the flow is run until it would say who the user is.

use entrada_blocking::HttpHost;
use entrada_core::application::PublicClientApplication;
use entrada_core::authority::{Authority, AuthorityKind};
use entrada_core::flow::adfs_integrated_auth::AdfsIntegratedAuth;
use entrada_core::flow::integrated_windows_auth::IntegratedWindowsAuth;
use entrada_core::http::{HttpAuth, ServiceName};
use entrada_core::result::AuthenticationResult;
use entrada_core::step::{Flow, Host, Step};
use entrada_tokio::Settings;
use url::Url;

use crate::report::Failure;

/// Where the user would be authenticated.
pub(super) struct Preview {
    /// What was asked on the way, without the query.
    pub(super) asked: Vec<Url>,
    /// The endpoint of the federation server, without the query.
    pub(super) endpoint: Url,
    /// The service that a Kerberos ticket is asked for.
    pub(super) service: ServiceName,
}

/// The flow up to the request that authenticates the user, which is not sent.
pub(super) fn of(authority: Authority, username: &str, settings: Settings) -> Result<Preview, Failure> {
    // Nobody is asked for a token, so no application's name is needed.
    let app = PublicClientApplication::new("whoami", authority);
    // For the same reason no scope is.
    let scopes = ["openid"];
    let mut host = HttpHost::new(settings)?;
    let seed = entrada_host::seed().map_err(Failure::Flow)?;
    let begun = match app.authority.kind() {
        AuthorityKind::AdFs => {
            AdfsIntegratedAuth::new(app, scopes, "http://localhost").start(host.now(), seed)
        }
        _ => IntegratedWindowsAuth::new(app, scopes, username).start(host.now(), seed),
    };
    let mut step = begun.map_err(Failure::Flow)?;
    let mut asked = Vec::new();
    loop {
        step = match next(step, &mut host, &mut asked)? {
            Ok(step) => step,
            Err((endpoint, service)) => return Ok(Preview { asked, endpoint, service }),
        };
    }
}

/// One step, or where the flow would authenticate the user.
fn next(
    step: Step<AuthenticationResult>,
    host: &mut HttpHost,
    asked: &mut Vec<Url>,
) -> Result<Result<Step<AuthenticationResult>, (Url, ServiceName)>, Failure> {
    let ended = match step {
        Step::Send { request, resume } => {
            let mut url = request.url.clone();
            url.set_query(None);
            if let HttpAuth::Negotiate(service) = request.auth {
                return Ok(Err((url, service)));
            }
            asked.push(url);
            let outcome = host.send(request);
            resume.with(outcome, host.now())
        }
        Step::Wait { until, resume } => {
            host.wait(until);
            resume.with((), host.now())
        }
        Step::Load { query, resume } => {
            let view = host.load(query);
            resume.with(view, host.now())
        }
        Step::Save { update, resume } => {
            let kept = host.save(update);
            resume.with(kept, host.now())
        }
        Step::Show { .. } | Step::Sign { .. } | Step::Assert { .. } | Step::Done(_) => {
            return Err(Failure::Other("the flow went on without authenticating the user".to_owned()));
        }
    };
    ended.map(Ok).map_err(Failure::Flow)
}
