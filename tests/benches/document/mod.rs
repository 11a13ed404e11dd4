//! How long it takes to read and write a cache as a document, beside bare `serde_json` over the same bytes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use entrada_core::cache::TokenCache;
use serde::{Deserialize, Serialize};

use crate::filled::{Shape, cache};

/// The floor: what `derive` makes for the schema, with texts that point into the document, and nothing checked.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    #[serde(borrow, default)]
    access_token: Section<'a>,
    #[serde(borrow, default)]
    refresh_token: Section<'a>,
    #[serde(borrow, default)]
    id_token: Section<'a>,
    #[serde(borrow, default)]
    account: Section<'a>,
}

type Section<'a> = HashMap<Cow<'a, str>, Item<'a>>;

macro_rules! item {
    ($($member:ident),*) => {
        #[derive(Deserialize, Serialize)]
        struct Item<'a> {
            $(
                #[serde(borrow, skip_serializing_if = "Option::is_none")]
                $member: Option<&'a str>,
            )*
        }
    };
}

item!(
    authority_type,
    cached_at,
    client_id,
    credential_type,
    environment,
    expires_on,
    extended_expires_on,
    family_id,
    home_account_id,
    last_modification_time,
    local_account_id,
    realm,
    refresh_on,
    secret,
    target,
    token_type,
    username
);

/// What was read is dropped, unmeasured, before it is read again: in memory that the process has, so that it is not the
/// operating system's handing out of pages that is compared.
const ONE_AT_A_TIME: BatchSize = BatchSize::PerIteration;

pub(crate) fn documents(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("document");
    group.sample_size(10);
    let tokens = |size| (Shape::Resources, size, format!("{size} tokens"));
    let accounts = (Shape::Accounts, 10_000, "10000 accounts".to_owned());
    for (shape, size, name) in [tokens(1_000), tokens(10_000), tokens(100_000), accounts] {
        let full = cache(shape, size);
        let mut text = Vec::new();
        full.write(&mut text).expect("memory takes it");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("read {name}"), |b| {
            let read = |()| TokenCache::read(black_box(&text), usize::MAX).expect("it is a cache");
            b.iter_batched(|| (), read, ONE_AT_A_TIME);
        });
        group.bench_function(format!("read {name}, bare serde_json"), |b| {
            let read =
                |()| serde_json::from_slice::<Document<'_>>(black_box(&text)).expect("it is a document");
            b.iter_batched(|| (), read, ONE_AT_A_TIME);
        });
        group.bench_function(format!("write {name}"), |b| {
            let room = || Vec::with_capacity(text.len());
            b.iter_batched_ref(room, |out| full.write(out), ONE_AT_A_TIME);
        });
        let bare: Document<'_> = serde_json::from_slice(&text).expect("it is a document");
        group.bench_function(format!("write {name}, bare serde_json"), |b| {
            let room = || Vec::with_capacity(text.len());
            b.iter_batched_ref(room, |out| serde_json::to_writer(out, &bare), ONE_AT_A_TIME);
        });
    }
    group.finish();
}
