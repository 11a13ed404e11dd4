//! What Entrada's tests share: a world that is scripted to the byte, documents of our own, and a walk that answers
//! any flow with anything.

pub mod catalogue;
pub mod documents;
pub mod kept;
pub mod left;
pub mod planted;
pub mod walk;
pub mod way;
pub mod world;
