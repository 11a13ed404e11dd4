//! How long the token cache takes, with one entry and with very many: in memory, as a document, and kept by a store.

mod document;
mod filled;
mod store;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use entrada_core::cache::{CacheUpdate, Record, TokenQuery, TokenSubject};
use entrada_tests::kept::{self, CLOUD, REALM};
use filled::{Shape, cache, flow, hit};

const SIZES: [usize; 3] = [1, 10_000, 100_000];

fn hits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cache hit");
    for (name, shape) in [("accounts", Shape::Accounts), ("resources of one tenant", Shape::Resources)] {
        for size in SIZES {
            let mut cache = cache(shape, size);
            let query = shape.query(size / 2);
            assert_eq!(cache.find(&query).access_tokens.len(), 1);
            group.bench_function(format!("{size} {name}"), |b| {
                b.iter(|| cache.find(black_box(&query)).access_tokens.len());
            });
        }
    }
    group.finish();
}

fn others(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cache");
    for size in SIZES {
        let mut cache = cache(Shape::Resources, size);
        group.bench_function(format!("miss and store at {size} resources"), |b| {
            b.iter(|| filled::miss_and_store(&mut cache));
        });
    }
    for size in SIZES {
        let mut cache = cache(Shape::Accounts, size);
        let query = filled::by_name(size / 2);
        assert_eq!(cache.find(&query).accounts.len(), 1);
        group.bench_function(format!("account by name of {size}"), |b| {
            b.iter(|| cache.find(black_box(&query)).accounts.len());
        });
    }
    group.finish();
}

fn flows(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("acquire_token_for_client hit");
    for size in SIZES {
        let mut memory = entrada_core::cache::Memory::new(cache(Shape::Resources, size));
        let flow = flow(size / 2);
        group.bench_function(format!("{size} resources"), |b| b.iter(|| hit(&mut memory, &flow)));
    }
    group.finish();
}

criterion_group!(benches, hits, others, flows, document::documents, store::stores);
criterion_main!(benches);
