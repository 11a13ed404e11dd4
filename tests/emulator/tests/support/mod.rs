//! A tiny HTTP client over std, and the requests of a client that keeps the rules.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use entrada_emulator::{Config, Emulator, world};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use uuid::Uuid;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const SOAP: &str = "application/soap+xml; charset=utf-8";
pub(crate) const SCOPES: &str = "openid profile offline_access user.read";

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The AADSTS code of a refusal.
    pub(crate) fn code(&self) -> u64 {
        let body = self.json();
        let code = body["error_codes"][0].as_u64().expect("an error code");
        let description = body["error_description"].as_str().expect("a description");
        assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
        code
    }
}

/// One connection.
pub(crate) struct Client<S: Read + Write>(BufReader<S>);

pub(crate) fn connect(emulator: &Emulator) -> Client<TcpStream> {
    let stream = TcpStream::connect(emulator.address()).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    Client::over(stream)
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn over(stream: S) -> Self {
        Client(BufReader::new(stream))
    }

    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let stream = self.0.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        stream.flush()?;
        self.receive()
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.0.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    fn receive(&mut self) -> io::Result<Answer> {
        let status = self.line()?.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        if let Some(length) = answer.header("content-length").map(|length| length.parse().expect("a length"))
        {
            answer.body = vec![0; length];
            self.0.read_exact(&mut answer.body)?;
            return Ok(answer);
        }
        loop {
            let length = usize::from_str_radix(&self.line()?, 16).expect("a chunk's length");
            let mut chunk = vec![0; length];
            self.0.read_exact(&mut chunk)?;
            self.line()?;
            if length == 0 {
                return Ok(answer);
            }
            answer.body.extend(chunk);
        }
    }
}

pub(crate) fn emulator() -> Emulator {
    Emulator::start(Config::default()).expect("an emulator")
}

pub(crate) fn get(emulator: &Emulator, path: &str) -> Answer {
    connect(emulator).send("GET", path, &[], b"").expect("an answer")
}

pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}

/// Posts a form to the tenant's token endpoint.
pub(crate) fn token(emulator: &Emulator, pairs: &[(&str, &str)]) -> Answer {
    let path = format!("/{}/oauth2/v2.0/token", world::TENANT);
    connect(emulator)
        .send("POST", &path, &[("Content-Type", FORM)], form(pairs).as_bytes())
        .expect("an answer")
}

/// The form of the password grant.
pub(crate) fn password<'a>(user: &'a str, password: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "password"),
        ("client_id", world::CLIENT_ID),
        ("scope", SCOPES),
        ("client_info", "1"),
        ("username", user),
        ("password", password),
    ]
}

/// The form of a SAML grant.
pub(crate) fn saml<'a>(grant: &'a str, assertion: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("grant_type", grant), ("client_id", world::CLIENT_ID), ("scope", SCOPES), ("assertion", assertion)]
}

pub(crate) const SAML1_GRANT: &str = "urn:ietf:params:oauth:grant-type:saml1_1-bearer";
pub(crate) const SAML2_GRANT: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";

/// A request for a security token, right until a test changes it.
#[derive(Debug, Clone)]
pub(crate) struct Rst {
    pub(crate) path: String,
    pub(crate) content_type: String,
    pub(crate) soap_action: String,
    pub(crate) action: String,
    pub(crate) message: String,
    pub(crate) to: String,
    pub(crate) created: i64,
    pub(crate) expires: i64,
    pub(crate) credential: Option<(String, String)>,
    pub(crate) applies_to: String,
    pub(crate) more_headers: String,
    pub(crate) namespace: &'static str,
    pub(crate) key_type: &'static str,
    /// A text of the body, and what stands in its place.
    pub(crate) swap: Option<(String, String)>,
}

impl Rst {
    pub(crate) fn new(emulator: &Emulator, version: &str, user: Option<&str>) -> Rst {
        Rst::at(emulator, version, user, "")
    }

    /// The request at the farm that a query names.
    pub(crate) fn at(emulator: &Emulator, version: &str, user: Option<&str>, query: &str) -> Rst {
        let kind = if user.is_some() { "usernamemixed" } else { "windowstransport" };
        let path = format!("/adfs/services/trust/{version}/{kind}{query}");
        let (namespace, key_type) = match version {
            "13" => (
                "http://docs.oasis-open.org/ws-sx/ws-trust/200512",
                "http://docs.oasis-open.org/ws-sx/ws-trust/200512/Bearer",
            ),
            _ => (
                "http://schemas.xmlsoap.org/ws/2005/02/trust",
                "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey",
            ),
        };
        let now = jiff::Timestamp::now().as_second();
        Rst {
            to: format!("{}{path}", emulator.base_url()),
            path,
            content_type: SOAP.into(),
            soap_action: format!("{namespace}/RST/Issue"),
            action: format!("{namespace}/RST/Issue"),
            message: format!("urn:uuid:{}", Uuid::new_v4()),
            created: now,
            expires: now + 600,
            credential: user.map(|user| (user.to_owned(), world::PASSWORD.to_owned())),
            applies_to: world::AUDIENCE.into(),
            more_headers: String::new(),
            namespace,
            key_type,
            swap: None,
        }
    }

