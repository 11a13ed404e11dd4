//! The flows, each against a world that is scripted to the byte.

mod integrated_windows_auth;
mod refusals;
mod username_password;

use entrada_core::application::PublicClientApplication;
use entrada_core::flow::integrated_windows_auth::IntegratedWindowsAuth;
use entrada_core::flow::username_password::UsernamePassword;
use entrada_core::secret::Secret;

pub(crate) const PASSWORD: &str = "p<&ss \"wörd'+%";

pub(crate) fn app(authority: &str) -> PublicClientApplication {
    PublicClientApplication::new("app", authority.parse().expect("the test names an authority"))
}

pub(crate) fn integrated() -> IntegratedWindowsAuth {
    app("https://login.microsoftonline.com/contoso.com")
        .acquire_token_by_integrated_windows_auth(["user.read"], "joe@contoso.com")
}

pub(crate) fn password() -> UsernamePassword {
    app("https://login.microsoftonline.com/organizations").acquire_token_by_username_password(
        ["user.read"],
        "joe@contoso.com",
        Secret::new(PASSWORD),
    )
}
