//! The store in Redis against a real server, started by each test on a port and in a folder of its own.
#![cfg(feature = "redis")]

mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{NOW, access_token, query, refresh_token, sign_in, update};
use entrada_store::core::cache::{TokenChange, TokenStore, TokenSubject};
use entrada_store::core::time::Timestamp;
use entrada_store::{Damage, Key, RedisOptions, RedisStore, Warning};
use tempfile::TempDir;

struct Server {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Server {
    fn start(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()])
            .arg("--dir")
            .arg(folder.path())
            .args(settings)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        let server = Self { process, port, _folder: folder };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(10), "redis-server does not come up");
            thread::sleep(Duration::from_millis(20));
        }
        server
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    fn store(&self, options: RedisOptions) -> RedisStore {
        RedisStore::open(&self.url(), options).unwrap()
    }

    /// What the server's own client says.
    fn cli(&self, command: &[&str]) -> String {
        let output =
            Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(command).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn keys(&self) -> Vec<String> {
        let mut keys: Vec<_> = self.cli(&["KEYS", "*"]).lines().map(str::to_owned).collect();
        keys.retain(|key| !key.is_empty());
        keys.sort();
        keys
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const USER: &str = "entrada:1:{user:u.t}";

#[test]
#[ignore = "needs redis-server: .ci/run installs it"]
fn each_account_application_and_call_has_a_key() {
    let server = Server::start(&[]);
    let store = server.store(RedisOptions::default());
    let mut on_behalf = sign_in("u.t", "");
    on_behalf.tokens.remove(0);
    on_behalf.tokens.push(access_token(Some("u.t"), Some("hash"), "for a call").into());
    store.apply(&sign_in("U.T", "one")).unwrap();
    store.apply(&sign_in("v.t", "two")).unwrap();
    store.apply(&update(vec![access_token(None, None, "the application's")])).unwrap();
    store.apply(&on_behalf).unwrap();

    assert_eq!(refresh_token(&store, "u.t").as_deref(), Some("one"));
    assert_eq!(refresh_token(&store, "v.t").as_deref(), Some("two"));
    assert_eq!(refresh_token(&store, "w.t"), None);
    let application = store.find(&query(TokenSubject::Application)).unwrap();
    assert_eq!(application.access_tokens[0].secret.expose(), "the application's");
    let call = store.find(&query(TokenSubject::OnBehalfOf("hash".into()))).unwrap();
    assert_eq!(call.access_tokens[0].secret.expose(), "for a call");

    let keys = server.keys();
    assert_eq!(keys[0], "entrada:1:{app:my_client_id:tenant}");
    assert!(keys[1].starts_with("entrada:1:{call:my_client_id:") && !keys[1].contains("hash"));
    assert_eq!(keys[2..], [USER, "entrada:1:{user:v.t}"]);

    // Signed out of, an account is gone with its key, and the other stays.
    let mut sign_out = update(Vec::new());
    sign_out.tokens.push(TokenChange::RemoveAccount {
        home_account_id: "u.t".to_owned(),
        environment: common::CLOUD.to_owned(),
        client_id: common::CLIENT.to_owned(),
    });
    store.apply(&sign_out).unwrap();
    assert_eq!(refresh_token(&store, "u.t"), None);
    assert!(!server.keys().contains(&USER.to_owned()));
    assert_eq!(refresh_token(&store, "v.t").as_deref(), Some("two"));

    for subject in [TokenSubject::Accounts, TokenSubject::Username("u@contoso.com".into())] {
        let refused = store.find(&query(subject)).unwrap_err().to_string();
        assert!(refused.contains("store_not_partitioned"), "{refused}");
    }
}

#[test]
#[ignore = "needs redis-server: .ci/run installs it"]
fn a_partition_ends_with_its_last_token_unless_it_can_be_refreshed() {
    let server = Server::start(&[]);
    let store = server.store(RedisOptions::default());
    let ttl = |key: &str| server.cli(&["TTL", key]).parse::<i64>().unwrap();
    store.apply(&update(vec![access_token(Some("u.t"), None, "x")])).unwrap();
    assert!((3590..=3600).contains(&ttl(USER)), "{}", ttl(USER));
    store.apply(&sign_in("u.t", "one")).unwrap();
    assert_eq!(ttl(USER), -1);

    let mut options = RedisOptions::default();
    options.refresh_token_ttl = Some(Duration::from_secs(90 * 86400));
    server.store(options).apply(&sign_in("u.t", "two")).unwrap();
    assert!((7_775_990..=7_776_000).contains(&ttl(USER)), "{}", ttl(USER));

    // The account alone stays for a day.
    let view = store.find(&query(TokenSubject::Account("u.t".into()))).unwrap();
    let mut removal = update(Vec::new());
    removal.at = Timestamp::from_secs(NOW + 7200);
    removal.tokens.push(TokenChange::RemoveRefreshToken(view.refresh_tokens[0].clone()));
    store.apply(&removal).unwrap();
    assert!((86_390..=86_400).contains(&ttl(USER)), "{}", ttl(USER));
}

#[test]
#[ignore = "needs redis-server: .ci/run installs it"]
fn no_change_is_lost_among_threads_and_stores() {
    let server = Server::start(&[]);
    let mut options = RedisOptions::default();
    options.attempts = 200;
    let stores = [server.store(options.clone()), server.store(options.clone())];
    thread::scope(|scope| {
        for name in 0..6 {
            let store = &stores[name % 2];
            scope.spawn(move || {
                for nth in 0..20 {
                    // All in one partition, each a session of its own client.
                    let mut token = sign_in("u.t", &format!("{name}-{nth}"));
                    if let TokenChange::Put(entrada_store::core::cache::Record::RefreshToken(token)) =
                        &mut token.tokens[0]
                    {
                        std::sync::Arc::make_mut(token).client_id = format!("client-{name}-{nth}").into();
                    }
                    store.apply(&token).unwrap();
                }
            });
        }
    });
    let text = server.cli(&["GET", USER]);
    for name in 0..6 {
        for nth in 0..20 {
            assert!(text.contains(&format!("\"{name}-{nth}\"")), "{name}-{nth} is lost");
        }
    }
    // One try is not enough where others are faster; that is an error and no loss.
    options.attempts = 1;
    let impatient = server.store(options);
    let refused = thread::scope(|scope| {
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let store = &impatient;
                scope.spawn(move || {
                    (0..100).filter_map(|_| store.apply(&sign_in("u.t", "x")).err()).collect::<Vec<_>>()
                })
            })
            .collect();
        tasks.into_iter().flat_map(|task| task.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(!refused.is_empty() && refused.iter().all(|error| error.to_string().contains("store_contended")));
}

#[test]
#[ignore = "needs redis-server: .ci/run installs it"]
fn what_is_encrypted_shows_nothing_and_cannot_be_exchanged() {
    let server = Server::start(&[]);
    let key = Key::generate().unwrap();
    let with = |key: Option<Key>| {
        let mut options = RedisOptions::default();
        options.key = key;
        server.store(options)
    };
    let store = with(Some(key));
    store.apply(&sign_in("u.t", "hunter2")).unwrap();
    store.apply(&sign_in("v.t", "swordfish")).unwrap();
    assert_eq!(refresh_token(&store, "u.t").as_deref(), Some("hunter2"));
    assert!(!server.cli(&["GET", USER]).contains("hunter2"));

    let account = || query(TokenSubject::Account("u.t".into()));
    let refused = with(Some(Key::generate().unwrap())).find(&account()).unwrap_err().to_string();
    assert!(refused.contains("store_wrong_key"), "{refused}");
    let refused = with(None).apply(&sign_in("u.t", "x")).unwrap_err().to_string();
    assert!(refused.contains("store_encrypted"), "{refused}");
    assert_eq!(refresh_token(&store, "u.t").as_deref(), Some("hunter2"));

    // One who can write to Redis and has no key makes nobody somebody else.
    assert_eq!(server.cli(&["COPY", "entrada:1:{user:v.t}", USER, "REPLACE"]), "1");
    assert_eq!(refresh_token(&store, "u.t"), None);
    let warnings = store.take_warnings();
    assert!(matches!(&warnings[..], [Warning::SetAside { damage: Damage::Altered, .. }]), "{warnings:?}");
}

#[test]
#[ignore = "needs redis-server: .ci/run installs it"]
fn what_cannot_be_read_is_set_aside() {
    let server = Server::start(&[]);
    let store = server.store(RedisOptions::default());
    server.cli(&["SET", USER, "{\"RefreshToken\":{\"half"]);
    store.apply(&sign_in("u.t", "one")).unwrap();
    assert_eq!(refresh_token(&store, "u.t").as_deref(), Some("one"));
    let aside: Vec<_> = server.keys().into_iter().filter(|key| key.contains("set-aside")).collect();
    assert_eq!(server.cli(&["GET", &aside[0]]), "{\"RefreshToken\":{\"half");
    assert!(server.cli(&["TTL", &aside[0]]).parse::<i64>().unwrap() > 2_500_000);
    assert!(matches!(&store.take_warnings()[..], [Warning::SetAside { damage: Damage::Incomplete, .. }]));
    // Another kind of value is somebody else's.
    server.cli(&["DEL", USER]);
    server.cli(&["RPUSH", USER, "x"]);
    let refused = store.apply(&sign_in("u.t", "one")).unwrap_err().to_string();
    assert!(refused.contains("store_redis_refused"), "{refused}");
    assert_eq!(server.cli(&["LLEN", USER]), "1");
}

#[test]
#[ignore = "needs redis-server: .ci/run installs it"]
fn a_replica_is_read_and_not_written_to() {
    let primary = Server::start(&[]);
    let replica = Server::start(&["--replicaof", "127.0.0.1", &primary.port.to_string()]);
    primary.store(RedisOptions::default()).apply(&sign_in("u.t", "one")).unwrap();
    let start = Instant::now();
    while replica.cli(&["EXISTS", USER]) != "1" {
        assert!(start.elapsed() < Duration::from_secs(15), "the replica does not follow");
        thread::sleep(Duration::from_millis(50));
    }
    let store = replica.store(RedisOptions::default());
    assert_eq!(refresh_token(&store, "u.t").as_deref(), Some("one"));
    let refused = store.apply(&sign_in("u.t", "two")).unwrap_err().to_string();
    assert!(refused.contains("store_redis_read_only") && refused.contains("primary"), "{refused}");
    // It becomes one, and the same store goes on.
    replica.cli(&["REPLICAOF", "NO", "ONE"]);
    store.apply(&sign_in("u.t", "two")).unwrap();
    assert_eq!(refresh_token(&store, "u.t").as_deref(), Some("two"));
}

#[test]
#[ignore = "needs redis-server: .ci/run installs it"]
fn late_answers_are_an_error_and_never_another_questions_answer() {
    let server = Server::start(&[]);
    let mut options = RedisOptions::default();
    options.timeout = Duration::from_millis(200);
    let store = server.store(options);
    store.apply(&sign_in("u.t", "one")).unwrap();
    store.apply(&sign_in("v.t", "two")).unwrap();
    assert_eq!(refresh_token(&store, "u.t").as_deref(), Some("one"));
    server.cli(&["CLIENT", "PAUSE", "700", "ALL"]);
    let start = Instant::now();
    let refused = store.find(&query(TokenSubject::Account("u.t".into()))).unwrap_err().to_string();
    assert!(refused.contains("store_redis_timeout"), "{refused}");
    assert!(start.elapsed() < Duration::from_millis(650), "{:?}", start.elapsed());
    thread::sleep(Duration::from_millis(700));
    assert_eq!(refresh_token(&store, "v.t").as_deref(), Some("two"));
    assert_eq!(refresh_token(&store, "u.t").as_deref(), Some("one"));
}

#[test]
#[ignore = "needs redis-server: .ci/run installs it"]
fn a_connection_that_broke_while_idle_is_replaced() {
    let server = Server::start(&[]);
    let store = server.store(RedisOptions::default());
    store.apply(&sign_in("u.t", "one")).unwrap();
    server.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
    assert_eq!(refresh_token(&store, "u.t").as_deref(), Some("one"));
    server.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
    store.apply(&sign_in("u.t", "two")).unwrap();
    assert_eq!(refresh_token(&store, "u.t").as_deref(), Some("two"));
}

#[test]
#[ignore = "needs redis-server: .ci/run installs it"]
fn who_has_no_password_is_told_so_and_no_password_is_shown() {
    let server = Server::start(&["--requirepass", "hunter2"]);
    let account = || query(TokenSubject::Account("u.t".into()));
    let refused = server.store(RedisOptions::default()).find(&account()).unwrap_err().to_string();
    assert!(refused.contains("store_redis"), "{refused}");
    let url = |password: &str| format!("redis://:{password}@127.0.0.1:{}/", server.port);
    let wrong = RedisStore::open(&url("swordfish"), RedisOptions::default()).unwrap();
    let refused = wrong.find(&account()).unwrap_err().to_string();
    assert!(refused.contains("store_redis_unreachable") && !refused.contains("swordfish"), "{refused}");
    assert!(!format!("{wrong:?}").contains("swordfish"));
    let right = RedisStore::open(&url("hunter2"), RedisOptions::default()).unwrap();
    right.apply(&sign_in("u.t", "one")).unwrap();
    assert_eq!(refresh_token(&right, "u.t").as_deref(), Some("one"));
}

#[test]
fn what_is_no_redis_is_named() {
    let account = || query(TokenSubject::Account("u.t".into()));
    let error = RedisStore::open("https://example.com/", RedisOptions::default()).unwrap_err();
    assert_eq!(error.code(), "store_redis_unreachable");
    // Nobody there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let store = RedisStore::open(&format!("redis://127.0.0.1:{port}/"), RedisOptions::default()).unwrap();
    let refused = store.find(&account()).unwrap_err().to_string();
    assert!(refused.contains("store_redis_unreachable"), "{refused}");
    // Somebody there who says nothing, or something else.
    for says in [&b""[..], b"HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            connection.write_all(says).unwrap();
            let _ = connection.read_to_end(&mut Vec::new());
        });
        let mut options = RedisOptions::default();
        options.timeout = Duration::from_millis(200);
        let store = RedisStore::open(&format!("redis://127.0.0.1:{port}/"), options).unwrap();
        let start = Instant::now();
        let refused = store.find(&account()).unwrap_err().to_string();
        assert!(refused.contains("store_redis_"), "{refused}");
        assert!(start.elapsed() < Duration::from_secs(2));
        drop(store);
        server.join().unwrap();
    }
}
