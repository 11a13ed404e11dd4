//! What both benches measure: each piece of work beside its floor, over the same bytes.

use std::collections::VecDeque;

use entrada_core::application::PublicClientApplication;
use entrada_core::cache::{CacheQuery, CacheUpdate, CacheView, StoreError};
use entrada_core::flow::device_code::Prompt;
use entrada_core::http::{Outcome, Request, Response};
use entrada_core::protocol::{mex, wstrust};
use entrada_core::secret::Secret;
use entrada_core::seed::Seed;
use entrada_core::step::{Flow, Host, run};
use entrada_core::time::Timestamp;
use entrada_tests::documents;
use entrada_tests::world::START;
use http::{HeaderMap, StatusCode};
use quick_xml::events::Event;
use quick_xml::reader::{NsReader, Reader};

/// The documents that are read.
pub(crate) struct Documents {
    /// Federation metadata of some 45 KB.
    pub(crate) metadata: Vec<u8>,
    /// An answer of the federation server of some 9 KB.
    pub(crate) answer: Vec<u8>,
}

impl Documents {
    /// Our own: of the size and the make-up of what AD FS sends.
    pub(crate) fn new() -> Self {
        let mut ports = documents::ports();
        let decoy = documents::Port { address: "http://sts.contoso.com/adfs/services/trust/x", ..ports[0] };
        ports.extend(std::iter::repeat_n(decoy, 40));
        let filler = "<saml:Attribute AttributeName=\"ImmutableID\" AttributeNamespace=\"http://schemas.contoso.com\">\
                      <saml:AttributeValue>1TIu064jGEmmf+hnI+F0Jg==</saml:AttributeValue></saml:Attribute>\n";
        let assertion = documents::ASSERTION.replace("<x/>", &filler.repeat(40));
        Self { metadata: documents::metadata(&ports).into(), answer: documents::issued(&assertion).into() }
    }
}

/// Reads the metadata.
pub(crate) fn read_metadata(document: &[u8]) -> usize {
    mex::parse(document, false).map_or(0, |endpoints| usize::from(endpoints.integrated.is_some()))
}

/// Reads the federation server's answer.
pub(crate) fn read_answer(document: &[u8]) -> usize {
    match wstrust::parse_response(document) {
        Ok(wstrust::Answer::Assertion(assertion)) => assertion.text(document).len(),
        _ => 0,
    }
}

/// The floor: quick-xml's own loop with namespaces.
pub(crate) fn namespaces(document: &[u8]) -> usize {
    let text = std::str::from_utf8(document).expect("our documents are text");
    let mut reader = NsReader::from_str(text);
    let mut elements = 0;
    loop {
        match reader.read_resolved_event() {
            Ok((_, Event::Eof)) | Err(_) => return elements,
            Ok((_, Event::Start(_) | Event::Empty(_))) => elements += 1,
            Ok(_) => {}
        }
    }
}

/// The floor below: quick-xml's loop without namespaces.
pub(crate) fn events(document: &[u8]) -> usize {
    let text = std::str::from_utf8(document).expect("our documents are text");
    let mut reader = Reader::from_str(text);
    let mut elements = 0;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) | Err(_) => return elements,
            Ok(Event::Start(_) | Event::Empty(_)) => elements += 1,
            Ok(_) => {}
        }
    }
}

/// The floor of floors: one pass over the bytes.
pub(crate) fn pass(document: &[u8]) -> usize {
    usize::from(memchr::memchr(0, document).is_some())
}

/// A host that hands out canned answers.
struct Canned(VecDeque<Response>);

impl Host for Canned {
    fn now(&mut self) -> Timestamp {
        START
    }
    fn send(&mut self, _request: Request) -> Outcome {
        self.0.pop_front().ok_or(entrada_core::http::TransportErrorKind::Connect.into())
    }
    fn wait(&mut self, _until: Timestamp) {}
    fn show(&mut self, _prompt: Prompt) {}
    fn load(&mut self, _query: CacheQuery) -> Result<CacheView, StoreError> {
        Ok(CacheView::default())
    }
    fn save(&mut self, _update: CacheUpdate) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Whole flows with a password, their answers in memory.
pub(crate) struct Flows {
    app: PublicClientApplication,
    federated: Vec<Response>,
    managed: Vec<Response>,
}

impl Flows {
    /// With the documents of the other benches.
    pub(crate) fn new(documents: &Documents) -> Self {
        let ok = |body: Vec<u8>| Response::new(StatusCode::OK, HeaderMap::new(), body);
        let token = || ok(documents::tokens().into());
        let authority = "https://login.microsoftonline.com/contoso.com".parse().expect("it is an authority");
        Self {
            app: PublicClientApplication::new("app", authority),
            federated: vec![
                ok(documents::federated_realm().into()),
                ok(documents.metadata.clone()),
                ok(documents.answer.clone()),
                token(),
            ],
            managed: vec![ok(documents::MANAGED_REALM.into()), token()],
        }
    }

    /// A federated user's: four requests.
    pub(crate) fn federated(&self) -> usize {
        self.flow(&self.federated)
    }

    /// A managed user's: two requests.
    pub(crate) fn managed(&self) -> usize {
        self.flow(&self.managed)
    }

    fn flow(&self, answers: &[Response]) -> usize {
        let password = Secret::new("password");
        let flow = self.app.acquire_token_by_username_password(["user.read"], "joe@contoso.com", password);
        // Bodies are shared, so handing out the answers costs no copy.
        let mut host = Canned(answers.iter().cloned().collect());
        let step = flow.start(START, Seed::new([1; 32])).expect("nothing is amiss");
        run(step, &mut host, |_| {}).expect("the answers are right").access_token.expose().len()
    }
}
