//! Certificate status a CPU-second of the server, against the same HTTP stack with nothing behind it, against the bare
//! signatures, and against OpenSSL's responder.

use crate::cpu::{Cpu, Spent, median};
use crate::fill::{Filler, serial};
use crate::load::{self, Turns, ask, get, load, post};
use crate::report::{Figure, Table, micros, number, percent};
use crate::server::{Ready, Server, ending_with_us};
use crate::site::{Address, Database, GENERATION, Keys, Site};
use crate::{Setting, runtime, signatures};
use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use kaika_app::{App, status::answer_ocsp};
use kaika_domain::certificates::CertificateState;
use kaika_pki::ocsp::{CertId, HashAlgorithm, Nonce, Request, Response, Status};
use kaika_pki::{Certificate, KeyAlgorithm, Serial};
use kaika_testkit::{ports::PortPair, tools::Tool};
use std::fs;
use std::time::Duration;
use time::OffsetDateTime;

/// Certificates that are asked for again and again.
const WARM: u64 = 1000;

pub(crate) fn measure(setting: &Setting) -> Result<Vec<Table>> {
    let count = setting.size(100_000, 2_000);
    let (portal, peers) = (PortPair::claim()?, PortPair::claim()?);
    let plain = portal.first + 1;
    let address = Address::Tls { port: portal.first, plain_port: plain };
    let site = Site::make(&setting.folder, &Database::Sqlite, &Keys::default(), &address)?;
    let issuer = runtime()?.block_on(fill(&site, count))?;
    let questions = Questions::about(&issuer, count)?;

    let server = Server::kaika(&site, plain)?;
    let answer = genuine_answer(plain, &questions, &issuer)?;
    let bare = bare(&site, peers.first, &answer)?;
    let time = setting.size(Duration::from_secs(2), Duration::from_millis(300));
    let asked = |server: &Server, port, requests: &[Vec<u8>], turns| -> Result<Rate> {
        let (count, spent) = server.spent(|| load(port, requests, turns, time))?;
        Ok(Rate { count, spent })
    };
    let (warm, nonce) = (&questions.get[..WARM as usize], &questions.nonce[..]);
    asked(&server, plain, warm, Turns::Round)?;
    let mut rounds = Vec::new();
    for _ in 0..setting.size(3, 1) {
        rounds.push(Round {
            bare: asked(&bare, peers.first, warm, Turns::Round)?,
            warm: asked(&server, plain, warm, Turns::Round)?,
            nonce: asked(&server, plain, nonce, Turns::Round)?,
            signatures: signatures::rate(KeyAlgorithm::P256, setting)?,
        });
    }
    let cold = asked(&server, plain, &questions.get, Turns::OnceFrom(WARM as usize))?;
    drop((server, bare));
    let alone = use_case(&site, &questions, setting)?;
    let openssl = OpenSsl::start(&site, peers.first + 1, count)?;
    let (count, spent) = openssl.server.spent(|| load::load_anew(openssl.port, &openssl.requests, time))?;
    Ok(vec![Table::of("answers a CPU-second", figures(&rounds, cold, &alone, &Rate { count, spent }))])
}

struct Round {
    bare: Rate,
    warm: Rate,
    nonce: Rate,
    /// A second of CPU.
    signatures: f64,
}

#[derive(Clone, Copy)]
struct Rate {
    count: u64,
    spent: Spent,
}

impl Rate {
    fn cpu(&self) -> f64 {
        self.spent.rate(self.count)
    }

    fn wall(&self) -> String {
        format!("{} a second", number(self.spent.wall_rate(self.count)))
    }
}

/// The use case without HTTP.
struct Alone {
    warm: Rate,
    nonce: Rate,
}

