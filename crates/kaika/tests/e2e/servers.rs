//! Several servers behind one address, on one PostgreSQL database: whichever of them gets a message, it is the same
//! authority. Each has a folder of its own, as on a machine of its own.

use crate::bench::{Running, eventually};
use crate::demo::END;
use crate::judges::{Method, Question, RelyingParty, pem, statuses};
use crate::ordered::Ordered;
use crate::serve::Authority;
use kaika_testkit::{
    balancer::Balancer,
    postgres::{self, psql},
    tools::Tool,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

/// What one server did shows at every other within a second; the rest is the machine's affair.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

struct Servers {
    machines: Vec<Machine>,
    balancer: Balancer,
    database: String,
}

struct Machine {
    authority: Authority,
    server: Mutex<Running>,
}

impl Servers {
    /// Founded once, then copied, and all of them up.
    fn start(count: usize) -> Servers {
        let database = postgres::fresh_database();
        let places: Vec<Authority> = (0..count).map(|_| Authority::unconfigured()).collect();
        let balancer = Balancer::start(&places.iter().map(Authority::port).collect::<Vec<_>>());
        for place in &places {
            let (origin, listen) = (balancer.port(), place.port());
            let server = format!(
                "origin = \"http://localhost:{origin}\"\nlisten = [\"127.0.0.1:{listen}\"]\nproxies = [\"127.0.0.1\"]\n"
            );
            place.configure(&server, &database);
        }
        let first = &places[0];
        first.operator(&["init"]).expect_success();
        for other in &places[1..] {
            let shared = ["authorities", "keys", "secrets", "passphrase"].map(|name| first.path(name));
            Tool::new("cp").arg("--archive").args(shared).arg(other.path("")).run().expect_success();
        }
        first.enrol_station();
        let machines = places.into_iter().map(Machine::start).collect();
        Servers { machines, balancer, database }
    }

    fn order(&self, serial: u32) -> Ordered {
        self.machines[0].authority.order(&format!("http://localhost:{}", self.balancer.port()), serial)
    }

    /// Who asks one server each.
    fn parties(&self) -> Vec<RelyingParty> {
        let parties = self.machines.iter().map(|machine| RelyingParty::at(&machine.url(""), "gca-1", "test-grca-1"));
        parties.collect()
    }

    /// Ends all that still run, in order; then each machine's anchors fit the one log.
    #[track_caller]
    fn end(self) {
        for machine in &self.machines {
            machine.end();
        }
        for machine in &self.machines {
            let audit = machine.authority.operator(&["audit", "verify"]).expect_success();
            assert_eq!(audit["findings"], json!([]));
            assert!(audit["anchors"].as_u64().unwrap() > 0, "{audit}");
        }
    }
}

impl Machine {
    fn start(authority: Authority) -> Machine {
        let machine = Machine { server: Mutex::new(serve(&authority)), authority };
        machine.wait_until_ready();
        machine
    }

    fn start_again(&self) {
        *self.server.lock().unwrap() = serve(&self.authority);
        self.wait_until_ready();
    }

    #[track_caller]
    fn wait_until_ready(&self) {
        eventually("ready", || ureq::get(self.url("/readyz")).call().ok());
    }

    /// Past the balancer.
    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.authority.port())
    }

    fn id(&self) -> u32 {
        self.server.lock().unwrap().id()
    }

    /// As a service manager ends it; nothing where it has ended before.
    #[track_caller]
    fn end(&self) {
        let mut server = self.server.lock().unwrap();
        if server.ended().is_none() {
            server.signal("TERM");
            assert!(server.wait_for_end(END).success(), "{}", server.stderr());
        }
    }
}

fn serve(authority: &Authority) -> Running {
    Running::start("kaika", &["serve", "--config", &authority.path("kaika.toml")], &[])
}

