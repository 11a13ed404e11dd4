//! Numbers, whatever features of `serde_json` a program has.

use std::borrow::Cow;

use serde::de::{Error, MapAccess};
use serde_json::Number;

/// The one member of the object as which `serde_json` hands on a number if any crate of the program has switched on its
/// feature `arbitrary_precision`. As the first member of an object that somebody wrote, it makes a number of that as well.
pub(crate) const NUMBER: &str = "$serde_json::private::Number";

/// The number of which the name [`NUMBER`] was read.
pub(crate) fn number<'de, A: MapAccess<'de>>(mut members: A) -> Result<Number, A::Error> {
    members.next_value::<Cow<'_, str>>()?.parse().map_err(Error::custom)
}
