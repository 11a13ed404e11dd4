//! What a user can start. One file a flow: its states in the order in which they occur, no parsing.

pub mod accounts;
pub mod adfs_integrated_auth;
pub mod agent_user;
pub mod authorization_code;
pub mod client_credentials;
pub mod device_code;
pub mod implicit;
pub mod integrated_windows_auth;
pub mod on_behalf_of;
pub mod refresh_token;
pub mod sign_out;
pub mod silent;
pub mod user_fic;
pub mod username_password;
