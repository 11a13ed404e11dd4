//! Channel bindings as Windows has them.

/// The header of `SEC_CHANNEL_BINDINGS`.
const HEADER: u32 = 32;

/// `SEC_CHANNEL_BINDINGS` with application data alone, which stands behind the header; `None` if it is too long for that.
pub(crate) fn packed(data: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(data.len()).ok()?;
    length.checked_add(HEADER)?;
    let header = [0, 0, 0, 0, 0, 0, length, HEADER];
    Some(header.iter().flat_map(|word| word.to_le_bytes()).chain(data.iter().copied()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_stands_behind_a_header_that_says_where() {
        let packed = packed(b"tls-server-end-point:x").unwrap();
        assert_eq!(packed[24..32], [22, 0, 0, 0, 32, 0, 0, 0]);
        assert!(packed[..24].iter().all(|&byte| byte == 0));
        assert_eq!(packed[32..], *b"tls-server-end-point:x");
    }
}