/// At every server, by every way of asking, as soon as may be.
#[track_caller]
fn is_good_everywhere(parties: &[RelyingParty], pem: &str) -> Duration {
    let asked = Instant::now();
    for party in parties {
        for method in [Method::Post, Method::Get] {
            while party.ask_by(method, "-sha1", Question::Certificate(pem)).status != "good" {
                assert!(asked.elapsed() < SHOWN_WITHIN, "not good yet by {method:?}");
                thread::sleep(Duration::from_millis(50));
            }
        }
        // By the lists, too.
        while !party.verify(pem).status.success() {
            assert!(asked.elapsed() < SHOWN_WITHIN, "{}", party.verify(pem));
            thread::sleep(Duration::from_millis(50));
        }
    }
    asked.elapsed()
}

#[track_caller]
fn is_held_everywhere(parties: &[RelyingParty], pem: &str) {
    for party in parties {
        for method in [Method::Post, Method::Get] {
            let said = party.ask_by(method, "-sha1", Question::Certificate(pem));
            assert!(said.words.contains("certificateHold"), "{}", said.words);
        }
        let verified = party.verify(pem);
        assert!(verified.text().contains("certificate revoked"), "{verified}");
    }
}

#[test]
fn one_card_by_three_servers() {
    let servers = Servers::start(3);
    let card = servers.order(42_000_001);
    card.personalise();
    let shown = card.show();
    let pems: Vec<&str> = shown["certificates"].as_array().unwrap().iter().map(pem).collect();
    let parties = servers.parties();
    is_held_everywhere(&parties, pems[0]);
    a_ticket_is_good_at_another(&servers, &card, &shown);

    card.activate().expect_success();
    println!("good at every server after {:?}", is_good_everywhere(&parties, pems[0]));
    let shown = card.show();
    assert!(statuses(&shown).iter().all(|(_, status)| *status == "valid"));
    assert_eq!(shown["activated"], true);

    // Each job's reports went to different servers; to show a card takes but one.
    let mut jobs: BTreeMap<String, Vec<u16>> = BTreeMap::new();
    for passed in servers.balancer.passed() {
        if let Some(job) = passed.path.strip_prefix("/api/jobs/").and_then(|path| path.strip_suffix("/reports")) {
            jobs.entry(job.to_owned()).or_default().push(passed.server);
        }
    }
    jobs.retain(|_, servers| servers.len() > 1);
    assert_eq!(jobs.len(), 2, "personalising and activation");
    for servers in jobs.values() {
        assert!(servers.windows(2).all(|two| two[0] != two[1]), "{jobs:?}");
    }
    servers.end();
}

/// Given by one, redeemed at the second, known to the third, and good once.
#[track_caller]
fn a_ticket_is_good_at_another(servers: &Servers, card: &Ordered, shown: &Value) {
    let [one, two, three] = [0, 1, 2].map(|number| &servers.machines[number]);
    let host = format!("localhost:{}", servers.balancer.port());
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let post = |machine: &Machine, path: &str, body: &Value| -> (u16, Value) {
        let mut answer = agent.post(machine.url(path)).header("host", &host).send_json(body).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
    };
    let state = |machine: &Machine, path: &str| -> Value {
        let asked = agent.get(machine.url(path)).header("host", &host).header("accept", "application/json");
        asked.call().unwrap().body_mut().read_json::<Value>().unwrap()["state"].take()
    };

    let (_, given) = post(one, "/gca/activate/tickets", &json!({}));
    let outcome = given["outcome"].as_str().unwrap();
    assert_eq!([state(two, outcome), state(three, outcome)], ["waiting", "waiting"]);
    let proof = shown["certificates"].as_array().unwrap().iter();
    let proof = pem(proof.clone().find(|one| one["role"] == "card_authentication").unwrap());
    let certificate: String = proof.lines().filter(|line| !line.starts_with("-----")).collect();
    let guid = psql(&servers.database, &format!("SELECT guid FROM card WHERE number = '{}'", card.number));
    let request = json!({"kind": "activate", "authority": "gca", "ticket": given["ticket"],
        "card": {"guid": guid.trim(), "certificate": certificate, "device": null}});
    let (status, job) = post(two, "/api/jobs", &request);
    assert_eq!(status, 200, "{job}");
    assert_eq!([state(one, outcome), state(three, outcome)], ["running", "running"]);
    let (status, answer) = post(three, "/api/jobs", &request);
    assert_eq!((status, &answer["error"]["code"]), (403, &json!("ticket_over")), "{answer}");
}

