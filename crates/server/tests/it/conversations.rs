//! Agents and portals of before, as they were recorded, on the line between today's: the server is asked no more than was
//! asked then and has to answer what was answered then, and the agent hears no more than that.

use super::server::{OWN, Server};
use axum::http::{Method, StatusCode};
use kaika_agent::{
    engine::{Finished, Inputs, Order, run_job},
    portal::{Portal, Station, Target},
    readers::soft::desk_session,
};
use kaika_fixtures::Site;
use kaika_softcard::SoftCard;
use kaika_testkit::conversation::{Conversation, Exchange, as_then, well_known};
use kaika_wire::{
    BatchReport, CertificateStatus, Code, JobId, JobKind, JobStarted, JobState, Protocol, Refusal, StartJob, UserCode,
    WELL_KNOWN_PATH, WellKnown,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex},
};

/// The line. It fails the test where one side would not have understood the other.
struct Line {
    server: Arc<Server>,
    name: String,
    exchanges: Mutex<VecDeque<Exchange>>,
    /// In reports, which of then had none.
    protocol: Option<Protocol>,
}

impl Line {
    fn then(&self, whose: &str, now: &Value, then: &Value) -> Value {
        as_then(now, then).unwrap_or_else(|wrong| panic!("{}: {whose}: {wrong}", self.name))
    }

    fn pass<T: DeserializeOwned>(
        &self,
        path: &str,
        authorization: Option<String>,
        message: &impl Serialize,
    ) -> Result<T, Refusal> {
        let then = self.exchanges.lock().unwrap().pop_front().expect("more is asked than was then");
        let mut message = self.then("today's agent", &serde_json::to_value(message).unwrap(), &then.request);
        if let Some(protocol) = self.protocol.filter(|_| path.ends_with("/reports")) {
            message["protocol"] = json!(protocol);
        }
        let answer = self.server.post_json(path, authorization.as_deref(), message.to_string());
        assert_eq!(answer.status.as_u16(), then.status, "{}: {}", self.name, answer.page());
        Ok(serde_json::from_value(self.then("today's server", &answer.json(), &then.answer)).unwrap())
    }
}

impl Portal for Line {
    fn origin(&self) -> &str {
        &self.server.app.origin
    }

    fn well_known(&self) -> Result<WellKnown, Refusal> {
        let now = self.server.get(WELL_KNOWN_PATH).json();
        let mut then = well_known();
        then["authorities"].as_array_mut().unwrap().truncate(1);
        Ok(serde_json::from_value(self.then("what the portal says of itself", &now, &then)).unwrap())
    }

    fn start(&self, start: &StartJob, station: Option<&Station>) -> Result<JobStarted, Refusal> {
        assert_eq!(start.protocol, Protocol::OURS);
        let station = station.map(|station| format!("Station {}:{}", station.station, *station.token));
        self.pass("/api/jobs", station, start)
    }

    fn report(&self, job: JobId, token: &str, report: &BatchReport) -> Result<JobState, Refusal> {
        self.pass(&format!("/api/jobs/{job}/reports"), Some(format!("Bearer {token}")), report)
    }
}

/// A server of today, at which the same happens as then with another card.
struct Today {
    server: Arc<Server>,
    told: BTreeSet<String>,
    protocol: Option<Protocol>,
}

impl Today {
    fn of(site: Site) -> Self {
        Self { server: Arc::new(Server::of(site)), told: BTreeSet::new(), protocol: None }
    }

    fn closed(self) -> (Site, BTreeSet<String>) {
        let server = Arc::into_inner(self.server).expect("the line is gone");
        (server.closed(), self.told)
    }

    fn run(&mut self, name: &str) -> Result<Finished, Refusal> {
        let start: StartJob = serde_json::from_value(Conversation::of(name).exchanges[0].request.clone()).unwrap();
        self.run_given(name, Site::inputs(start.kind))
    }

