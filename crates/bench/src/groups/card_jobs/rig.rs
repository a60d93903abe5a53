//! A card that was personalised by our own engine, and our own tool at work on it, through pcscd and a line to a server.

use crate::desk::{Desk, DeskCard, PIN, USER_CODE};
use crate::server::{Server, program};
use crate::site::{Address, Database, Keys, Site};
use crate::{Setting, runtime};
use anyhow::{Context as _, Result, ensure};
use kaika_agent::readers::{exclusively, soft::desk_session};
use kaika_app::{App, authorities::IssueOrder};
use kaika_card::Secrets;
use kaika_domain::{cards::PukLedger, certificates::Certificate};
use kaika_softcard::vpcd::{self, Link};
use kaika_softcard::{Exchange, SoftCard};
use kaika_testkit::line::{Line, Moment, Then};
use kaika_testkit::tools::{self, Tool};
use kaika_testkit::{pcscd::PrivatePcscd, ports::PortPair};
use kaika_wire::{Batch, CertificateRole, Command, Context, Expectation, Hold, JobId, JobKind, Nonce, Puk};
use std::path::Path;
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const SERIAL: u32 = 1;
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Rig {
    runtime: Runtime,
    app: Arc<App>,
    card: DeskCard,
    reader: Reader,
    line: Line,
    _server: Server,
    _ports: PortPair,
    site: Site,
}

impl Rig {
    pub(super) fn new(setting: &Setting) -> Result<Self> {
        let ports = PortPair::claim()?;
        let line = Line::start(ports.first);
        let origin = format!("http://127.0.0.1:{}", line.port());
        let address = Address::Plain { origin: origin.clone(), port: ports.first };
        let site = Site::make(&setting.folder, &Database::Sqlite, &Keys::default(), &address)?;
        let runtime = runtime()?;
        let app = runtime.block_on(site.open())?.app;
        let server = Server::kaika(&site, ports.first)?;
        let desk = runtime.block_on(Desk::at(&origin, &app, &site.path("")))?;
        let card = desk.order(&runtime, &app, SERIAL)?;
        desk.personalise(&card, &server)?;
        let reader = Reader::with(Arc::clone(&card.card))?;
        Ok(Self { runtime, app, card, reader, line, _server: server, _ports: ports, site })
    }

    /// `kaika-agent card …`: how often it asked the portal after it knew it, and what its card saw.
    pub(super) fn run(&self, kind: JobKind, arguments: &[&str]) -> Result<(usize, Vec<Exchange>)> {
        let messages = Arc::new(AtomicUsize::new(0));
        self.line.watch({
            let messages = Arc::clone(&messages);
            move |_, moment| {
                messages.fetch_add(usize::from(moment == Moment::Arrived), Ordering::Relaxed);
                Then::PassOn
            }
        });
        let mut tool = Tool::new(program("kaika-agent")?).arg("card").args(arguments);
        tool = tool.args(["--json", "--reader", self.reader.name()]);
        if kind.has_server() {
            tool = tool.args(["--portal", &format!("http://127.0.0.1:{}/gca/", self.line.port())]);
        }
        if !kind.inputs().is_empty() {
            // Every job gives the card the PIN that it had.
            let secrets = format!("user_code={USER_CODE}\npin={PIN}\nnew_pin={PIN}\n");
            tool = tool.arg("--secrets-stdin").input(secrets);
        }
        // No agent that may be running.
        let nowhere = self.site.path("no-agent");
        let tool = tool.envs([self.reader.pcscd.env()]).env("XDG_RUNTIME_DIR", nowhere);
        let exchanges = self.reader.recorded(|| {
            tool.run().expect_success();
        });
        ensure!(!exchanges.is_empty(), "{arguments:?}: nothing was asked of the card");
        Ok((messages.load(Ordering::Relaxed).saturating_sub(1), exchanges))
    }

    /// Something else in the place of the login certificate.
    pub(super) fn spoil(&self) -> Result<()> {
        let (slot, certificate) = (CertificateRole::Login.slot(), vec![0x30, 0x00].into());
        self.at_card(Arc::clone(&self.card.card), vec![Command::WriteCertificate { slot, certificate }], &[])
    }

    /// New certificates for the holder's keys, issued and not written.
    pub(super) fn reissue(&self) -> Result<()> {
        let certificates = self.certificates()?;
        let app = &self.app;
        self.runtime.block_on(async {
            let mut reader = app.store.read().await?;
            let card = reader.card_by_number(&self.card.number).await?.context("the card")?;
            let holder = reader.holder(card.holder).await?.context("its holder")?;
            drop(reader);
            for one in certificates {
                let job = JobId::new(app.now(), [7; 10]);
                let role = one.card_role().context("its place on the card")?;
                let key = kaika_pki::Certificate::from_der(&one.certificate)?.public_key().spki_der().to_vec();
                let order = IssueOrder::on_card(crate::site::operator(), job, &card, &holder, role, key);
                app.issuer.issue(&order).await?;
            }
            Ok(())
        })
    }