#[test]
fn a_server_that_ends_among_several_cards_is_not_missed() {
    let servers = Servers::start(3);
    let cards: Vec<Ordered> = (1..=4).map(|number| servers.order(43_000_000 + number)).collect();
    thread::scope(|scope| {
        for card in &cards {
            scope.spawn(|| {
                card.personalise();
                card.activate().expect_success();
            });
        }
        // Each card takes ten messages.
        eventually("the middle", || (servers.balancer.passed().len() >= 20).then_some(()));
        servers.machines[1].end();
    });
    let passed = servers.balancer.passed();
    for machine in &servers.machines {
        let port = machine.authority.port();
        assert!(passed.iter().filter(|passed| passed.server == port).count() >= 5, "{port}: {passed:?}");
    }
    for card in &cards {
        let shown = card.show();
        assert_eq!(shown["activated"], true);
        assert!(statuses(&shown).iter().all(|(_, status)| *status == "valid"));
    }
    servers.machines[1].start_again();
    is_good_everywhere(&servers.parties(), pem(&cards[0].show()["certificates"][0]));
    servers.end();
}

#[test]
fn one_of_them_sweeps_and_another_after_it() {
    let servers = Servers::start(2);
    let owner = || psql(&servers.database, "SELECT owner FROM lease WHERE name = 'sweep'").trim().to_owned();
    let has_it = |machine: &Machine| owner().ends_with(&format!(" {}", machine.id()));
    eventually("a server that sweeps", || servers.machines.iter().any(has_it).then_some(()));
    let of_lease = |number: &str| -> i64 {
        let number = psql(&servers.database, &format!("SELECT {number} FROM lease WHERE name = 'sweep'"));
        number.trim().parse().unwrap()
    };
    let taken_until = of_lease("until");
    let card = servers.order(44_000_001);
    card.personalise();
    let shown = card.show();
    let parties = servers.parties();
    is_held_everywhere(&parties, pem(&shown["certificates"][0]));

    // It is renewed, a minute at a time, although nothing is swept for an hour.
    eventually("a lease that is renewed", || (of_lease("until") > taken_until).then_some(()));
    let left = of_lease("until - extract(epoch FROM now())::bigint");
    assert!((1..=60).contains(&left), "{left} s");

    // A card that is overdue, while the one that sweeps is dead and its lease is not over.
    let (sweeper, other) = match has_it(&servers.machines[0]) {
        true => (&servers.machines[0], &servers.machines[1]),
        false => (&servers.machines[1], &servers.machines[0]),
    };
    let dead = owner();
    sweeper.server.lock().unwrap().kill();
    // However long the rest takes.
    psql(&servers.database, "UPDATE lease SET until = until + 3600 WHERE name = 'sweep'");
    let number = &card.number;
    psql(
        &servers.database,
        &format!("UPDATE card SET dispatched_at = dispatched_at - 91 * 86400 WHERE number = '{number}'"),
    );
    let state = || psql(&servers.database, &format!("SELECT state FROM card WHERE number = '{number}'"));
    other.end();
    other.start_again();
    // Its scheduler has ended when it has.
    other.end();
    assert_eq!((owner(), state().trim()), (dead, "dispatched"));

    // The lease's end, a minute after it was last renewed.
    psql(&servers.database, "UPDATE lease SET until = 0 WHERE name = 'sweep'");
    other.start_again();
    eventually("another that sweeps", || has_it(other).then_some(()));
    sweeper.start_again();
    eventually("the card's end", || (state().trim() == "terminated").then_some(()));
    for party in &parties {
        let asked = Instant::now();
        while !party.ask(Question::Certificate(pem(&shown["certificates"][0]))).words.contains("cessationOfOperation") {
            assert!(asked.elapsed() < SHOWN_WITHIN, "not revoked yet");
            thread::sleep(Duration::from_millis(50));
        }
    }
    let swept = psql(&servers.database, "SELECT count(*) FROM audit_event WHERE action = 'card.overdue'");
    assert_eq!((has_it(other), swept.trim()), (true, "1"));
    // Whoever ends in order leaves it to the next.
    other.end();
    assert_eq!(owner(), "");
    servers.end();
}
