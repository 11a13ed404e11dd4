//! This program once more, with an environment in which Kerberos finds what a test has prepared.

use entrada_emulator::world::FEDERATED_USER;

use crate::asked::{AUTHORITY_FILE, QUESTIONS};
use crate::certificate::AUTHORITY;
use crate::folder::Folder;
use crate::process::{run, wrong_clock};

/// The code of a flow in which no token could be made.
pub(crate) const WHY: &str = "integrated_windows_authentication_failed";

/// A child to be asked.
pub(crate) struct Child<'a> {
    folder: &'a Folder,
    environment: Vec<(&'static str, String)>,
    watched: bool,
}

impl<'a> Child<'a> {
    pub(crate) fn of(folder: &'a Folder) -> Self {
        let authority = folder.path(AUTHORITY).display().to_string();
        Self { folder, environment: vec![(AUTHORITY_FILE, authority)], watched: false }
    }

    /// Watched by valgrind: what is used wrongly, or is lost for good, is a failure.
    pub(crate) fn watched(self) -> Self {
        Self { watched: true, ..self }
    }

    pub(crate) fn with(mut self, variable: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((variable, value.into()));
        self
    }

    /// With a file of the folder in an environment variable.
    pub(crate) fn with_file(self, variable: &'static str, name: &str) -> Self {
        let path = self.folder.path(name).display().to_string();
        self.with(variable, path)
    }

    /// With a clock that is wrong by as much: `+2h`.
    pub(crate) fn at(mut self, offset: &'static str) -> Self {
        self.environment.extend(wrong_clock(offset).map(|(variable, value)| (variable, value.to_owned())));
        self
    }

    /// With the keytab of a principal as the client's.
    pub(crate) fn with_keytab(self, name: &str) -> Self {
        self.with_file("KRB5_CLIENT_KTNAME", name)
    }

    /// With another configuration of Kerberos.
    pub(crate) fn with_configuration(self, name: &str) -> Self {
        self.with_file("KRB5_CONFIG", name)
    }

    /// A token by integrated authentication; its user, or the error's code, words and remedy.
    pub(crate) fn token(&self, authority: &str) -> String {
        self.token_of(FEDERATED_USER, authority)
    }

    /// The same for another user.
    pub(crate) fn token_of(&self, user: &str, authority: &str) -> String {
        self.ask(&format!("token {authority} {user}"))
    }

    /// The same over tokio.
    pub(crate) fn token_over_tokio(&self, authority: &str) -> String {
        self.ask(&format!("tokio {authority} {FEDERATED_USER}"))
    }

    /// The same with these channel bindings, whatever the host knows.
    pub(crate) fn token_bound(&self, authority: &str, bindings: Option<&[u8]>) -> String {
        let Some(bindings) = bindings else {
            return self.ask(&format!("bound {authority} {FEDERATED_USER}"));
        };
        let file = self.folder.path("bindings");
        std::fs::write(&file, bindings).expect("a file");
        self.ask(&format!("bound {authority} {FEDERATED_USER} {}", file.display()))
    }

    /// The first round with a service, or why there is none.
    pub(crate) fn round(&self, service: &str) -> String {
        self.ask(&format!("round {service}"))
    }

    /// What is said of a challenge after the first round, and of the same once more.
    pub(crate) fn answer(&self, service: &str, challenge: &[u8]) -> String {
        let file = self.folder.path("challenge");
        std::fs::write(&file, challenge).expect("a file");
        self.ask(&format!("answer {service} {}", file.display()))
    }

    /// A token, and what is said of challenges that come when the exchange is complete.
    pub(crate) fn token_pressed(&self, authority: &str) -> String {
        self.ask(&format!("pressed {authority} {FEDERATED_USER}"))
    }

    pub(crate) fn user(&self) -> String {
        self.ask("user")
    }

    pub(crate) fn ticket(&self) -> String {
        self.ask("ticket")
    }

    pub(crate) fn user_by_a_rule(&self) -> String {
        self.ask("rule")
    }

    fn ask(&self, question: &str) -> String {
        self.ask_all(&[question]).remove(0)
    }

    /// One child for several questions: one that is watched takes seconds to start.
    pub(crate) fn ask_all(&self, questions: &[&str]) -> Vec<String> {
        let own = std::env::current_exe().expect("a program");
        let mut command = match self.watched {
            true => self.folder.client("valgrind"),
            false => self.folder.client(own.to_str().expect("text")),
        };
        if self.watched {
            let known = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kdc/valgrind.supp");
            command.arg(format!("--suppressions={known}"));
            command.args(["--quiet", "--error-exitcode=99", "--leak-check=full", "--num-callers=40"]);
            command.args(["--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]).arg(own);
        }
        command.args(["asked::is_asked", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
        command.env(QUESTIONS, questions.join("\n"));
        for (variable, value) in &self.environment {
            command.env(variable, value);
        }
        let output = run(&mut command, "");
        let answers = output.lines().filter_map(|line| line.split_once("answer: "));
        let answers: Vec<String> = answers.map(|(_, answer)| answer.to_owned()).collect();
        assert_eq!(answers.len(), questions.len(), "{output}");
        answers
    }
}

/// Checks that an answer has all of these parts.
#[track_caller]
pub(crate) fn assert_says(answer: &str, parts: &[&str]) {
    for part in parts {
        assert!(answer.contains(part), "{part} is missing in: {answer}");
    }
}
