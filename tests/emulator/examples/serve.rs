//! Serves the emulator over https until standard input ends: `serve CA_FILE [CONFIG_FILE]`.
//!
//! It writes the certificate to trust to `CA_FILE`, and prints the authority and nothing else.

use std::{env, fs, io};

use entrada_emulator::{Config, Emulator};

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let authority = arguments.next().ok_or_else(|| io::Error::other("usage: serve CA_FILE [CONFIG_FILE]"))?;
    let config = match arguments.next() {
        Some(path) => serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)?,
        None => Config::default(),
    };
    let emulator = Emulator::start(Config { tls: true, ..config })?;
    fs::write(authority, emulator.ca_certificate_pem().unwrap_or_default())?;
    println!("{}", emulator.authority());
    io::copy(&mut io::stdin().lock(), &mut io::sink()).map(drop)
}
