//! Many calls at once for the same token: one asks, and all get its answer.

use std::sync::{Arc, Barrier};

use entrada_core::application::{ClientCredential, ConfidentialClientApplication};
use entrada_core::error::Error;
use entrada_core::flow::silent::AccountId;
use entrada_core::result::AuthenticationResult;
use entrada_core::secret::Secret;
use entrada_core::step::Flow;
use entrada_emulator::world::{
    CLIENT_SECRET, CONFIDENTIAL_CLIENT_ID, GRAPH_DEFAULT_SCOPE, MANAGED_USER, PASSWORD, SCOPE,
};
use entrada_emulator::{Fault, FaultKind};

use crate::{Backend, Scene, scenes};

const CALLS: usize = 16;

type Results = Vec<Result<AuthenticationResult, Error>>;

/// Runs `first`, then the others at the same time, all with one host.
fn at_once<S, F>(scene: &Scene, first: S, flow: &F) -> Results
where
    S: Flow<Output = AuthenticationResult> + Send + 'static,
    F: Flow<Output = AuthenticationResult> + Clone + Send + Sync + 'static,
{
    let slow =
        Fault { path: "oauth2/v2.0/token".to_owned(), times: None, kind: FaultKind::Delay { ms: 300 } };
    match scene.backend {
        Backend::Blocking => {
            let host = entrada_blocking::HttpHost::new(scene.settings()).expect("the settings hold");
            host.acquire(first).expect("the first call");
            scene.emulator.clear_records();
            scene.emulator.set_faults(vec![slow]);
            let barrier = Barrier::new(CALLS);
            let call = || {
                barrier.wait();
                host.acquire(flow.clone())
            };
            std::thread::scope(|scope| {
                let threads: Vec<_> = (0..CALLS).map(|_| scope.spawn(call)).collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
            })
        }
        Backend::Tokio => {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let host =
                    Arc::new(entrada_tokio::HttpHost::new(scene.settings()).expect("the settings hold"));
                host.acquire(first).await.expect("the first call");
                scene.emulator.clear_records();
                scene.emulator.set_faults(vec![slow]);
                let call = |flow: F| {
                    let host = Arc::clone(&host);
                    async move { host.acquire(flow).await }
                };
                let calls: Vec<_> = (0..CALLS).map(|_| tokio::spawn(call(flow.clone()))).collect();
                let mut results = Vec::new();
                for call in calls {
                    results.push(call.await.expect("no panic"));
                }
                results
            })
        }
    }
}

fn is_one_token_for_all(scene: &Scene, results: Results) {
    let tokens: Vec<_> = results.into_iter().map(|result| result.expect("a token").access_token).collect();
    assert_eq!(tokens.len(), CALLS);
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    let asked = scene.emulator.requests().iter().filter(|request| request.path.contains("/token")).count();
    assert_eq!(asked, 1, "{:?} asked more than once", scene.backend);
}

#[test]
fn an_application_that_needs_a_token_many_times_at_once_asks_for_it_once() {
    for scene in scenes() {
        let credential = ClientCredential::Secret(Secret::new(CLIENT_SECRET));
        let app =
            ConfidentialClientApplication::new(CONFIDENTIAL_CLIENT_ID, scene.app().authority, credential);
        let first = app.acquire_token_for_client([GRAPH_DEFAULT_SCOPE]);
        let mut flow = first.clone();
        flow.force_refresh = true;
        let results = at_once(&scene, first, &flow);
        is_one_token_for_all(&scene, results);
    }
}

#[test]
fn a_users_token_that_many_refresh_at_once_is_refreshed_once() {
    for scene in scenes() {
        let app = scene.app();
        let password = Secret::new(PASSWORD);
        let first = app.acquire_token_by_username_password([SCOPE], MANAGED_USER, password);
        let mut flow = app.acquire_token_silent([SCOPE], AccountId::Username(MANAGED_USER.to_owned()));
        flow.force_refresh = true;
        let results = at_once(&scene, first, &flow);
        is_one_token_for_all(&scene, results);
    }
}
