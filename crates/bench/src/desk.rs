//! Cards that are personalised and activated at a real server by the agent's own engine, and counted all the while.

use crate::cpu::Spent;
use crate::server::Server;
use anyhow::Result;
use kaika_agent::{
    engine::{Finished, Inputs, Order, run_job},
    portal::{Portal, Station, Target, http::HttpPortals},
    readers::{CardSession, Transport, TransportError, soft::desk_session},
};
use kaika_app::{
    App,
    access::enrol_station,
    cards::{CardOrder, order_card},
};
use kaika_card::{Pin, Secrets};
use kaika_softcard::{Options, SoftCard};
use kaika_wire::{
    BatchReport, CardNumber, JobDetails, JobId, JobKind, JobStarted, JobState, Refusal, StartJob, UserCode, WellKnown,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;

pub(crate) const USER_CODE: &str = "Abc12345";
pub(crate) const PIN: &str = "246813";
/// Of whoever has the cards.
pub(crate) const HOLDER: &str = "測試機關";

pub(crate) fn user_code() -> UserCode {
    UserCode::parse(USER_CODE).expect("it is a user code")
}

/// What one job asked of the card, the line and the server.
pub(crate) struct Traffic {
    pub(crate) job: Tally,
    pub(crate) round_trips: u64,
    pub(crate) server: Spent,
}

/// APDUs, and their bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) apdus: u64,
    pub(crate) to_card: u64,
    pub(crate) from_card: u64,
}

/// A place with blank cards and a station's credential.
pub(crate) struct Desk {
    folder: PathBuf,
    portal: String,
    station: Station,
}

/// A card that was ordered.
pub(crate) struct DeskCard {
    pub(crate) number: CardNumber,
    pub(crate) card: Arc<Mutex<SoftCard>>,
}

impl Desk {
    pub(crate) async fn at(portal: &str, app: &App, folder: &Path) -> Result<Self> {
        let enrolled = enrol_station(app, "bench", &crate::site::operator()).await?;
        let station = Station { station: enrolled.station, token: enrolled.token.into() };
        Ok(Self { folder: folder.to_owned(), portal: portal.to_owned(), station })
    }

    /// `serial` tells the blank cards of one folder apart.
    pub(crate) fn order(&self, runtime: &Runtime, app: &App, serial: u32) -> Result<DeskCard> {
        let order = CardOrder::of(format!("C=TW,O=行政院,OU={HOLDER}").parse()?);
        let ordered = runtime.block_on(order_card(
            app,
            &crate::site::authority(),
            order,
            Some(user_code()),
            &crate::site::operator(),
        ))?;
        let path = self.folder.join(format!("{serial}.card"));
        let card = SoftCard::create(path, Options { serial, strict: true, ..Options::default() })?;
        Ok(DeskCard { number: ordered.card.number, card: Arc::new(Mutex::new(card)) })
    }

    pub(crate) fn personalise(&self, card: &DeskCard, server: &Server) -> Result<Traffic> {
        let order = Order {
            kind: JobKind::Personalise,
            number: Some(card.number.clone()),
            station: Some(self.station.clone()),
            details: JobDetails::default(),
            ticket: None,
            mailer: None,
        };
        self.run(card, server, &order, Inputs::default())
    }

    pub(crate) fn activate(&self, card: &DeskCard, server: &Server) -> Result<Traffic> {
        self.job(JobKind::Activate, card, server)
    }

    /// A job that holders do, as often as one likes.
    pub(crate) fn job(&self, kind: JobKind, card: &DeskCard, server: &Server) -> Result<Traffic> {
        let pin = || Pin::parse(PIN).ok();
        let secrets = Secrets { current_pin: pin(), new_pin: pin(), ..Secrets::default() };
        self.run(card, server, &Order::new(kind), Inputs { user_code: Some(user_code()), secrets, ..Inputs::default() })
    }

    fn run(&self, card: &DeskCard, server: &Server, order: &Order, inputs: Inputs) -> Result<Traffic> {
        let mut target = Target::find(&HttpPortals::default(), &self.portal)?;
        let round_trips = Arc::new(AtomicU64::new(0));
        target.portal = Box::new(CountedPortal { portal: target.portal, round_trips: Arc::clone(&round_trips) });
        let mut session = CountedSession { session: desk_session(Arc::clone(&card.card)), tally: Tally::default() };
        let (_, server): (Finished, _) =
            server.spent(|| Ok(run_job(&mut session, &target, order, inputs, &[], &mut |_| {})?))?;
        Ok(Traffic { job: session.tally, round_trips: round_trips.load(Ordering::Relaxed), server })
    }
}

struct CountedSession {
    session: Box<dyn CardSession>,
    tally: Tally,
}

impl CardSession for CountedSession {
    fn exclusive(&mut self, work: &mut dyn FnMut(&mut dyn Transport)) -> Result<(), TransportError> {
        let Self { session, tally } = self;
        session.exclusive(&mut |transport| work(&mut CountedTransport { transport, tally }))
    }

    fn reset(&mut self) -> Result<(), TransportError> {
        self.session.reset()
    }
}

struct CountedTransport<'t> {
    transport: &'t mut dyn Transport,
    tally: &'t mut Tally,
}

impl Transport for CountedTransport<'_> {
    fn transmit(&mut self, apdu: &[u8]) -> Result<Vec<u8>, TransportError> {
        let answer = self.transport.transmit(apdu)?;
        self.tally.apdus += 1;
        self.tally.to_card += apdu.len() as u64;
        self.tally.from_card += answer.len() as u64;
        Ok(answer)
    }
}

struct CountedPortal {
    portal: Box<dyn Portal>,
    round_trips: Arc<AtomicU64>,
}

impl Portal for CountedPortal {
    fn origin(&self) -> &str {
        self.portal.origin()
    }

    fn well_known(&self) -> Result<WellKnown, Refusal> {
        self.portal.well_known()
    }

    fn start(&self, start: &StartJob, station: Option<&Station>) -> Result<JobStarted, Refusal> {
        self.round_trips.fetch_add(1, Ordering::Relaxed);
        self.portal.start(start, station)
    }

    fn report(&self, job: JobId, token: &str, report: &BatchReport) -> Result<JobState, Refusal> {
        self.round_trips.fetch_add(1, Ordering::Relaxed);
        self.portal.report(job, token, report)
    }
}
