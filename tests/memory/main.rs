//! What is in memory: how much, and for how long.

#[cfg(target_os = "linux")]
mod wiped;

use entrada_core::cache::{CacheUpdate, Record, TokenStore};
use entrada_store::{FileStore, Key, Protection};
use entrada_tests::kept;

const TOKENS: u32 = 800;
const SECRET: usize = 1_500;

/// A change that puts one more token, or the one of this number anew.
fn token(number: u32) -> CacheUpdate {
    let secret = format!("{number:0SECRET$}");
    let resource = format!("https://resource{number}.example/.default");
    let mut update = CacheUpdate::default();
    update.tokens = vec![Record::from(kept::application(&secret, &resource)).into()];
    update
}

/// The most bytes that `work` needed beyond those that were there, by the length of the file.
fn needed(length: u64, work: impl FnOnce()) -> f64 {
    allocation_counter::measure(work).bytes_max as f64 / length as f64
}

#[test]
fn a_file_is_read_and_replaced_without_being_in_memory_as_a_whole() {
    let key = Key::generate().unwrap();
    let protections: [fn(&Key) -> Protection; 2] =
        [|_| Protection::PlainText, |key| Protection::Key(key.clone())];
    for protection in protections {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let open = || FileStore::open(&path, protection(&key)).unwrap();
        let mut all = token(0);
        all.tokens = (0..TOKENS).flat_map(|number| token(number).tokens).collect();
        open().apply(&all).unwrap();
        drop(all);
        let length = path.metadata().unwrap().len();
        assert!(length > u64::from(TOKENS) * SECRET as u64);

        let mut store = None;
        let reading = needed(length, || store = Some(open()));
        let (store, change) = (store.unwrap(), token(1));
        let writing = needed(length, || store.apply(&change).unwrap());
        open().apply(&change).unwrap();
        let reading_again = needed(length, || store.apply(&change).unwrap());

        let name = format!("{:?}: {reading:.2}, {writing:.2}, {reading_again:.2}", protection(&key));
        assert!(reading > 1.0, "what is read is there: {name}");
        assert!(reading < 1.4, "{name}");
        // What was read is there beside it.
        assert!(writing < 0.3, "{name}");
        assert!(reading_again < 0.3, "{name}");
    }
}
