//! The replies that lead a flow to its end.

use crate::catalogue::{AUTHORITIES, Case, FlowCase, OIDC};
use crate::documents::{self, AD_FS_TOKENS, ASSERTION};
use crate::walk::Reply;

fn pending() -> Reply {
    Reply { outcome: Ok((400, documents::told("authorization_pending").into())), ..Reply::right("") }
}

/// How AD FS leads a browser that it knows to the answer: by its own page for tickets and back.
#[must_use]
pub fn to_the_answer() -> [Reply; 3] {
    [
        Reply::redirect("/adfs/oauth2/authorize/wia?client_id=app", Some("MSISContext=1; Path=/adfs")),
        Reply::redirect("/adfs/oauth2/authorize?client_id=app", Some(SESSION)),
        Reply::redirect(ANSWER, None),
    ]
}

/// [`COOKIE`](crate::planted::COOKIE) as it is set.
const SESSION: &str = "MSISAuth=pl&nted-cookie/<w>==; Path=/adfs; HttpOnly; Secure";
/// [`CODE`](crate::planted::CODE) as it comes to the redirect URI.
const ANSWER: &str = "http://localhost/?code=pl%26nted-code%2F%3Cz%3E&state={state}";

/// The right document at the right place; `federated` says what kind of domain the user's is.
#[must_use]
pub fn way(case: Case, federated: bool) -> Vec<Reply> {
    let right = || Reply::right("");
    let mut way = vec![right()];
    if case.flow.reads_tokens() {
        way.push(right());
    }
    match AUTHORITIES[case.authority] {
        OIDC => way.extend([Reply::right(documents::provider(OIDC, "")), right()]),
        authority if authority.contains("unheard-of") => {
            way.extend([Reply::right(documents::KNOWN_INSTANCE), right()]);
        }
        _ => {}
    }
    let has_realm = case.flow == FlowCase::Password && case.authority < 2;
    match case.flow {
        FlowCase::Password if has_realm && !federated => way.push(Reply::right(documents::MANAGED_REALM)),
        FlowCase::Password | FlowCase::Integrated if has_realm || case.flow == FlowCase::Integrated => {
            let metadata = documents::metadata(&documents::ports());
            let documents = [documents::federated_realm(), metadata, documents::issued(ASSERTION)];
            way.extend(documents.map(Reply::right));
        }
        FlowCase::Device => {
            let device = documents::device(r#","expires_in":60,"interval":5"#);
            way.extend([Reply::right(device), right(), right(), pending(), right()]);
        }
        FlowCase::Adfs => way.extend(to_the_answer().into_iter().chain([Reply::right(AD_FS_TOKENS)])),
        FlowCase::Resumed => way.extend([right(), pending(), right()]),
        FlowCase::Agent => way.extend(std::iter::repeat_n(Reply::right(documents::tokens()), 6)),
        _ => {}
    }
    // One answer more than may be wanted, where a signature or an assertion comes first.
    way.extend([documents::tokens(), documents::tokens(), String::new()].map(Reply::right));
    way
}
