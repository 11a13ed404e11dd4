//! The states of every flow and what leads from one to another, as a file to read.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use entrada_core::application::RequestOptions;
use entrada_core::cache::Memory;
use entrada_core::http::TransportErrorKind;
use entrada_core::signer::SignerErrorKind;
use entrada_core::time::Timestamp;
use entrada_tests::catalogue::{AUTHORITIES, Case, FlowCase, OIDC, Started};
use entrada_tests::documents::{self, ASSERTION};
use entrada_tests::walk::{Reply, Trace};
use entrada_tests::way::to_the_answer;
use entrada_tests::world::START;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::replies::{changed, changes};
use crate::walked;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/properties/graph.txt");

/// Replies of which one leads along every edge.
fn palette(need: &str) -> Vec<Reply> {
    let right = || Reply::right("");
    match need {
        "send" => {
            let status = |status, body: &str| Reply { outcome: Ok((status, body.into())), ..right() };
            let failed = |kind| Reply { outcome: Err(kind), ..right() };
            let mut palette: Vec<Reply> = [
                documents::tokens(),
                documents::AD_FS_TOKENS.to_owned(),
                documents::federated_realm(),
                documents::MANAGED_REALM.to_owned(),
                documents::metadata(&documents::ports()),
                documents::issued(ASSERTION),
                documents::KNOWN_INSTANCE.to_owned(),
                documents::provider(OIDC, ""),
                documents::device(""),
                documents::device(r#","expires_in":2"#),
                documents::told("authorization_pending"),
                String::new(),
            ]
            .map(Reply::right)
            .into();
            let [on, _, answer] = to_the_answer();
            palette.extend([on, answer]);
            let away = Some("3");
            palette.extend([
                status(400, &documents::told("invalid_client")),
                status(400, &documents::refusal("invalid_grant", 700_082, "")),
                status(400, &documents::refusal("invalid_grant", 50076, "")),
                status(400, &documents::refusal("invalid_grant", 1, r#","suberror":"client_mismatch""#)),
                status(503, ""),
                Reply { retry_after: away, ..status(503, "") },
                Reply { date: Some("Fri, 31 Dec 9999 23:59:59 GMT"), ..status(400, "") },
                Reply { date: Some("Fri, 31 Dec 9999 23:59:59 GMT"), ..Reply::right(documents::tokens()) },
                failed(TransportErrorKind::Timeout),
                failed(TransportErrorKind::Tls),
            ]);
            palette
        }
        "wait" => vec![right(), Reply { on_time: false, elapsed: 0, ..right() }],
        "save" => vec![right(), Reply { kept: false, ..right() }],
        "load" => vec![right(), Reply { read: false, ..right() }, Reply { elapsed: 1_000_000, ..right() }],
        "sign" | "assert" => vec![
            right(),
            Reply { signer: Some(SignerErrorKind::Unsupported), ..right() },
            Reply { signer: Some(SignerErrorKind::Denied), ..right() },
        ],
        _ => vec![right()],
    }
}

/// What earlier calls may have left: nothing, what a success leaves, a service that wants to be left alone, and an
/// authority that could not be confirmed.
fn memories(case: Case) -> Vec<Memory> {
    let right = changed(case, false, &[]);
    let instead = |document: String, status| {
        let mut replies = right.clone();
        for reply in &mut replies {
            if matches!(&reply.outcome, Ok((200, body)) if *body == document.as_bytes()) {
                reply.outcome = Ok((status, Vec::new()));
                reply.retry_after = Some("300");
            }
        }
        replies
    };
    let unconfirmed = if AUTHORITIES[case.authority] == OIDC {
        documents::provider(OIDC, "")
    } else {
        documents::KNOWN_INSTANCE.to_owned()
    };
    let left = |replies: Vec<Reply>| {
        let mut memory = case.memory();
        let _ = start(case, START).walk(START, &replies, &mut memory, 100);
        memory
    };
    let earlier = [right.clone(), instead(documents::tokens(), 429), instead(unconfirmed, 404)];
    [Memory::default(), case.memory()].into_iter().chain(earlier.map(left)).collect()
}

fn start(case: Case, now: Timestamp) -> Started {
    case.start(now, 0, &RequestOptions::default()).expect("it starts")
}

/// Every edge that the replies of the palette lead along, from every state that they lead to.
fn explored(case: Case) -> BTreeSet<String> {
    let memories = memories(case);
    let after = |memory: &Memory, replies: &[Reply]| -> Trace {
        let now = START.after(Duration::from_secs(30));
        start(case, now).walk(now, replies, &mut memory.clone(), replies.len() - 1)
    };
    let mut edges = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: VecDeque<(usize, Vec<Reply>, &'static str)> =
        (0..memories.len()).map(|memory| (memory, Vec::new(), "load")).collect();
    while let Some((memory, path, need)) = open.pop_front() {
        for (at, reply) in palette(need).into_iter().enumerate() {
            let mut replies = path.clone();
            replies.push(reply);
            let trace = after(&memories[memory], &replies);
            let is_new = seen.insert((trace.edge.clone(), at, if need == "load" { memory } else { 0 }));
            edges.extend(trace.edges);
            if is_new && !trace.need.is_empty() {
                open.push_back((memory, replies, trace.need));
            }
        }
    }
    edges
}

/// The edges under a heading that names the flows that have them: most are many flows' own.
fn drawn(edges: &BTreeMap<String, BTreeSet<FlowCase>>) -> String {
    let mut sections = BTreeMap::<Vec<FlowCase>, Vec<&str>>::new();
    for (edge, flows) in edges {
        sections.entry(flows.iter().copied().collect()).or_default().push(edge);
    }
    let mut sections: Vec<_> = sections.into_iter().collect();
    // What is common comes first, and what is a flow's own last.
    sections.sort_by_key(|(flows, _)| (std::cmp::Reverse(flows.len()), flows.clone()));
    let section = |(flows, edges): (Vec<FlowCase>, Vec<&str>)| {
        let heading = if flows.len() == FlowCase::ALL.len() {
            "every flow".to_owned()
        } else {
            flows.iter().map(|flow| format!("{flow:?}")).collect::<Vec<_>>().join(", ")
        };
        format!("== {heading}\n{}\n", edges.join("\n"))
    };
    sections.into_iter().map(section).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_state_graph_is_the_one_on_file() {
    let mut edges = BTreeMap::<String, BTreeSet<FlowCase>>::new();
    for case in Case::that_start() {
        for edge in explored(case) {
            edges.entry(edge).or_default().insert(case.flow);
        }
    }
    let drawn = drawn(&edges);
    if std::env::var_os("ENTRADA_DRAW").is_some() {
        std::fs::write(FILE, &drawn).expect("the graph can be written");
    }
    let on_file = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(drawn == on_file, "run with ENTRADA_DRAW=1 to draw it anew, and read the difference:\n{drawn}");

    // Whatever else the world answers leads nowhere else.
    let mut runner = TestRunner::deterministic();
    let rounds = proptest::collection::vec(changes(), 2);
    let cases: Vec<Case> = Case::that_start().collect();
    for round in 0..3 * cases.len() {
        let case = cases[round % cases.len()];
        let rounds = rounds.new_tree(&mut runner).expect("replies can be made").current();
        let rounds: Vec<_> = rounds.iter().map(|changes| changed(case, round % 2 == 0, changes)).collect();
        for edge in walked(case, &rounds).into_iter().flat_map(|trace| trace.edges) {
            let is_drawn = edges.get(&edge).is_some_and(|flows| flows.contains(&case.flow));
            assert!(is_drawn, "{case:?} has an edge that is not drawn: {edge}");
        }
    }
}
