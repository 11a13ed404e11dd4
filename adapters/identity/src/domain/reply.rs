//! The error in a reply of the KDC: `KRB-ERROR` of RFC 4120, section 5.9.1.
//!
//! The sspi crate makes one text of it; what to do depends on its code.

/// `KDC_ERR_PREAUTH_REQUIRED`, with which every exchange begins.
const PREAUTH_REQUIRED: u32 = 25;

/// The code of a reply, after its length, that is an error and ends the exchange.
pub(super) fn error_code(reply: &[u8]) -> Option<u32> {
    let (error, _) = value(reply, 0x7e)?;
    let (mut fields, _) = value(error, 0x30)?;
    while let Some(&tag) = fields.first() {
        let (field, rest) = value(fields, tag)?;
        // error-code [6] Int32
        if tag == 0xa6 {
            let (number, _) = value(field, 0x02)?;
            let mut digits = number.iter().map(|digit| u32::from(*digit));
            let code = digits.try_fold(0_u32, |code, digit| code.checked_mul(256)?.checked_add(digit));
            return code.filter(|code| *code != PREAUTH_REQUIRED);
        }
        fields = rest;
    }
    None
}

/// What stands under a tag of one byte, and what follows it (X.690, section 8.1, lengths of up to four bytes).
fn value(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if first != tag {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pvno`, `msg-type`, times and the code; the rest is left out.
    fn error(code: &[u8]) -> Vec<u8> {
        let number = [&[0x02, code.len() as u8], code].concat();
        let fields = [
            &[0xa0, 3, 2, 1, 5, 0xa1, 3, 2, 1, 30, 0xa5, 5, 2, 3, 0, 1, 2, 0xa6, number.len() as u8][..],
            &number,
            &[0xa9, 2, 0x1b, 0],
        ]
        .concat();
        let sequence = [&[0x30, 0x81, fields.len() as u8][..], &fields].concat();
        [&[0x7e, 0x82, 0, sequence.len() as u8][..], &sequence].concat()
    }

    #[test]
    fn the_code_of_an_error_is_read() {
        assert_eq!(error_code(&error(&[24])), Some(24));
        assert_eq!(error_code(&error(&[0, 0x9c])), Some(156));
        assert_eq!(error_code(&error(&[PREAUTH_REQUIRED as u8])), None, "this is how it begins");
    }

    #[test]
    fn what_is_no_error_has_no_code() {
        let whole = error(&[24]);
        for end in 0..whole.len() {
            assert_eq!(error_code(&whole[..end]), None, "{end} bytes");
        }
        assert_eq!(error_code(&[&[0x6b], &whole[1..]].concat()), None, "an AS-REP");
        assert_eq!(error_code(&error(&[1, 2, 3, 4, 5])), None, "more than the number holds");
        assert_eq!(error_code(&[0x7e, 0x85, 1, 1, 1, 1, 1]), None);
        assert_eq!(error_code(&[0x7e, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
