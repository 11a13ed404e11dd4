//! What it takes to keep one more token where very many are kept.

use criterion::Criterion;
use entrada_core::cache::{CacheUpdate, Record, TokenStore};
use entrada_store::{FileOptions, FileStore, Key, MemoryStore, Protection};
use entrada_tests::kept;

use crate::filled::{Shape, cache};

const SIZES: [usize; 3] = [1, 1_000, 10_000];

pub(crate) fn stores(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("keep one of");
    group.sample_size(20);
    for size in SIZES {
        let records: Vec<Record> = cache(Shape::Resources, size).records().cloned().collect();
        let mut all = CacheUpdate::default();
        all.tokens = records.into_iter().map(Into::into).collect();
        let folder = tempfile::tempdir().expect("there is a folder for what is temporary");
        let mut options = FileOptions::default();
        options.max_bytes = 256 * 1024 * 1024;
        let file = |name: &str, protection| {
            FileStore::open_with(folder.path().join(name), protection, &options).expect("it can be opened")
        };
        let key = Key::generate().expect("the machine has randomness");
        let stores: [(&str, Box<dyn TokenStore>); 3] = [
            ("memory", Box::new(MemoryStore::default())),
            ("a plain file", Box::new(file("plain", Protection::PlainText))),
            ("an encrypted file", Box::new(file("encrypted", Protection::Key(key)))),
        ];
        for (name, store) in stores {
            store.apply(&all).expect("it is kept");
            let mut at = 0_u64;
            group.bench_function(format!("{size} tokens in {name}"), |b| {
                b.iter(|| {
                    at += 1;
                    let mut update = CacheUpdate::default();
                    // It takes the place of the one before.
                    update.tokens =
                        vec![Record::from(kept::application(&at.to_string(), "new/.default")).into()];
                    store.apply(&update).expect("it is kept");
                });
            });
        }
    }
    group.finish();
}
