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
        let miss = Shape::Resources.query(usize::MAX);
        let mut at = 0_u64;
        group.bench_function(format!("miss and store at {size} resources"), |b| {
            b.iter(|| {
                assert!(cache.find(&miss).access_tokens.is_empty());
                at += 1;
                let mut update = CacheUpdate::default();
                // It takes the place of the one before.
                update.tokens = vec![Record::from(kept::application(&at.to_string(), "new/.default")).into()];
                cache.apply(&update);
            });
        });
    }
    for size in SIZES {
        let mut cache = cache(Shape::Accounts, size);
        let name = format!("user{}@contoso.com", size / 2);
        let mut query =
            TokenQuery::new("app", CLOUD, TokenSubject::Username(name.into()), vec!["User.Read".to_owned()]);
        query.realm = Some(REALM.into());
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
