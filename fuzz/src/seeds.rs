//! The documents that a target starts from.

use std::path::Path;

/// Puts the documents of the tests into the corpus that `cargo fuzz run` uses, so that there is one copy of them and
/// none has to be made beforehand.
pub fn plant(target: &str, documents: &[String]) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    for (at, document) in documents.iter().enumerate() {
        let seed = corpus.join(format!("seed-{at}"));
        // A campaign without seeds is slower, not wrong: a target may also run where nothing can be written.
        let _ = std::fs::create_dir_all(&corpus).and_then(|()| std::fs::write(seed, document));
    }
}
