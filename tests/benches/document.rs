//! How long it takes to read and write a cache as a document, beside bare `serde_json` over the same bytes.

mod filled;

use std::borrow::Cow;
use std::collections::HashMap;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use entrada_core::cache::TokenCache;
use filled::{Shape, cache};
use serde::{Deserialize, Serialize};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// The floor: what `derive` makes for the schema, with texts that point into the document, and nothing checked.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    #[serde(borrow)]
    access_token: HashMap<Cow<'a, str>, AccessToken<'a>>,
}

#[derive(Deserialize, Serialize)]
struct AccessToken<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    home_account_id: Option<&'a str>,
    credential_type: &'a str,
    environment: &'a str,
    client_id: &'a str,
    realm: &'a str,
    target: &'a str,
    token_type: &'a str,
    cached_at: &'a str,
    expires_on: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    extended_expires_on: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_on: Option<&'a str>,
    secret: &'a str,
}

fn documents(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("document");
    group.sample_size(10);
    for size in SIZES {
        let full = cache(Shape::Resources, size);
        let mut text = Vec::new();
        full.write(&mut text).expect("memory takes it");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("read {size} tokens"), |b| {
            b.iter_with_large_drop(|| TokenCache::read(black_box(&text), usize::MAX).expect("it is a cache"));
        });
        group.bench_function(format!("read {size} tokens, bare serde_json"), |b| {
            b.iter_with_large_drop(|| {
                serde_json::from_slice::<Document<'_>>(black_box(&text)).expect("it is a document")
            });
        });
        group.bench_function(format!("write {size} tokens"), |b| {
            let room = || Vec::with_capacity(text.len());
            b.iter_batched_ref(room, |out| full.write(out), BatchSize::PerIteration);
        });
        let bare: Document<'_> = serde_json::from_slice(&text).expect("it is a document");
        group.bench_function(format!("write {size} tokens, bare serde_json"), |b| {
            let room = || Vec::with_capacity(text.len());
            b.iter_batched_ref(room, |out| serde_json::to_writer(out, &bare), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, documents);
criterion_main!(benches);