    /// A job that has changed since then: either side says of the other that it is too old, and nothing has begun.
    fn run_too_old(&mut self, name: &str) {
        assert_eq!(self.run(name).err().unwrap().code, Code::ServerTooOld, "{name}");
        let start = Conversation::of(name).exchanges.remove(0).request;
        let station = self.server.site.order(JobKind::Personalise).station;
        let station = station.map(|station| format!("Station {}:{}", station.station, *station.token));
        let answer = self.server.post_json("/api/jobs", station.as_deref(), start.to_string());
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (StatusCode::FORBIDDEN, &json!("agent_too_old")));
    }

    fn run_given(&mut self, name: &str, inputs: Inputs) -> Result<Finished, Refusal> {
        self.told.insert(name.to_owned());
        let Conversation { facts, exchanges, .. } = Conversation::of(name);
        let then: StartJob = serde_json::from_value(exchanges[0].request.clone()).unwrap();
        let site = &self.server.site;
        let ticket = then.ticket.map(|_| {
            let path = format!("/gca/{}/tickets", then.kind.as_str());
            let ticket = self.server.post_json(&path, None, "{}").json();
            for part in ["ticket", "outcome", "expires_in"] {
                assert_eq!(ticket[part].is_string(), facts["ticket"][part].is_string(), "{name}: {part}");
            }
            ticket
        });
        let order = Order {
            number: then.number.map(|_| site.number.clone()),
            ticket: ticket.as_ref().map(|ticket| ticket["ticket"].as_str().unwrap().to_owned()),
            ..site.order(then.kind)
        };
        let line = Line {
            server: self.server.clone(),
            name: name.to_owned(),
            exchanges: Mutex::new(exchanges.into_iter().collect()),
            protocol: self.protocol,
        };
        let named = then.authority.map(|_| "gca".parse().unwrap());
        let target = Target { well_known: line.well_known().unwrap(), portal: Box::new(line), named };
        assert_eq!(target.well_known.protocol, Protocol::FIRST, "as a portal of then");
        let card = Arc::new(Mutex::new(SoftCard::open(site.card_path()).unwrap()));
        let result = run_job(desk_session(card).as_mut(), &target, &order, inputs, &[], &mut |_| {});
        if let Some(ticket) = ticket {
            let headers = [("host", OWN), ("accept", "application/json")];
            let outcome = self.server.ask(Method::GET, ticket["outcome"].as_str().unwrap(), &headers).json();
            as_then(&outcome, &facts["outcome"]).unwrap_or_else(|wrong| panic!("{name}: its outcome: {wrong}"));
        }
        result
    }
}

#[test]
fn agents_and_portals_of_before_and_of_today_understand_one_another() {
    let mut ordered = Today::of(Site::ordered());
    for name in ["personalise", "personalise_with_pin"] {
        ordered.run_too_old(name);
    }
    let (site, mut told) = ordered.closed();
    site.run(JobKind::Personalise, None).result.unwrap();

    let mut made = Today::of(site);
    made.run("activate").unwrap();
    let (mut base, more) = made.closed();
    told.extend(more);
    base.assert_agrees(CertificateStatus::Valid);
    base.later(time::Duration::days(30));

    let mut in_use = Today::of(base.copy());
    for name in ["information", "unlock"] {
        in_use.run(name).unwrap();
    }
    told.extend(in_use.closed().1);

    let mut read = Today::of(base.copy());
    for name in ["check", "test", "login"] {
        read.run(name).unwrap();
    }
    told.extend(read.closed().1);

    let mut written = Today::of(base.copy());
    for name in ["set_email", "set_email_with_code", "rewrite", "barred"] {
        written.run_too_old(name);
    }
    told.extend(written.closed().1);

    let mut changed = Today::of(base.copy());
    let wrong = Inputs { user_code: UserCode::parse("Wrong999").ok(), ..Site::inputs(JobKind::Suspend) };
    assert_eq!(changed.run_given("wrong_user_code", wrong).err().unwrap().code, Code::UserCodeWrong);
    changed.run("suspend").unwrap();
    changed.run("resume").unwrap();
    changed.run("revoke").unwrap();
    told.extend(changed.closed().1);

    let all: BTreeSet<_> = Conversation::all().into_iter().map(|conversation| conversation.name).collect();
    assert_eq!(told, all, "every conversation is held again");
}

#[test]
fn an_agent_that_is_too_old_is_told_and_nothing_has_begun() {
    let server = Server::of(Site::personalised());
    let mut start = Conversation::of("activate").exchanges.remove(0).request;
    start["protocol"] = json!(0);
    let answer = server.post_json("/api/jobs", None, start.to_string());
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let body = answer.json();
    assert_eq!(body["error"]["code"], "agent_too_old");
    assert_eq!(body["error"]["detail"], "it speaks protocol 0, and activate needs 1");
    assert!(server.audited("card_job.start").iter().all(|(_, payload)| !payload.contains("activate")));
}

#[test]
fn an_agent_hears_of_no_job_that_it_does_not_know() {
    let not_now = |protocol| {
        let mut server = Today::of(Site::personalised());
        server.protocol = protocol;
        let finished = server.run("information").unwrap();
        server.closed();
        finished.succeeded.result.information().unwrap().not_now.clone()
    };
    for (protocol, knows) in [(None, false), (Some(Protocol::TOLD), false), (Some(Protocol::OURS), true)] {
        let not_now = not_now(protocol);
        assert!(not_now.contains_key(&JobKind::Unlock), "before it is activated");
        assert_eq!(not_now.contains_key(&JobKind::Rewrite), knows, "{protocol:?}");
    }
}
