//! How long the token cache takes, with one entry and with very many: in memory, as a document, and kept by a store.

mod document;
mod filled;
mod store;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use filled::{Shape, cache, flow, hit};

const SIZES: [usize; 3] = [1, 10_000, 100_000];

fn hits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cache hit");
    for (name, shape, sizes) in [
        ("accounts", Shape::Accounts, &[1, 1_000, 10_000, 100_000, 1_000_000][..]),
        ("resources of one tenant", Shape::Resources, &[1, 10_000, 100_000, 164_663]),
        ("tenants of one application", Shape::Tenants, &[1, 100, 10_000]),
        ("assertions of one user", Shape::Assertions, &[1, 100_000]),
        ("tokens of one user, by some of their scopes", Shape::Scopes, &[1, 10_000]),
    ] {
        for &size in sizes {
            let query = shape.query(size / 2);
            // Filled when its turn comes, if it does.
            let mut lazy = None;
            group.bench_function(format!("{size} {name}"), |b| {
                let cache = lazy.get_or_insert_with(|| cache(shape, size));
                assert_eq!(cache.find(&query).access_tokens.len(), 1);
                b.iter(|| cache.find(black_box(&query)).access_tokens.len());
            });
        }
    }
    group.finish();
}

fn others(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cache");
    for size in SIZES {
        let mut lazy = None;
        group.bench_function(format!("miss and store at {size} resources"), |b| {
            let cache = lazy.get_or_insert_with(|| cache(Shape::Resources, size));
            b.iter(|| filled::miss_and_store(cache));
        });
    }
    for size in SIZES {
        let mut lazy = None;
        let query = filled::by_name(size / 2);
        group.bench_function(format!("account by name of {size}"), |b| {
            let cache = lazy.get_or_insert_with(|| cache(Shape::Accounts, size));
            assert_eq!(cache.find(&query).accounts.len(), 1);
            b.iter(|| cache.find(black_box(&query)).accounts.len());
        });
    }
    group.finish();
}

fn flows(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("acquire_token_for_client hit");
    for size in SIZES {
        let mut lazy = None;
        let flow = flow(size / 2);
        group.bench_function(format!("{size} resources"), |b| {
            let memory = lazy.get_or_insert_with(|| filled::acquired(size));
            b.iter(|| hit(memory, &flow));
        });
    }
    group.finish();
}

criterion_group!(benches, hits, others, flows, document::documents, store::stores);
criterion_main!(benches);
