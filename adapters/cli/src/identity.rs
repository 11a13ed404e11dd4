//! The user of this machine, for the commands that sign in as that user.

use std::io::{self, Write};
use std::sync::Arc;

use entrada_core::http::ServiceName;
use entrada_core::negotiate::{ChannelBindings, NegotiateError, Negotiation, Negotiator};
use entrada_identity::{CurrentUser, IdentityError, PlatformNegotiator, current_user};
use serde_json::json;

use crate::report::plain;

/// What proves who the user is. If this machine cannot do that, its reason is told once it is needed.
pub(crate) fn negotiator() -> Arc<dyn Negotiator> {
    match PlatformNegotiator::new() {
        Ok(negotiator) => Arc::new(negotiator),
        Err(error) => Arc::new(Unable(error)),
    }
}

/// A machine that cannot make tokens.
struct Unable(IdentityError);

impl Negotiator for Unable {
    fn begin(
        &self,
        _service: &ServiceName,
        _bindings: Option<ChannelBindings>,
    ) -> Result<Box<dyn Negotiation>, NegotiateError> {
        Err(self.0.clone().into())
    }
}

/// The name of the user who is signed in; says on standard error where it comes from, unless that is certain or `quiet`.
pub(crate) fn username(quiet: bool) -> Result<String, IdentityError> {
    let CurrentUser { upn, source, .. } = current_user()?;
    if !quiet && !source.is_stated() {
        // Who closed standard error does not want to know.
        let _ = writeln!(io::stderr(), "the user is {}, by {}", plain(&upn), plain(&source.to_string()));
    }
    Ok(upn)
}

/// The error in the shape of those that flows end in.
pub(crate) fn error_json(error: &IdentityError) -> String {
    json!({
        "code": error.code(), "kind": "ui_required", "message": error.to_string(), "remedy": error.remedy(),
        "status": null, "error_codes": [], "suberror": null, "claims": null, "correlation_id": null
    })
    .to_string()
}
