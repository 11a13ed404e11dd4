//! `entrada session`: the JSON steps over standard input and output.

use std::io::{self, BufRead, Write};

use entrada_core::seed::Seed;
use entrada_json::{LONGEST_LINE, Session};
use zeroize::Zeroizing;

use crate::report::Failure;

/// Answers line by line until the input ends.
pub(crate) fn run() -> Result<(), Failure> {
    let mut session = Session::new(|| Seed::draw(getrandom::fill).map_err(io::Error::other));
    let mut input = io::stdin().lock();
    let mut output = io::stdout().lock();
    let unreadable = |error: io::Error| Failure::Other(format!("the input cannot be read: {error}"));
    while let Some(line) = next_line(&mut input).map_err(unreadable)? {
        let ask = Zeroizing::new(session.line_bytes(&line));
        output.write_all(ask.as_bytes())?;
        output.write_all(b"\n")?;
        // The other side waits for it.
        output.flush()?;
    }
    Ok(())
}

/// The next line without its line break; of one that is too long, enough for the session to see that.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut line = Zeroizing::new(Vec::new());
    let mut begun = false;
    loop {
        let chunk = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            chunk => chunk?,
        };
        if chunk.is_empty() {
            return Ok(begun.then_some(line));
        }
        begun = true;
        let end = chunk.iter().position(|&byte| byte == b'\n');
        let room = (LONGEST_LINE + 1).saturating_sub(line.len());
        line.extend(chunk.iter().take(end.unwrap_or(chunk.len()).min(room)));
        let read = end.map_or(chunk.len(), |end| end + 1);
        input.consume(read);
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufReader, Read};

    #[test]
    fn lines_are_read_with_and_without_a_break_at_the_end() {
        let mut input = BufReader::with_capacity(3, &b"hello\n\nworld"[..]);
        let mut lines = Vec::new();
        while let Some(line) = next_line(&mut input).unwrap() {
            lines.push(String::from_utf8(line.to_vec()).unwrap());
        }
        assert_eq!(lines, ["hello", "", "world"]);
    }

    #[test]
    fn of_a_line_that_is_too_long_no_more_is_kept_than_shows_it() {
        let long = io::repeat(b'x').take(3 * LONGEST_LINE as u64).chain(&b"\nnext\n"[..]);
        let mut input = BufReader::new(long);
        assert_eq!(next_line(&mut input).unwrap().unwrap().len(), LONGEST_LINE + 1);
        assert_eq!(**next_line(&mut input).unwrap().unwrap(), *b"next");
    }
}
