//! What does not depend on the machine's load: allocations and, under valgrind, instructions.
//!
//! Instructions are the difference between a run of 40 and one of 20, over 20, so that start-up does not count.

mod filled;
mod work;

use std::cell::{OnceCell, RefCell};
use std::hint::black_box;
use std::process::Command;

use entrada_core::cache::{CacheUpdate, Memory, Record, TokenCache, TokenStore};
use entrada_store::{FileStore, Key, Protection};
use entrada_tests::kept;
use filled::Shape;
use work::{Documents, Flows};

type Work = (&'static str, Box<dyn Fn() -> usize>);

fn all() -> Vec<Work> {
    let documents: &'static Documents = Box::leak(Box::new(Documents::new()));
    let flows: &'static Flows = Box::leak(Box::new(Flows::new(documents)));
    vec![
        ("metadata", Box::new(|| work::read_metadata(&documents.metadata))),
        ("metadata, quick-xml with namespaces", Box::new(|| work::namespaces(&documents.metadata))),
        ("metadata, quick-xml events", Box::new(|| work::events(&documents.metadata))),
        ("metadata, memchr", Box::new(|| work::pass(&documents.metadata))),
        ("answer", Box::new(|| work::read_answer(&documents.answer))),
        ("answer, quick-xml with namespaces", Box::new(|| work::namespaces(&documents.answer))),
        ("answer, quick-xml events", Box::new(|| work::events(&documents.answer))),
        ("answer, memchr", Box::new(|| work::pass(&documents.answer))),
        ("flow federated", Box::new(|| flows.federated())),
        ("flow managed", Box::new(|| flows.managed())),
        ("cache hit, 10000 accounts", finding(Shape::Accounts, SIZE / 2)),
        ("cache hit, 10000 resources", finding(Shape::Resources, SIZE / 2)),
        ("cache hit, 10000 tenants", finding(Shape::Tenants, SIZE / 2)),
        ("cache hit, 10000 assertions", finding(Shape::Assertions, SIZE / 2)),
        ("cache hit, 10000 by some scopes", finding(Shape::Scopes, SIZE / 2)),
        ("cache miss, 10000 resources", finding(Shape::Resources, usize::MAX)),
        ("account by name, 10000 accounts", naming()),
        ("cache miss and store, 10000 resources", storing()),
        ("client credentials from the cache", calling()),
    ]
}

const SIZE: usize = 10_000;

/// Asks a cache, which is filled for the first question.
fn finding(shape: Shape, at: usize) -> Box<dyn Fn() -> usize> {
    let cache = OnceCell::new();
    let query = shape.query(at);
    Box::new(move || {
        let cache = cache.get_or_init(|| RefCell::new(filled::cache(shape, SIZE)));
        cache.borrow_mut().find(&query).access_tokens.len()
    })
}

fn naming() -> Box<dyn Fn() -> usize> {
    let cache = OnceCell::new();
    let query = filled::by_name(SIZE / 2);
    Box::new(move || {
        let cache = cache.get_or_init(|| RefCell::new(filled::cache(Shape::Accounts, SIZE)));
        cache.borrow_mut().find(&query).accounts.len()
    })
}

fn storing() -> Box<dyn Fn() -> usize> {
    let cache = OnceCell::new();
    Box::new(move || {
        let cache = cache.get_or_init(|| RefCell::new(filled::cache(Shape::Resources, SIZE)));
        filled::miss_and_store(&mut cache.borrow_mut())
    })
}

fn calling() -> Box<dyn Fn() -> usize> {
    let memory = OnceCell::new();
    let flow = filled::flow(SIZE / 2);
    Box::new(move || {
        let memory = memory.get_or_init(|| RefCell::new(Memory::new(filled::cache(Shape::Resources, SIZE))));
        filled::hit(&mut memory.borrow_mut(), &flow)
    })
}

/// Instructions of this program, started anew to do one piece of work `times` times.
fn instructions(name: &str, times: u32) -> Option<u64> {
    let this = std::env::current_exe().ok()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(this)
        .args(["--work", name, &times.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.lines().find_map(|line| line.split("Collected :").nth(1)?.trim().parse().ok())
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, name, times] = arguments.as_slice()
        && flag == "--work"
    {
        let (_, work) = all().into_iter().find(|(known, _)| known == name).expect("the work is known");
        for _ in 0..times.parse::<u32>().expect("a number of times") {
            black_box(work());
        }
        return;
    }
    println!("{:<38} {:>12} {:>12} {:>14}", "", "allocations", "bytes", "instructions");
    for (name, work) in all() {
        black_box(work());
        let counted = allocation_counter::measure(|| {
            black_box(work());
        });
        let slope = instructions(name, 40).zip(instructions(name, 20)).map(|(more, less)| (more - less) / 20);
        let slope = slope.map_or_else(|| "no valgrind".to_owned(), |slope| slope.to_string());
        println!("{name:<38} {:>12} {:>12} {slope:>14}", counted.count_total, counted.bytes_total);
    }
    println!("\na cached token, its secret apart: {} bytes", bytes_of_a_token());
    println!("the same, if it shares no text with the others: {} bytes", bytes_of_a_lone_token());
    let [kept, reading, writing] = bytes_of_a_document();
    println!(
        "a document of {SIZE} tokens, by its length: the cache {kept:.2}, its peak beside the text while it"
    );
    println!("is read {reading:.2}, what is needed beside the text to write it {writing:.2}");
    let key = Key::generate().expect("the machine has randomness");
    let protections: [(_, &dyn Fn() -> _); 2] =
        [("plain", &|| Protection::PlainText), ("encrypted", &|| Protection::Key(key.clone()))];
    for (name, protection) in protections {
        let [reading, writing] = bytes_of_a_file(protection);
        println!(
            "the same in a file, {name}: to read it {reading:.2}; to keep one more, beside that, {writing:.2}"
        );
    }
}

/// By the length of the document: what the cache that is read from it holds, what it holds at most meanwhile, and what it
/// takes to write it again. The texts themselves are not counted.
fn bytes_of_a_document() -> [f64; 3] {
    let mut text = Vec::new();
    filled::cache(Shape::Resources, SIZE).write(&mut text).expect("memory takes it");
    let mut cache = TokenCache::default();
    let read = allocation_counter::measure(|| {
        cache = TokenCache::read(&text, usize::MAX).expect("it is a cache");
    });
    let mut again = Vec::with_capacity(text.len());
    let written = allocation_counter::measure(|| cache.write(&mut again).expect("there is room"));
    let by_length = |bytes: u64| bytes as f64 / text.len() as f64;
    let kept = u64::try_from(read.bytes_current).expect("it grew");
    [by_length(kept), by_length(read.bytes_max), by_length(written.bytes_max)]
}

/// By the length of a file, what a store holds at most while it reads it, and what it needs beside that to keep one token more.
fn bytes_of_a_file(protection: impl Fn() -> Protection) -> [f64; 2] {
    let folder = tempfile::tempdir().expect("there is a folder for what is temporary");
    let path = folder.path().join("tokens");
    let open = || FileStore::open(&path, protection()).expect("it can be read");
    let mut all = CacheUpdate::default();
    all.tokens = filled::cache(Shape::Resources, SIZE).records().cloned().map(Into::into).collect();
    open().apply(&all).expect("it is kept");
    drop(all);
    let length = path.metadata().expect("it is there").len();
    let mut store = None;
    let read = allocation_counter::measure(|| store = Some(open()));
    let mut change = CacheUpdate::default();
    change.tokens = vec![Record::from(kept::application("secret", "new/.default")).into()];
    let replaced = allocation_counter::measure(|| {
        store.as_ref().expect("it is open").apply(&change).expect("it is kept");
    });
    [read, replaced].map(|counted| counted.bytes_max as f64 / length as f64)
}

/// What the cache holds on the heap for an access token that an application got, and its index, beside the text of the
/// token.
fn bytes_of_a_token() -> usize {
    let mut memory = Memory::default();
    let counted = allocation_counter::measure(|| memory = filled::acquired(SIZE));
    per_token(counted.bytes_current, memory.tokens())
}

/// The same of tokens of which each has its own name of the application, of the tenant and of the cloud.
fn bytes_of_a_lone_token() -> usize {
    let mut cache = TokenCache::default();
    let counted = allocation_counter::measure(|| cache = filled::cache(Shape::Resources, SIZE));
    per_token(counted.bytes_current, &cache)
}

fn per_token(bytes: i64, cache: &TokenCache) -> usize {
    let secrets: usize = cache.records().map(secret).sum();
    assert_eq!(cache.len(), SIZE);
    (usize::try_from(bytes).expect("it grew") - secrets) / SIZE
}

fn secret(record: &Record) -> usize {
    match record {
        Record::AccessToken(token) => token.secret.expose().len(),
        _ => 0,
    }
}
