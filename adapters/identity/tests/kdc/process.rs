//! Programs of Kerberos and Apache, each with a known environment.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A server that is stopped when this is dropped.
pub(crate) struct Server(Child);

impl Server {
    /// Starts it and waits until it accepts connections.
    pub(crate) fn start(command: &mut Command, address: SocketAddr, log: &Path) -> Self {
        let output = std::fs::File::create(log).expect("a file");
        command.stdin(Stdio::null()).stdout(output.try_clone().expect("a file")).stderr(output);
        let mut server = Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")));
        let start = Instant::now();
        while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
            let ended = server.0.try_wait().expect("a child of this process");
            let late = start.elapsed() > Duration::from_secs(30);
            if ended.is_some() || late {
                let words = std::fs::read_to_string(log).unwrap_or_default();
                panic!("{command:?} does not listen on {address} ({ended:?}): {words}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program with nothing of this process's environment but where programs are.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C");
    command
}

/// The environment of a program whose clock is wrong by as much: `+2h`.
pub(crate) fn wrong_clock(offset: &'static str) -> [(&'static str, &'static str); 3] {
    // The loader knows where the libraries of this machine's kind are. How time passes stays right.
    let library = "/usr/$LIB/faketime/libfaketime.so.1";
    [("LD_PRELOAD", library), ("FAKETIME", offset), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")]
}

/// Runs a program to its end, with some text as its input, and takes what it printed.
pub(crate) fn run(command: &mut Command, input: &str) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // A program that ends without reading its input is no failure.
    let _ = child.stdin.take().expect("it was asked for").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("a child of this process");
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {words}{errors}");
    words
}

/// A port that nobody listened on a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}