fn figures(rounds: &[Round], cold: Rate, alone: &Alone, openssl: &Rate) -> Vec<Figure> {
    let of = |figure: &dyn Fn(&Round) -> f64| median(rounds.iter().map(figure));
    let rate = |rate: f64, part: f64| format!("{} ({})", number(rate), percent(part));
    let wall = |rate: &dyn Fn(&Round) -> Rate| rate(&rounds[rounds.len() / 2]).wall();
    let bare = of(&|round| round.bare.cpu());
    let signatures = of(&|round| round.signatures);
    let warm = of(&|round| round.warm.cpu() / round.bare.cpu());
    let nonce = of(&|round| round.nonce.cpu() / round.signatures);
    let nonce_alone = alone.nonce.cpu() / signatures;
    vec![
        Figure::new(
            format!("GET, asked before; {} on the wall", wall(&|round| round.warm)),
            rate(of(&|round| round.warm.cpu()), warm),
        )
        .beside(format!("{} bare replies ({})", number(bare), wall(&|round| round.bare)))
        .at_least(warm, 0.6, "60 % of the replies"),
        Figure::new(format!("GET, never asked before; {} on the wall", cold.wall()), number(cold.cpu())),
        Figure::new(
            format!("POST with a nonce; {} on the wall", wall(&|round| round.nonce)),
            rate(of(&|round| round.nonce.cpu()), nonce),
        )
        .beside(format!("{} P-256 signatures", number(signatures)))
        .at_least(nonce, 0.5, "50 % of the signatures"),
        Figure::new("with a nonce, without HTTP", rate(alone.nonce.cpu(), nonce_alone))
            .beside(format!("{} P-256 signatures", number(signatures)))
            .at_least(nonce_alone, 0.5, "50 % of the signatures"),
        Figure::new("asked before, without HTTP", number(alone.warm.cpu()))
            .beside(format!("{} each", micros(alone.warm.spent.cpu / u32::try_from(alone.warm.count).unwrap_or(1)))),
        Figure::new(
            format!("`openssl ocsp`, POST without a nonce; {} on the wall", openssl.wall()),
            number(openssl.cpu()),
        ),
    ]
}

/// The authority's certificate, once there are so many certificates.
pub(crate) async fn fill(site: &Site, count: u64) -> Result<Certificate> {
    let app = site.open().await?.app;
    let filler = Filler::new(&app).await?;
    filler.certificates(0..count, &CertificateState::Valid).await?;
    let issuer = Certificate::from_der(&filler.generation().certificate)?;
    app.store.close().await;
    Ok(issuer)
}

/// Requests as they go over the wire.
pub(crate) struct Questions {
    pub(crate) get: Vec<Vec<u8>>,
    pub(crate) nonce: Vec<Vec<u8>>,
    /// The first ones as DER.
    plain_der: Vec<Vec<u8>>,
    nonce_der: Vec<Vec<u8>>,
}

impl Questions {
    pub(crate) fn about(issuer: &Certificate, count: u64) -> Result<Self> {
        let mut questions = Self { get: Vec::new(), nonce: Vec::new(), plain_der: Vec::new(), nonce_der: Vec::new() };
        for number in 0..count {
            let id = named(issuer, number)?;
            let der = Request { certificates: vec![id.clone()], nonce: None }.to_der();
            questions.get.push(get(&path(&der)));
            if number < WARM {
                let mut nonce = [0; 32];
                nonce[24..].copy_from_slice(&number.to_be_bytes());
                let with_nonce = Request { certificates: vec![id], nonce: Nonce::new(&nonce) }.to_der();
                questions.nonce.push(post(&format!("/ocsp/{GENERATION}"), "application/ocsp-request", &with_nonce));
                questions.nonce_der.push(with_nonce);
                questions.plain_der.push(der);
            }
        }
        Ok(questions)
    }
}

/// As most clients name a certificate.
fn named(issuer: &Certificate, number: u64) -> Result<CertId> {
    Ok(CertId::new(HashAlgorithm::Sha1, issuer, Serial::new(serial(number).as_be_bytes())?))
}

/// A question (DER) about the certificate of this number.
pub(crate) fn question(issuer: &Certificate, number: u64) -> Result<Vec<u8>> {
    Ok(Request { certificates: vec![named(issuer, number)?], nonce: None }.to_der())
}

/// RFC 6960 appendix A.1.
fn path(request: &[u8]) -> String {
    let base64 = STANDARD.encode(request).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("/ocsp/{GENERATION}/{base64}")
}

