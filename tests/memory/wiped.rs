//! What secrets leave behind, seen from outside: as the operating system shows the memory of this process.

use std::fs::File;
use std::os::unix::fs::FileExt;

use entrada_core::secret::{Secret, SecretBuffer, SecretBytes, wipe};
use serde_json::Value;

const WORD: &str = "planted-secret";

fn text() -> String {
    WORD.repeat(100)
}

/// How often the word stands where the bytes of a secret were, when that was ended.
fn left<T>(mut secret: T, bytes: impl Fn(&T) -> &[u8], end: impl FnOnce(&mut T)) -> usize {
    let (place, length) = (bytes(&secret).as_ptr().addr() as u64, bytes(&secret).len());
    assert_eq!(length, text().len());
    // Before the secret ends, lest they take its place.
    let (memory, mut now) = (File::open("/proc/self/mem").unwrap(), vec![0; length]);
    end(&mut secret);
    memory.read_exact_at(&mut now, place).unwrap();
    now.windows(WORD.len()).filter(|part| *part == WORD.as_bytes()).count()
}

#[test]
fn a_secret_is_gone_from_memory_when_it_is_dropped() {
    // Else nothing could be seen. The allocator writes to the beginning of what it gets back.
    assert!(left(text(), |text| text.as_bytes(), |text| drop(std::mem::take(text))) > 90);

    let gone = |secret: &mut Secret| *secret = Secret::default();
    assert_eq!(left(Secret::new(text()), |secret| secret.expose().as_bytes(), gone), 0);
    let gone = |bytes: &mut SecretBytes| *bytes = SecretBytes::default();
    assert_eq!(left(SecretBytes::new(text()), SecretBytes::expose, gone), 0);
    let buffer = || {
        let mut buffer = SecretBuffer::default();
        buffer.extend(text().as_bytes());
        buffer
    };
    assert_eq!(left(buffer(), SecretBuffer::expose, |buffer| *buffer = SecretBuffer::default()), 0);
    // One that grows lies somewhere else then.
    assert_eq!(left(buffer(), SecretBuffer::expose, |buffer| buffer.extend(&[b'x'; 100_000])), 0);
    assert_eq!(left(Value::from(text()), |value| value.as_str().unwrap().as_bytes(), wipe), 0);
}
