//! The pages: plain HTML that works with a keyboard, loads nothing, and is well-formed XML, so that programs can read it.

use hyper::StatusCode;

use crate::config::User;
use crate::reply::{self, Reply};
use crate::soap::escaped;

const STYLE: &str = include_str!("pages.css");

/// What all pages of one sign-in have in common.
pub(crate) struct Frame {
    /// The name of the sign-in.
    pub(crate) flow: String,
    /// Where the forms go.
    pub(crate) action: String,
    /// The application's name.
    pub(crate) app: String,
    /// Who has signed in so far.
    pub(crate) user: Option<String>,
}

impl Frame {
    /// A form of this sign-in.
    fn form(&self, content: &str) -> String {
        format!(
            "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"flow\" value=\"{}\" />{content}</form>",
            escaped(&self.action),
            escaped(&self.flow)
        )
    }

    /// Who has signed in so far, in a line.
    fn who(&self) -> String {
        self.user.as_ref().map_or_else(String::new, |upn| format!("<p class=\"who\">{}</p>", escaped(upn)))
    }
}

/// A button; a form has one that is meant and one that goes back.
fn button(id: &str, action: &str, label: &str, second: bool) -> String {
    // What goes back must not be kept from it by an empty field.
    let class = if second { " class=\"second\" formnovalidate=\"formnovalidate\"" } else { "" };
    format!(
        "<button type=\"submit\" id=\"{id}\" name=\"action\" value=\"{action}\"{class}>{}</button>",
        escaped(label)
    )
}

fn field(id: &str, kind: &str, label: &str, value: &str, more: &str) -> String {
    format!(
        "<label for=\"{id}\">{}</label><input id=\"{id}\" name=\"{id}\" type=\"{kind}\" value=\"{}\" required=\"required\" {more}/>",
        escaped(label),
        escaped(value)
    )
}

fn alert(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| {
        format!("<p class=\"alert\" id=\"error\" role=\"alert\">{}</p>", escaped(text))
    })
}

/// User name and password.
pub(crate) fn sign_in(frame: &Frame, name: &str, error: Option<&str>) -> Reply {
    let (on_name, on_password) =
        if name.is_empty() { ("autofocus=\"autofocus\" ", "") } else { ("", "autofocus=\"autofocus\" ") };
    let form = format!(
        "{}{}<div class=\"buttons\">{}{}</div>",
        field("username", "email", "User name", name, &format!("autocomplete=\"username\" {on_name}")),
        field(
            "password",
            "password",
            "Password",
            "",
            &format!("autocomplete=\"current-password\" {on_password}")
        ),
        button("sign-in", "sign-in", "Sign in", false),
        button("cancel", "cancel", "Cancel", true)
    );
    let body = format!(
        "<p>to go on to <strong>{}</strong></p>{}{}",
        escaped(&frame.app),
        alert(error),
        frame.form(&form)
    );
    page(StatusCode::OK, "Sign in", &body)
}

/// Accounts that are signed in already.
pub(crate) fn accounts(frame: &Frame, users: &[User]) -> Reply {
    let mut body = format!("<p>to go on to <strong>{}</strong></p>", escaped(&frame.app));
    for (number, user) in users.iter().enumerate() {
        let content = format!(
            "<input type=\"hidden\" name=\"account\" value=\"{}\" />{}",
            escaped(&user.upn),
            button(
                &format!("account-{}", number + 1),
                "pick",
                &format!("{} – {}", user.name, user.upn),
                false
            )
        );
        body.push_str(&frame.form(&content));
    }
    let rest = format!(
        "<div class=\"buttons\">{}{}</div>",
        button("another", "another", "Use another account", true),
        button("cancel", "cancel", "Cancel", true)
    );
    body.push_str(&frame.form(&rest));
    page(StatusCode::OK, "Pick an account", &body)
}

/// A new account.
pub(crate) fn create(frame: &Frame, error: Option<&str>) -> Reply {
    let form = format!(
        "{}{}{}<div class=\"buttons\">{}{}</div>",
        field("username", "email", "Email address", "", "autocomplete=\"username\" autofocus=\"autofocus\" "),
        field("name", "text", "Name", "", "autocomplete=\"name\" "),
        field("password", "password", "Password", "", "autocomplete=\"new-password\" minlength=\"8\" "),
        button("create", "create", "Create account", false),
        button("cancel", "cancel", "Cancel", true)
    );
    let body = format!(
        "<p>to go on to <strong>{}</strong></p>{}{}",
        escaped(&frame.app),
        alert(error),
        frame.form(&form)
    );
    page(StatusCode::OK, "Create account", &body)
}

