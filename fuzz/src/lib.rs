//! What the targets share, most of it with the tests: taken in by path, as `entrada-tests` has the emulator and both
//! adapters beside it, which would all have to be built with the sanitizer.

#[path = "../../tests/src/catalogue.rs"]
pub mod catalogue;
#[path = "../../tests/src/documents.rs"]
pub mod documents;
#[path = "../../tests/src/kept.rs"]
pub mod kept;
#[path = "../../tests/src/left.rs"]
pub mod left;
#[path = "../../tests/src/planted.rs"]
pub mod planted;
pub mod seeds;
#[path = "../../tests/src/walk.rs"]
pub mod walk;
#[path = "../../tests/src/way.rs"]
pub mod way;
#[path = "../../tests/src/world.rs"]
pub mod world;
