//! How long the reading of documents and whole flows take, beside their floors in the same run.

mod work;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use work::{Documents, Flows};

fn documents(criterion: &mut Criterion) {
    let documents = Documents::new();
    for (name, bytes, read) in [
        ("metadata", &documents.metadata, work::read_metadata as fn(&[u8]) -> usize),
        ("answer", &documents.answer, work::read_answer),
    ] {
        assert_ne!(read(bytes), 0, "the document must be read to its end");
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("entrada", |b| b.iter(|| read(black_box(bytes))));
        group.bench_function("floor: quick-xml with namespaces", |b| {
            b.iter(|| work::namespaces(black_box(bytes)));
        });
        group.bench_function("floor: quick-xml events", |b| b.iter(|| work::events(black_box(bytes))));
        group.bench_function("floor: memchr", |b| b.iter(|| work::pass(black_box(bytes))));
        group.finish();
    }
}

fn flows(criterion: &mut Criterion) {
    let flows = Flows::new(&Documents::new());
    let mut group = criterion.benchmark_group("flow");
    group.bench_function("federated", |b| b.iter(|| flows.federated()));
    group.bench_function("managed", |b| b.iter(|| flows.managed()));
    group.finish();
}

criterion_group!(benches, documents, flows);
criterion_main!(benches);