/// The server's answers are right, with and without a nonce; the first one.
fn genuine_answer(port: u16, questions: &Questions, issuer: &Certificate) -> Result<Vec<u8>> {
    let now = OffsetDateTime::now_utc();
    let first = ask(port, &questions.get[0])?;
    for (request, der) in [(&questions.get[0], &questions.plain_der[0]), (&questions.nonce[0], &questions.nonce_der[0])]
    {
        let Response::Answered(answer) = Response::from_der(&ask(port, request)?)? else {
            anyhow::bail!("the server does not answer");
        };
        answer.verify(issuer, now)?;
        let asked = Request::from_der(der)?;
        let about = answer.about(&asked.certificates[0]).context("an answer to the question")?;
        ensure!(about.status == Status::Good && answer.nonce == asked.nonce);
    }
    Ok(first)
}

fn bare(site: &Site, port: u16, answer: &[u8]) -> Result<Server> {
    let file = site.path("answer");
    fs::write(&file, answer)?;
    let mut command = ending_with_us(&std::env::current_exe()?);
    command.arg("bare").arg(port.to_string()).arg(file);
    Server::start(&mut command, &site.path("bare.log"), &Ready::Listens(port))
}

fn use_case(site: &Site, questions: &Questions, setting: &Setting) -> Result<Alone> {
    let runtime = runtime()?;
    let app = runtime.block_on(site.open())?.app;
    let rounds = setting.size(5, 1);
    let rate = |questions: &[Vec<u8>]| -> Result<Rate> {
        let (count, spent) = Cpu::OWN.spent(|| {
            runtime.block_on(async {
                let mut count = 0;
                for question in std::iter::repeat_n(questions, rounds).flatten() {
                    answer(&app, question).await?;
                    count += 1;
                }
                Ok(count)
            })
        })?;
        Ok(Rate { count, spent })
    };
    // Opens the responder's key.
    rate(&questions.plain_der)?;
    let alone = Alone { warm: rate(&questions.plain_der)?, nonce: rate(&questions.nonce_der)? };
    runtime.block_on(app.store.close());
    Ok(alone)
}

pub(crate) async fn answer(app: &App, question: &[u8]) -> Result<()> {
    let answer = answer_ocsp(app, GENERATION, question, &|| true).await?;
    ensure!(answer.response.len() > 100, "the question was refused");
    Ok(())
}

/// OpenSSL's responder over an index of as many certificates.
struct OpenSsl {
    server: Server,
    port: u16,
    requests: Vec<Vec<u8>>,
}

impl OpenSsl {
    fn start(site: &Site, port: u16, count: u64) -> Result<Self> {
        let (index, key, certificate) = (site.path("index.txt"), site.path("ca.key"), site.path("ca.pem"));
        let lines = (0..count).map(|number| format!("V\t491231235959Z\t\t{}\tunknown\t/CN={number}\n", upper(number)));
        fs::write(&index, lines.collect::<String>())?;
        Tool::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"])
            .args(["-subj", "/CN=measured", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .run()
            .expect_success();
        let der = Tool::new("openssl").args(["x509", "-outform", "DER", "-in"]).arg(&certificate).run();
        let issuer = Certificate::from_der(&der.expect_success().stdout)?;
        let mut command = ending_with_us(&kaika_testkit::tools::find("openssl"));
        command.args(["ocsp", "-port", &port.to_string(), "-nmin", "10", "-resp_key_id", "-index"]).arg(&index);
        command.arg("-CA").arg(&certificate).arg("-rsigner").arg(&certificate).arg("-rkey").arg(&key);
        let server = Server::start(&mut command, &site.path("openssl.log"), &Ready::Says("waiting for OCSP client"))?;
        let mut requests = Vec::new();
        for number in 0..WARM {
            let der = question(&issuer, number)?;
            requests.push(post("/", "application/ocsp-request", &der));
        }
        let Response::Answered(answer) = Response::from_der(&ask(port, &requests[0])?)? else {
            anyhow::bail!("openssl does not answer");
        };
        ensure!(answer.answers.iter().all(|answer| answer.status == Status::Good), "openssl does not know it");
        Ok(Self { server, port, requests })
    }
}

fn upper(number: u64) -> String {
    serial(number).to_string().to_uppercase()
}
