//! Where a secret may be written down.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The only places that write a secret as data, each field by field; and the words in which they do.
const PLACES: [&str; 6] = [
    "adapters/json",
    "core/src/asked.rs",
    "core/src/cache/schema/write.rs",
    "core/src/flow/authorization_code/sign_in.rs",
    "core/src/flow/device_code/pending.rs",
    "core/src/secret.rs",
];

/// Whether code writes a secret as data. As it has no serialisation of its own, that takes a function for the field, or
/// laying it open and making a value of it.
fn writes(code: &str) -> bool {
    let has = |line: &str, words: &[&str]| words.iter().any(|word| line.contains(word));
    code.lines().any(|line| {
        has(line, &["(serialize_with", " serialize_with", "secret::exposed"])
            || line.contains(".expose()")
                && has(line, &["\": ", "json!", "Value::from", ".serialize(", "Member::Secret"])
    })
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file, without its tests and comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file");
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_secret_is_written_down_in_these_places_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in ["core/src", "adapters"] {
        sources(&root.join(folder), &mut files);
    }
    let mut places = BTreeSet::new();
    for file in files {
        let code = code(&file);
        let name = file.strip_prefix(&root).expect("it is inside").to_string_lossy().replace('\\', "/");
        if writes(&code) && !name.contains("tests") {
            let place = PLACES.iter().find(|place| name.starts_with(**place));
            places.insert(place.map_or(name, |place| (*place).to_owned()));
        }
    }
    let expected: BTreeSet<_> = PLACES.iter().map(|place| (*place).to_owned()).collect();
    assert_eq!(places, expected);
}

#[test]
fn a_secret_has_no_serialisation_of_its_own() {
    let secret = code(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src/secret.rs"));
    for words in ["Serialize for", "Deserialize<'de> for", "Display for"] {
        assert!(!secret.contains(words), "{words}");
    }
    let derived = secret.lines().filter(|line| line.contains("derive(")).collect::<String>();
    assert!(!derived.contains("erialize"), "{derived}");
}
