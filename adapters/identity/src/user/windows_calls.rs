//! Windows itself.
#![allow(unsafe_code)]

use std::ptr;

use windows_sys::Win32::Foundation::ERROR_MORE_DATA;
use windows_sys::Win32::Security::Authentication::Identity::{
    EXTENDED_NAME_FORMAT, GetUserNameExW, NameSamCompatible, NameUserPrincipal,
};
use windows_sys::Win32::System::WindowsProgramming::GetComputerNameW;

use super::windows::Calls;

/// The system on which this runs.
pub(super) struct System;

impl Calls for System {
    fn user_principal(&self) -> Result<String, u32> {
        user_name(NameUserPrincipal)
    }

    fn sam_compatible(&self) -> Result<String, u32> {
        user_name(NameSamCompatible)
    }

    fn computer(&self) -> Result<String, u32> {
        // The longest NetBIOS name has 15 characters; Windows wants room for a zero.
        let mut buffer = [0_u16; 64];
        let mut length = buffer.len() as u32;
        // SAFETY: the length is that of the buffer.
        let done = unsafe { GetComputerNameW(buffer.as_mut_ptr(), &mut length) };
        if done == 0 { Err(last_error()) } else { Ok(text(&buffer, length)) }
    }
}

/// The user's name in some form.
fn user_name(format: EXTENDED_NAME_FORMAT) -> Result<String, u32> {
    let mut length = 0;
    // SAFETY: there is no buffer, and the length says so.
    if unsafe { GetUserNameExW(format, ptr::null_mut(), &mut length) } {
        return Ok(String::new());
    }
    // The name may grow between two calls, though hardly twice.
    for _ in 0..3 {
        match last_error() {
            ERROR_MORE_DATA => {}
            error => return Err(error),
        }
        let mut buffer = vec![0_u16; length as usize];
        // SAFETY: the length is that of the buffer.
        if unsafe { GetUserNameExW(format, buffer.as_mut_ptr(), &mut length) } {
            return Ok(text(&buffer, length));
        }
    }
    Err(ERROR_MORE_DATA)
}

fn text(buffer: &[u16], length: u32) -> String {
    let filled = buffer.get(..length as usize).unwrap_or(buffer);
    String::from_utf16_lossy(filled).trim_end_matches('\0').to_owned()
}

fn last_error() -> u32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or_default() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_an_account_and_a_machine() {
        let (name, computer) = (System.sam_compatible().unwrap(), System.computer().unwrap());
        assert!(name.contains('\\') && !computer.is_empty(), "{name} on {computer}");
    }
}
