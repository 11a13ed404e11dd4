//! Every fault of the emulator at every step: an error with its code, soon, and no credential sent twice.

use std::time::{Duration, Instant};

use entrada_core::error::ErrorKind;
use entrada_emulator::world::FEDERATED_USER;
use entrada_emulator::{Fault, FaultKind};

use crate::{Scene, scenes};

const REALM: &str = "userrealm";
const METADATA: &str = "/trust/mex";
const ASSERTION: &str = "usernamemixed";
const TOKEN: &str = "oauth2/v2.0/token";

fn fault(scene: &Scene, path: &str, times: Option<u32>, kind: FaultKind) {
    scene.emulator.set_faults(vec![Fault { path: path.to_owned(), times, kind }]);
}

fn status(status: u16, retry_after: Option<&str>) -> FaultKind {
    FaultKind::Status { status, retry_after: retry_after.map(str::to_owned), body: None }
}

fn count(scene: &Scene, path: &str) -> usize {
    scene.emulator.requests().iter().filter(|request| request.path.contains(path)).count()
}

#[test]
fn an_answer_that_is_no_answer_has_a_code_at_every_step() {
    let broken = |path: &'static str| match path {
        REALM => "user_realm_discovery_failed",
        METADATA => "parsing_ws_metadata_exchange_failed",
        ASSERTION => "parsing_wstrust_response_failed",
        _ => "json_parse_failed",
    };
    for scene in scenes() {
        for path in [REALM, METADATA, ASSERTION, TOKEN] {
            for kind in [FaultKind::Html, FaultKind::EmptyOk, FaultKind::Garbage] {
                let name = format!("{kind:?}");
                fault(&scene, path, None, kind);
                let error = scene.password(FEDERATED_USER).expect_err(path);
                assert_eq!(error.code(), broken(path), "{path} {name}: {error:?}");
            }
            for kind in [FaultKind::Cut, FaultKind::CutMidBody] {
                fault(&scene, path, None, kind);
                let error = scene.password(FEDERATED_USER).expect_err(path);
                assert_eq!(error.kind(), ErrorKind::Transport, "{path}: {error:?}");
            }
            fault(&scene, path, None, FaultKind::Oversized { bytes: 100 * 1024 * 1024 });
            assert_eq!(scene.password(FEDERATED_USER).expect_err(path).code(), "response_too_large");
        }
    }
}

#[test]
fn redirects_are_not_followed() {
    for scene in scenes() {
        for (path, code) in [
            (REALM, "user_realm_discovery_failed"),
            (METADATA, "accessing_ws_metadata_exchange_failed"),
            (ASSERTION, "federated_service_returned_error"),
            (TOKEN, "http_status_not_200"),
        ] {
            let to = format!("{}/elsewhere", scene.emulator.base_url());
            fault(&scene, path, None, FaultKind::Redirect { to });
            assert_eq!(scene.password(FEDERATED_USER).expect_err(path).code(), code);
        }
        assert_eq!(count(&scene, "elsewhere"), 0);
    }
}

#[test]
fn only_what_is_harmless_is_sent_again() {
    for scene in scenes() {
        for (path, code, sent) in [
            (REALM, "user_realm_discovery_failed", 2),
            (METADATA, "accessing_ws_metadata_exchange_failed", 2),
            (ASSERTION, "parsing_wstrust_response_failed", 1),
            (TOKEN, "http_status_not_200", 1),
        ] {
            scene.emulator.clear_records();
            fault(
                &scene,
                path,
                None,
                FaultKind::Status { status: 503, retry_after: None, body: Some(String::new()) },
            );
            let error = scene.password(FEDERATED_USER).expect_err(path);
            assert_eq!(error.code(), code, "{error:?}");
            assert_eq!(count(&scene, path), sent, "{path}");
        }
        scene.emulator.clear_records();
        fault(&scene, REALM, Some(1), status(503, None));
        scene.password(FEDERATED_USER).expect("the second try succeeds");
        scene.emulator.clear_records();
        fault(&scene, REALM, None, status(503, Some("1")));
        scene.password(FEDERATED_USER).expect_err("the server wants to be left alone");
        assert_eq!(count(&scene, REALM), 1);
    }
}

#[test]
fn a_slow_server_is_waited_for() {
    for scene in scenes() {
        fault(&scene, REALM, None, FaultKind::Delay { ms: 300 });
        scene.password(FEDERATED_USER).expect("it is slow, not dead");
        fault(&scene, TOKEN, None, FaultKind::Drip { bytes_per_tick: 512, ms: 5 });
        let start = Instant::now();
        // Whether the drip is fast enough or not, the deadline of the request holds.
        let _ = scene.password(FEDERATED_USER);
        assert!(start.elapsed() < Duration::from_secs(60));
    }
}