    pub(crate) fn body(&self) -> String {
        let security = self.credential.as_ref().map_or_else(String::new, |(user, password)| {
            let time = |second| jiff::Timestamp::from_second(second).expect("a time").to_string();
            format!(
                "<o:Security s:mustUnderstand='1' xmlns:o='http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd'>\
                 <u:Timestamp u:Id='MSATimeStamp'><u:Created>{}</u:Created><u:Expires>{}</u:Expires></u:Timestamp>\
                 <o:UsernameToken u:Id='UnPwSecTok-{}'><o:Username>{}</o:Username><o:Password>{}</o:Password></o:UsernameToken></o:Security>",
                time(self.created), time(self.expires), Uuid::new_v4(), escaped(user), escaped(password)
            )
        });
        let body = format!(
            "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' xmlns:a='http://www.w3.org/2005/08/addressing' \
             xmlns:u='http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd'><s:Header>\
             <a:Action s:mustUnderstand='1'>{}</a:Action><a:MessageID>{}</a:MessageID>\
             <a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>\
             <a:To s:mustUnderstand='1'>{}</a:To>{security}{}</s:Header><s:Body><t:RequestSecurityToken xmlns:t='{ns}'>\
             <p:AppliesTo xmlns:p='http://schemas.xmlsoap.org/ws/2004/09/policy'><a:EndpointReference><a:Address>{}</a:Address>\
             </a:EndpointReference></p:AppliesTo><t:KeyType>{}</t:KeyType><t:RequestType>{ns}/Issue</t:RequestType>\
             </t:RequestSecurityToken></s:Body></s:Envelope>",
            self.action,
            self.message,
            escaped(&self.to),
            self.more_headers,
            self.applies_to,
            self.key_type,
            ns = self.namespace
        );
        let Some((from, to)) = &self.swap else { return body };
        assert!(body.contains(from), "{from} in {body}");
        body.replacen(from, to, 1)
    }

    pub(crate) fn send<S: Read + Write>(
        &self,
        client: &mut Client<S>,
        more: &[(&str, &str)],
    ) -> io::Result<Answer> {
        let mut headers =
            vec![("Content-Type", self.content_type.as_str()), ("SOAPAction", &self.soap_action)];
        headers.extend_from_slice(more);
        client.send("POST", &self.path, &headers, self.body().as_bytes())
    }

    pub(crate) fn post(&self, emulator: &Emulator) -> Answer {
        self.send(&mut connect(emulator), &[]).expect("an answer")
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The raw assertion of a response, from `begin` to `end`.
pub(crate) fn cut<'a>(response: &'a str, begin: &str, end: &str) -> &'a str {
    let from = response.find(begin).expect("the assertion's start");
    let to = response.find(end).expect("the assertion's end") + end.len();
    &response[from..to]
}

/// The SAML 1.1 assertion of a response, able to stand alone.
pub(crate) fn saml1_of(response: &str) -> String {
    let declarations = " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" xmlns:saml=\"urn:oasis:names:tc:SAML:1.0:assertion\"";
    let raw = cut(response, "<saml:Assertion", "</saml:Assertion>");
    raw.replacen("<saml:Assertion", &format!("<saml:Assertion{declarations}"), 1)
}

pub(crate) fn base64(text: &str) -> String {
    BASE64.encode(text.as_bytes())
}

pub(crate) fn base64_url(text: &str) -> String {
    BASE64URL_NOPAD.encode(text.as_bytes())
}

/// The claims of a token whose signature is right by the published keys.
pub(crate) fn claims(emulator: &Emulator, token: &str) -> Value {
    let keys = get(emulator, &format!("/{}/discovery/v2.0/keys", world::TENANT)).json();
    let part = |name: &str| {
        let text = keys["keys"][0][name].as_str().expect("a member of the key");
        BASE64URL_NOPAD.decode(text.as_bytes()).expect("base64url")
    };
    let (input, signature) = token.rsplit_once('.').expect("a signature");
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).expect("base64url");
    aws_lc_rs::rsa::PublicKeyComponents { n: part("n"), e: part("e") }
        .verify(&aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256, input.as_bytes(), &signature)
        .expect("a signature that is right");
    let (_, claims) = input.split_once('.').expect("claims");
    serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes()).expect("base64url")).expect("JSON")
}