    /// The holder's newest certificates.
    pub(super) fn certificates(&self) -> Result<Vec<Certificate>> {
        let all = self.runtime.block_on(async {
            let mut reader = self.app.store.read().await?;
            let card = reader.card_by_number(&self.card.number).await?.context("the card")?;
            Ok::<_, anyhow::Error>(reader.certificates_of_card(card.id).await?)
        })?;
        let roles = [CertificateRole::Signature, CertificateRole::Encryption, CertificateRole::Login];
        let newest = |role| all.iter().filter(move |one| one.role == role).max_by_key(|one| one.id);
        roles.into_iter().map(|role| newest(role).cloned().context("a certificate for each key")).collect()
    }

    /// The card's PUK, which its holder never learns.
    pub(super) fn puk(&self) -> Result<Puk> {
        self.runtime.block_on(async {
            let mut reader = self.app.store.read().await?;
            let card = reader.card_by_number(&self.card.number).await?.context("the card")?;
            let stored = reader.puks(card.id).await?;
            let ledger = PukLedger::from_records(stored.iter().map(|puk| puk.record).collect());
            let current = ledger.settled().context("a PUK that is the card's")?;
            let stored = stored.iter().find(|puk| puk.record.version == current).context("the PUK on record")?;
            Ok(self.app.secrets.open_puk(card.id, current, &stored.ciphertext)?)
        })
    }

    /// A copy of the card as it is, in a reader of its own. Its management key is the factory's of old, for 3DES: Debian's
    /// yubico-piv-tool knows no other cipher.
    pub(super) fn copy(&self, path: &Path, key: &[u8; 24]) -> Result<Reader> {
        std::fs::copy(lock(&self.card.card).path(), path)?;
        let card = Arc::new(Mutex::new(SoftCard::open(path)?));
        let set = [&[0x00, 0xff, 0xff, 0xff, 0x1b, 0x03, 0x9b, 0x18], &key[..]].concat();
        self.at_card(Arc::clone(&card), Vec::new(), &set)?;
        Reader::with(card)
    }

    /// As its maker can: with its management key.
    fn at_card(&self, card: Arc<Mutex<SoftCard>>, commands: Vec<Command>, last: &[u8]) -> Result<()> {
        let key = self.app.secrets.management_key(&self.card.number, 1)?;
        let context = Context {
            job: JobId::new(self.app.now(), [9; 10]),
            nonce: Nonce([1; 32]),
            origin: self.app.origin.clone(),
            card: self.card.number.clone(),
        };
        let commands: Vec<_> = std::iter::once(Command::OpenManagement { key }).chain(commands).collect();
        let batch = Batch { sequence: 1, card: Expectation::Device(SERIAL), context, commands, hold: Hold::None };
        let mut session = desk_session(card);
        exclusively(session.as_mut(), |transport| {
            let random = &mut kaika_agent::random;
            let run = kaika_card::run(transport, &batch, &Secrets::default(), random, &mut |_| {});
            ensure!(run.outcomes.len() == batch.commands.len() && run.fault.is_none(), "{:?}", run.fault);
            if !last.is_empty() {
                ensure!(transport.transmit(last)? == [0x90, 0x00], "the card's key is not set");
            }
            Ok(())
        })?
    }
}

/// A card in a reader of a pcscd of its own.
pub(super) struct Reader {
    pub(super) pcscd: PrivatePcscd,
    card: Arc<Mutex<SoftCard>>,
    link: Arc<Link>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    fn with(card: Arc<Mutex<SoftCard>>) -> Result<Self> {
        // yubico-piv-tool wants "Yubikey" in the name.
        let pcscd = PrivatePcscd::start(&["Yubikey Kaika"]);
        let link = Link::inserted();
        let thread = thread::spawn({
            let (card, link, port) = (Arc::clone(&card), Arc::clone(&link), pcscd.slots()[0].port);
            move || vpcd::serve(&card, ("127.0.0.1", port), &link)
        });
        let reader = Self { pcscd, card, link, thread: Some(thread) };
        let deadline = Instant::now() + PATIENCE;
        // pcscd looks for cards every half second.
        while !tools::run("opensc-tool", &["--reader", reader.name(), "--atr"], &[reader.pcscd.env()]).status.success()
        {
            ensure!(Instant::now() < deadline, "pcscd does not see the card: {}", reader.pcscd.log());
        }
        Ok(reader)
    }

    pub(super) fn name(&self) -> &str {
        &self.pcscd.slots()[0].reader
    }

    /// What the card saw meanwhile.
    pub(super) fn recorded(&self, work: impl FnOnce()) -> Vec<Exchange> {
        lock(&self.card).record();
        work();
        lock(&self.card).recorded()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.link.stop();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn lock(card: &Mutex<SoftCard>) -> MutexGuard<'_, SoftCard> {
    card.lock().unwrap_or_else(PoisonError::into_inner)
}
