//! Which flow works with which application and authority: the whole table.

use entrada_core::application::Application;
use entrada_core::preflight::{FlowKind, preflight};

use crate::{app, client_secret, confidential, oidc};

const AUTHORITIES: [&str; 9] = [
    "https://login.microsoftonline.com/contoso.com",
    "https://login.microsoftonline.com/organizations",
    "https://login.microsoftonline.com/common",
    "https://login.microsoftonline.com/consumers",
    "https://sts.contoso.com/adfs",
    "https://c.b2clogin.com/c.com/b2c_1_x",
    "https://c.ciamlogin.com/c.com",
    "https://d.example/dstsv2/c.com",
    "https://idp.example",
];

/// For each flow, what becomes of a public and of a confidential application of each authority: `+` it works, `a` the
/// application is of the wrong sort, `t` the tenant is, `k` the kind of authority is.
const TABLE: &str = "
    flow                     public     confidential
                             t o c p f b x d i   t o c p f b x d i
    integrated_windows_auth  + + t t k k k k k   a a a a a a a a a
    adfs_integrated_auth     k k k k + k k k k   a a a a a a a a a
    username_password        + + t t + + + + +   + + t t + + + + +
    device_code              + + + + + k + + +   a a a a a a a a a
    authorization_code       + + + + + + + + +   + + + + + + + + +
    implicit                 + + + + + + + k +   + + + + + + + k +
    client_credentials       a a a a a a a a a   + t t t + + + + +
    on_behalf_of             a a a a a a a a a   + + + + + k + + +
    user_fic                 a a a a a a a a a   + t t t k k k k k
    refresh_token            + + + + + + + + +   + + + + + + + + +
    silent                   + + + + + + + + +   + + + + + + + + +
";

fn applications() -> Vec<Application> {
    let text = |at: usize| if AUTHORITIES[at].contains("idp") { AUTHORITIES[0] } else { AUTHORITIES[at] };
    let public = (0..AUTHORITIES.len()).map(|at| {
        let mut app = app(text(at));
        if AUTHORITIES[at].contains("idp") {
            app.authority = oidc(AUTHORITIES[at]);
        }
        Application::from(app)
    });
    let confidential = (0..AUTHORITIES.len()).map(|at| {
        let mut app = confidential(text(at), client_secret());
        if AUTHORITIES[at].contains("idp") {
            app.authority = oidc(AUTHORITIES[at]);
        }
        Application::from(app)
    });
    public.chain(confidential).collect()
}

#[test]
fn every_flow_says_beforehand_what_it_works_with() {
    let rows: Vec<Vec<&str>> = TABLE
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|row| row.len() == 19)
        .collect();
    assert_eq!(rows.len(), FlowKind::ALL.len());
    let applications = applications();
    for (row, flow) in rows.iter().zip(FlowKind::ALL) {
        assert_eq!(row[0], flow.as_str());
        let found: Vec<_> = applications
            .iter()
            .map(|app| match preflight(flow, app).map_err(entrada_core::error::Error::from) {
                Ok(()) => "+",
                Err(error) => match error.code() {
                    "client_type_not_supported" => "a",
                    "invalid_request" => "t",
                    "authority_kind_not_supported" => "k",
                    other => panic!("{other}"),
                },
            })
            .collect();
        assert_eq!(found, row[1..], "{flow}");
    }
}

#[test]
fn every_refusal_says_which_flow_and_what_instead() {
    for app in applications() {
        for flow in FlowKind::ALL {
            if let Err(refusal) = preflight(flow, &app) {
                let error = entrada_core::error::Error::from(refusal);
                assert!(error.to_string().starts_with(&flow.to_string()), "{error}");
                assert!(error.remedy().len() > 20, "{error}");
            }
        }
    }
}
