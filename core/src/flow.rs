//! What a user can start. One file a flow: its states in the order in which they occur, no parsing.

pub mod integrated_windows_auth;
pub mod username_password;
