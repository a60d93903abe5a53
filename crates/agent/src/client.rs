//! Calls the card tool of a running agent.

use crate::{
    portal::http::{Meaning, answer, http_agent},
    serve::{DEFAULT_LISTEN, Hello, TokenFile, proof, proof_without_address},
    tool::{ToolReply, ToolRequest},
};
use kaika_wire::{Code, Protocol, Refusal};
use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};
use subtle::ConstantTimeEq;
use ureq::{Agent, http::Uri};
use zeroize::Zeroizing;

pub struct AgentClient {
    address: SocketAddr,
    token: Zeroizing<String>,
    http: Agent,
    /// The running agent's.
    protocol: Protocol,
}

/// A card job can take as long as generating RSA keys in a card does.
const LONGEST_JOB: Duration = Duration::from_secs(15 * 60);

impl AgentClient {
    /// Finds the agent at this address, or else at the one in the token file, and sees that it is the one that wrote the
    /// file.
    ///
    /// # Errors
    /// [`Code::AgentToken`] where the file cannot be read, or who answers has another token, or another address;
    /// [`Code::AgentUnreachable`] where no agent answers; [`Code::AgentTooOld`] where it cannot prove its address.
    pub fn connect(url: Option<&str>, token_file: &Path) -> Result<Self, Refusal> {
        let file = TokenFile::read(token_file).map_err(|error| {
            let detail = format!("{}: {error}", token_file.display());
            Refusal::new(Code::AgentToken).detail(detail)
        })?;
        let addresses = match url {
            Some(url) => local_addresses(url)?,
            None => vec![file.address.unwrap_or(DEFAULT_LISTEN)],
        };
        let mut refusal = Refusal::from(Code::AgentUnreachable);
        for address in addresses {
            let client = Self { address, token: file.token.clone(), http: http_agent(true), protocol: Protocol::OURS };
            match client.greet() {
                Ok(protocol) => return Ok(Self { protocol, ..client }),
                Err(refused) if refused.code == Code::AgentUnreachable => refusal = refused,
                Err(refused) => return Err(refused),
            }
        }
        Err(refusal)
    }

    fn greet(&self) -> Result<Protocol, Refusal> {
        let mut nonce = [0; 16];
        crate::random(&mut nonce);
        let nonce = hex::encode(nonce);
        let question = self.http.get(self.url("/hello")).query("nonce", &nonce);
        let hello: Hello = answer(question.query("address", self.address.to_string()).call(), OF_AGENT)?;
        let is = |expected: String| bool::from(hello.proof.as_bytes().ct_eq(expected.as_bytes()));
        if is(proof(&self.token, self.address, &nonce)) {
            return Ok(hello.protocol);
        }
        if is(proof_without_address(&self.token, &nonce)) {
            return Err(Refusal::new(Code::AgentTooOld).detail("it does not prove where it listens"));
        }
        Err(Refusal::new(Code::AgentToken).detail(format!("{} has another token, or another address", self.address)))
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Has the agent do it; blocks until it is done.
    ///
    /// # Errors
    /// The agent's refusal; [`Code::AgentUnreachable`]; [`Code::AgentTooOld`] where the running agent is too old for it, or
    /// so new that its answer cannot be read.
    pub fn call(&self, request: &ToolRequest) -> Result<ToolReply, Refusal> {
        if let Some(kind) = request.kind() {
            self.protocol.suffices(kind, Code::AgentTooOld)?;
        }
        let body = serde_json::to_vec(request)
            .map(Zeroizing::new)
            .map_err(|error| Refusal::new(Code::Internal).detail(error.to_string()))?;
        let authorization = Zeroizing::new(format!("Bearer {}", *self.token));
        let response = self
            .http
            .post(self.url("/tool"))
            .config()
            .timeout_global(Some(LONGEST_JOB))
            .build()
            .content_type("application/json")
            .header("authorization", authorization.as_str())
            .send(body.as_slice());
        let meaning = match self.protocol == Protocol::OURS {
            true => OF_AGENT,
            false => Meaning { strange: Code::AgentTooOld, ..OF_AGENT },
        };
        answer(response, meaning)
    }
}

const OF_AGENT: Meaning = Meaning { silent: Code::AgentUnreachable, strange: Code::AgentUnreachable };

/// An agent is at this computer: nothing is sent to another. What a name means is not asked, since the proof is of the
/// address itself.
fn local_addresses(url: &str) -> Result<Vec<SocketAddr>, Refusal> {
    let (v4, v6) = (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into());
    url.parse::<Uri>()
        .ok()
        .filter(|uri| uri.scheme_str() == Some("http"))
        .and_then(|uri| uri.into_parts().authority)
        .filter(|authority| !authority.as_str().contains('@'))
        .and_then(|authority| {
            let ips = match authority.host() {
                "127.0.0.1" => vec![v4],
                "[::1]" => vec![v6],
                name if name.eq_ignore_ascii_case("localhost") => vec![v4, v6],
                _ => return None,
            };
            let port = authority.port_u16().unwrap_or(80);
            Some(ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
        })
        .ok_or_else(|| Refusal::new(Code::AgentUnreachable).detail("an agent's address is http://127.0.0.1:PORT"))
}