/// The second factor, or its registration.
pub(crate) fn second_factor(frame: &Frame, enrolment: bool, error: Option<&str>) -> Reply {
    let (title, text) = if enrolment {
        (
            "More information required",
            "Your organisation wants a second factor. Register it by typing its code.",
        )
    } else {
        ("Verify your identity", "Type the code of your second factor.")
    };
    let form = format!(
        "{}<div class=\"buttons\">{}{}</div>",
        field(
            "code",
            "text",
            "Code",
            "",
            "inputmode=\"numeric\" autocomplete=\"one-time-code\" aria-describedby=\"hint\" autofocus=\"autofocus\" "
        ),
        button("verify", "verify", "Verify", false),
        button("cancel", "cancel", "Cancel", true)
    );
    let body = format!(
        "{}<p>{text}</p>{}{}<p class=\"hint\" id=\"hint\">The emulator has one code for everybody: {}.</p>",
        frame.who(),
        alert(error),
        frame.form(&form),
        crate::world::MFA_CODE
    );
    page(StatusCode::OK, title, &body)
}

/// Consent, or the question whether it is really this application on the device.
pub(crate) fn consent(frame: &Frame, user: &User, scope: &str, device: bool) -> Reply {
    let app = format!("<strong>{}</strong>", escaped(&frame.app));
    let (title, text, yes) = if device {
        let text = format!(
            "Are you trying to sign in to {app} on another device? Go on only if you are, and if the code came from there."
        );
        ("Sign in on your device", text, "Continue")
    } else {
        ("Permissions requested", format!("{app} asks for these permissions:"), "Accept")
    };
    let scopes: String =
        scope.split_whitespace().map(|scope| format!("<li>{}</li>", escaped(scope))).collect();
    let asks = if device { "<p>It asks for these permissions:</p>" } else { "" };
    let list = if scopes.is_empty() { String::new() } else { format!("{asks}<ul>{scopes}</ul>") };
    let form = format!(
        "<div class=\"buttons\">{}{}</div>",
        button("accept", "accept", yes, false),
        button("decline", "decline", "Cancel", true)
    );
    let body = format!("<p class=\"who\">{}</p><p>{text}</p>{list}{}", escaped(&user.upn), frame.form(&form));
    page(StatusCode::OK, title, &body)
}

/// Where the code of a device is typed.
pub(crate) fn device(action: &str, typed: &str, error: Option<&str>) -> Reply {
    let form = format!(
        "<form method=\"post\" action=\"{}\">{}<div class=\"buttons\">{}</div></form>",
        escaped(action),
        field(
            "user_code",
            "text",
            "Code",
            typed,
            "autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" autofocus=\"autofocus\" "
        ),
        button("next", "next", "Next", false)
    );
    let body = format!("<p>Type the code that the other device shows.</p>{}{form}", alert(error));
    page(StatusCode::OK, "Enter code", &body)
}

/// The end of what is done in a browser.
pub(crate) fn done(text: &str) -> Reply {
    page(StatusCode::OK, "Done", &format!("<p id=\"done\">{}</p>", escaped(text)))
}

/// An error that no application hears of.
pub(crate) fn error(status: StatusCode, text: &str) -> Reply {
    page(status, "Sorry, but we're having trouble signing you in", &alert(Some(text)))
}

/// A form that sends itself to the redirect URI, or is sent by its button where scripts are off.
pub(crate) fn form_post(uri: &str, fields: &[(&str, String)]) -> Reply {
    let hidden: String = fields
        .iter()
        .map(|(name, value)| {
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\" />", escaped(value))
        })
        .collect();
    let body = format!(
        "<form id=\"redirect\" method=\"post\" action=\"{}\">{hidden}<button type=\"submit\" id=\"continue\">Continue</button></form>\
         <script>document.getElementById('redirect').submit()</script>",
        escaped(uri)
    );
    page(StatusCode::OK, "Going back", &body)
}

fn page(status: StatusCode, title: &str, body: &str) -> Reply {
    let text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\" />\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\
         <meta name=\"referrer\" content=\"no-referrer\" /><link rel=\"icon\" href=\"data:,\" />\
         <title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}</main>\
         <footer>An emulator for tests. It is no security boundary: never type a real password here.</footer></body></html>\n",
        title = escaped(title)
    );
    let reply = reply::html(status, text);
    reply::with_header(reply, hyper::header::CACHE_CONTROL, "no-store")
}
