//! Calls the card tool of a running agent.

use crate::{
    portal::{
        http::{Meaning, answer, http_agent},
        is_loopback,
    },
    serve::{Hello, proof, read_token},
    tool::{ToolReply, ToolRequest},
};
use kaika_wire::{Code, Protocol, Refusal};
use std::{path::Path, time::Duration};
use subtle::ConstantTimeEq;
use ureq::{Agent, http::Uri};
use zeroize::Zeroizing;

pub struct AgentClient {
    origin: String,
    token: Zeroizing<String>,
    http: Agent,
    /// The running agent's.
    protocol: Protocol,
}

/// A card job can take as long as generating RSA keys in a card does.
const LONGEST_JOB: Duration = Duration::from_secs(15 * 60);

impl AgentClient {
    /// Finds the agent at this address and sees that it is the one that wrote the token file.
    ///
    /// # Errors
    /// [`Code::AgentToken`] where the file cannot be read, or the agent has another token;
    /// [`Code::AgentUnreachable`] where no agent answers at this address.
    pub fn connect(url: &str, token_file: &Path) -> Result<Self, Refusal> {
        let token = read_token(token_file).map_err(|error| {
            let detail = format!("{}: {error}", token_file.display());
            Refusal::new(Code::AgentToken).detail(detail)
        })?;
        let mut client = Self { origin: local_origin(url)?, token, http: http_agent(true), protocol: Protocol::OURS };
        client.protocol = client.greet()?;
        Ok(client)
    }

    fn greet(&self) -> Result<Protocol, Refusal> {
        let mut nonce = [0; 16];
        crate::random(&mut nonce);
        let nonce = hex::encode(nonce);
        let url = format!("{}/hello?nonce={nonce}", self.origin);
        let hello: Hello = answer(self.http.get(url).call(), OF_AGENT)?;
        let expected = proof(&self.token, &nonce);
        let right: bool = hello.proof.as_bytes().ct_eq(expected.as_bytes()).into();
        right
            .then_some(hello.protocol)
            .ok_or_else(|| Refusal::new(Code::AgentToken).detail(format!("{} has another token", self.origin)))
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
            .post(format!("{}/tool", self.origin))
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

/// An agent is at this computer: nothing is sent to another.
fn local_origin(url: &str) -> Result<String, Refusal> {
    url.parse::<Uri>()
        .ok()
        .filter(|uri| uri.scheme_str() == Some("http"))
        .and_then(|uri| uri.into_parts().authority)
        .filter(|authority| is_loopback(authority.host()) && !authority.as_str().contains('@'))
        .map(|authority| format!("http://{authority}"))
        .ok_or_else(|| Refusal::new(Code::AgentUnreachable).detail("an agent's address is http://127.0.0.1:PORT"))
}
