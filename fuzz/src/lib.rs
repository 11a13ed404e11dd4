//! What the targets share, most of it with the tests: taken in by path, as `entrada-tests` has the emulator and both
//! adapters below it, which would all have to be built with the sanitizer.

#[path = "../../tests/src/documents.rs"]
pub mod documents;
pub mod seeds;
#[path = "../../tests/src/walk.rs"]
pub mod walk;
#[path = "../../tests/src/world.rs"]
pub mod world;
