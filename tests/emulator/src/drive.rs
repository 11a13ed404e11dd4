//! People in front of the pages, for tests: they sign in, cancel, type device codes.

use std::io;

use crate::Emulator;
use crate::browser::{Browser, Landing, Person, Redirect};

impl Emulator {
    /// A browser without a screen and without cookies, which follows the pages over HTTP.
    ///
    /// # Errors
    ///
    /// The emulator's own certificate cannot be trusted.
    pub fn browser(&self) -> io::Result<Browser> {
        Browser::new(self.address, &self.state.base_url, self.authority_certificate.as_deref())
    }

    /// Opens an authorization URL in a new browser, and does all that the pages ask of a user: password, second factor,
    /// consent. It answers where the browser is sent in the end, with a result or an error.
    ///
    /// # Errors
    ///
    /// The user does not exist, or the pages do not lead back to the application; the error says what they said.
    pub fn sign_in(&self, authorize_url: &str, upn: &str) -> io::Result<Redirect> {
        self.sign_in_with(&mut self.browser()?, authorize_url, upn)
    }

    /// Signs in as [`Emulator::sign_in`] does, in a browser that may know the user already.
    ///
    /// # Errors
    ///
    /// See there.
    pub fn sign_in_with(
        &self,
        browser: &mut Browser,
        authorize_url: &str,
        upn: &str,
    ) -> io::Result<Redirect> {
        let password = self.password_of(upn)?;
        browser.sign_in(authorize_url, &Person { upn, password: &password })
    }

    /// Opens an authorization URL in a new browser, and presses the first page's button that cancels.
    ///
    /// # Errors
    ///
    /// The first page is an error.
    pub fn cancel_sign_in(&self, authorize_url: &str) -> io::Result<Redirect> {
        let mut browser = self.browser()?;
        match browser.open(authorize_url)? {
            Landing::Redirect(redirect) => Ok(redirect),
            Landing::Page(page) => match browser.press(&page, "cancel", &[])? {
                Landing::Redirect(redirect) => Ok(redirect),
                Landing::Page(page) => Err(io::Error::other(page.title)),
            },
        }
    }

    /// Types a device's code, signs in as a user, and says yes.
    ///
    /// # Errors
    ///
    /// The code is unknown or has expired, or the pages do not let the user go on; the error says what they said.
    pub fn approve_device(&self, user_code: &str, upn: &str) -> io::Result<()> {
        let mut browser = self.browser()?;
        let landing = self.type_code(&mut browser, user_code)?;
        let password = self.password_of(upn)?;
        match browser.follow(landing, &Person { upn, password: &password })? {
            Landing::Page(page) if page.has("done") => Ok(()),
            Landing::Page(page) => Err(io::Error::other(page.error.unwrap_or(page.title))),
            Landing::Redirect(redirect) => Err(io::Error::other(redirect.url)),
        }
    }

    /// Types a device's code, and says no.
    ///
    /// # Errors
    ///
    /// The code is unknown or has expired.
    pub fn decline_device(&self, user_code: &str) -> io::Result<()> {
        let mut browser = self.browser()?;
        match self.type_code(&mut browser, user_code)? {
            Landing::Page(page) if page.has("cancel") => browser.press(&page, "cancel", &[]).map(drop),
            Landing::Page(page) => Err(io::Error::other(page.error.unwrap_or(page.title))),
            Landing::Redirect(redirect) => Err(io::Error::other(redirect.url)),
        }
    }

    fn type_code(&self, browser: &mut Browser, user_code: &str) -> io::Result<Landing> {
        let url = format!("{}/common/oauth2/deviceauth", self.state.base_url);
        match browser.open(&url)? {
            Landing::Page(page) => browser.press(&page, "next", &[("user_code", user_code)]),
            redirect @ Landing::Redirect(_) => Ok(redirect),
        }
    }

    fn password_of(&self, upn: &str) -> io::Result<String> {
        let missing = || io::Error::other(format!("there is no user {upn}"));
        self.state.user(upn).map(|user| user.password).ok_or_else(missing)
    }
}
