//! The findings, for people and for programs.

use std::io::{self, Write};
use std::time::Duration;

use entrada_core::time::Timestamp;
use serde_json::{Value, json};

use super::{Findings, Ticket};
use crate::report::{plain, time};

/// Lines for people.
pub(super) fn text(out: &mut impl Write, found: &Findings) -> io::Result<()> {
    if let Some(username) = &found.username {
        writeln!(out, "user:      {}", plain(username))?;
    }
    if let Some(user) = &found.user {
        if found.username.as_ref() != Some(&user.upn) {
            writeln!(out, "signed in: {}", plain(&user.upn))?;
        }
        writeln!(out, "known by:  {}", plain(&user.source.to_string()))?;
    }
    if let Some(ticket) = &found.ticket {
        let until =
            ticket.expires_on().map_or_else(|| "for ever".to_owned(), |at| format!("until {}", time(at)));
        writeln!(out, "ticket:    of {}, good {until}", plain(&ticket.principal))?;
    }
    writeln!(out, "authority: {}", found.authority)?;
    if let Some(preview) = &found.preview {
        for url in &preview.asked {
            writeln!(out, "asked:     {url}")?;
        }
        writeln!(out, "endpoint:  {}", preview.endpoint)?;
        let served = if found.served { "; a ticket for it can be had" } else { "" };
        writeln!(out, "service:   {}{served}", plain(preview.service.as_str()))?;
    }
    if found.missing.is_empty() {
        return writeln!(
            out,
            "missing:   nothing{}",
            if found.preview.is_none() { " on this machine" } else { "" }
        );
    }
    for missing in &found.missing {
        writeln!(out, "missing:   {}: {}", plain(&missing.code), plain(&missing.message))?;
        writeln!(out, "remedy:    {}", plain(&missing.remedy))?;
    }
    Ok(())
}

/// One object.
pub(super) fn json(found: &Findings) -> Value {
    let user = found.user.as_ref();
    let ticket = found.ticket.as_ref().map(|ticket| {
        let expires_on = ticket.expires_on().map(|at| at.as_millis());
        json!({ "principal": ticket.principal, "expires_on": expires_on })
    });
    let preview = found.preview.as_ref().map(|preview| {
        let asked: Vec<&str> = preview.asked.iter().map(url::Url::as_str).collect();
        json!({
            "asked": asked, "endpoint": preview.endpoint.as_str(), "service": preview.service.as_str(),
            "ticket_can_be_had": found.served
        })
    });
    let missing: Vec<Value> = found
        .missing
        .iter()
        .map(|one| json!({ "code": one.code, "message": one.message, "remedy": one.remedy }))
        .collect();
    json!({
        "username": found.username, "signed_in": user.map(|user| &user.upn),
        "known_by": user.map(|user| user.source.to_string()),
        "is_stated": user.map(|user| user.source.is_stated()),
        "ticket": ticket, "authority": found.authority, "integrated": preview, "missing": missing
    })
}

impl Ticket {
    fn expires_on(&self) -> Option<Timestamp> {
        Some(entrada_host::now().after(Duration::from_secs(self.good_for?)))
    }
}
