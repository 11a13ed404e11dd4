//! A person with a browser: the provider's pages over plain HTTP, with cookies.

use std::collections::BTreeMap;

use entrada_blocking::HttpHost;
use entrada_core::http::Request;
use entrada_core::step::Host;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use url::Url;

use crate::provider::Provider;

/// A browser that nobody is signed in with yet.
pub(crate) struct Person {
    host: HttpHost,
    origin: String,
    cookies: BTreeMap<String, String>,
}

/// Where the pages ended.
pub(crate) enum Place {
    /// At a page.
    Page { url: Url, html: String },
    /// At an address of the application's.
    Away(String),
}

impl Place {
    /// The address of the application's.
    pub(crate) fn away(self) -> String {
        match self {
            Self::Away(url) => url,
            Self::Page { url, html } => panic!("still at {url}: {html}"),
        }
    }

    /// The text of the page.
    pub(crate) fn html(self) -> String {
        match self {
            Self::Page { html, .. } => html,
            Self::Away(url) => panic!("away at {url}"),
        }
    }
}

/// How many pages and redirects a sign-in may have.
const PAGES: usize = 20;

impl Person {
    pub(crate) fn new(provider: &Provider) -> Self {
        let host = HttpHost::new(provider.settings()).expect("the settings hold");
        Self { host, origin: provider.origin.clone(), cookies: BTreeMap::new() }
    }

    /// Signs in and agrees to everything, from page to page to the last.
    pub(crate) fn sign_in(&mut self, address: &str, name: &str) -> Place {
        self.fill_in(address, &[("login", name), ("password", "any")])
    }

    /// The same, where the last page is a form that goes to `target` by itself: its fields, as a browser would send them.
    pub(crate) fn sign_in_for_form(&mut self, address: &str, name: &str, target: &str) -> String {
        let mut place = self.open(address);
        for _ in 0..PAGES {
            let (action, fields) = form(&place);
            if action == target {
                return encoded(fields);
            }
            place = self.submit(&place, &[("login", name), ("password", "any")]);
        }
        panic!("the pages have no end");
    }

    /// Gives up on the first page.
    pub(crate) fn cancel(&mut self, address: &str) -> Place {
        let Place::Page { url, html } = self.open(address) else { panic!("there is no page") };
        let (_, link) = html.split_once("<a href=\"").expect("it can be cancelled");
        let (link, _) = link.split_once('"').expect("it ends");
        self.open(url.join(link).expect("it is an address").as_str())
    }

    /// Types the code of a device, and confirms it.
    pub(crate) fn approve_device(&mut self, address: &str, code: &str, name: &str) -> String {
        self.fill_in(address, &[("user_code", code), ("login", name), ("password", "any")]).html()
    }

    /// Types the code of a device, and refuses it.
    pub(crate) fn refuse_device(&mut self, address: &str, code: &str) -> String {
        let place = self.open(address);
        let confirm = self.submit(&place, &[("user_code", code)]);
        self.submit(&confirm, &[("abort", "yes")]).html()
    }

    /// Opens an address, and fills in forms until there is none or the browser is sent away.
    fn fill_in(&mut self, address: &str, answers: &[(&str, &str)]) -> Place {
        let mut place = self.open(address);
        for _ in 0..PAGES {
            match &place {
                Place::Page { html, .. } if html.contains("<form") => place = self.submit(&place, answers),
                _ => return place,
            }
        }
        panic!("the pages have no end");
    }

    /// Presses the first button of a page. Of the answers, those go along that the form has a field for, and `abort`.
    fn submit(&mut self, place: &Place, answers: &[(&str, &str)]) -> Place {
        let Place::Page { url, .. } = place else { panic!("there is no page") };
        let (action, mut fields) = form(place);
        for (name, value) in answers {
            if *name == "abort" || fields.contains_key(name) {
                fields.insert(name, value);
            }
        }
        let request =
            Request::post(url.join(action).expect("it is an address"), encoded(fields).into_bytes())
                .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        self.follow(request)
    }

    /// Opens an address.
    fn open(&mut self, address: &str) -> Place {
        self.follow(Request::get(Url::parse(address).expect("it is an address")))
    }

    /// Sends a request, and goes where it leads, as far as that is the provider's.
    fn follow(&mut self, mut request: Request) -> Place {
        for _ in 0..PAGES {
            let url = request.url.clone();
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let cookies = HeaderValue::try_from(cookies.join("; ")).expect("they can travel");
            let response = self.host.send(request.header(COOKIE, cookies)).expect("the provider answers");
            for cookie in response.headers.get_all(SET_COOKIE) {
                let pair = cookie.to_str().expect("text").split(';').next().unwrap_or_default();
                match pair.split_once('=').expect("a cookie is a pair") {
                    (name, "") => drop(self.cookies.remove(name)),
                    (name, value) => drop(self.cookies.insert(name.to_owned(), value.to_owned())),
                }
            }
            let Some(location) = response.headers.get(LOCATION) else {
                let html = String::from_utf8(response.body.expose().to_vec()).expect("text");
                assert_eq!(response.status, StatusCode::OK, "{url}: {html}");
                return Place::Page { url, html };
            };
            let next = url.join(location.to_str().expect("text")).expect("it is an address");
            if !next.as_str().starts_with(&format!("{}/", self.origin)) {
                return Place::Away(next.into());
            }
            request = Request::get(next);
        }
        panic!("the redirects have no end");
    }
}

/// Where the first form of a page goes, and its fields as they stand.
fn form(place: &Place) -> (&str, BTreeMap<&str, &str>) {
    let Place::Page { html, .. } = place else { panic!("there is no page") };
    let (_, form) = html.split_once("<form").expect("there is a form");
    let (form, _) = form.split_once("</form>").expect("it ends");
    let mut fields = BTreeMap::new();
    for input in form.split("<input").skip(1) {
        // What has no name is a button.
        let Some(name) = attribute(input, "name") else { continue };
        fields.insert(name, attribute(input, "value").unwrap_or_default());
    }
    (attribute(form, "action").expect("it goes somewhere"), fields)
}

fn encoded(fields: BTreeMap<&str, &str>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// An attribute of the first tag.
fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (tag, _) = text.split_once('>')?;
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    value.split_once('"').map(|(value, _)| value)
}
