//! What runs where: for people on the terminal, for programs in the ready file.

use super::{
    Folder, Memory,
    plan::{CARDS, PIN, Story},
    produce::mailer_file,
};
use crate::{
    installation::{Installation, write_whole},
    state_file,
};
use anyhow::{Context, Result};
use kaika_agent::readers::soft::SoftReaders;
use kaika_domain::{cards::CardState, certificates::Certificate};
use kaika_softcard::Inspection;
use kaika_wire::{AuthorityId, CardNumber, CertificateRole, CertificateStatus, EmailAddress, UserCode};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};
use time::{Duration, OffsetDateTime};

#[derive(Serialize)]
pub(super) struct Ready {
    portal: String,
    agent: String,
    /// None where the agent is another program.
    agent_token_file: Option<PathBuf>,
    authorities: Vec<ReadyAuthority>,
    cards: Vec<ReadyCard>,
    /// Where mails are read.
    mails: String,
    #[serde(skip)]
    passphrase_file: PathBuf,
}

#[derive(Serialize)]
struct ReadyAuthority {
    id: AuthorityId,
    name: String,
    portal: String,
    ca_certificate: String,
    crl: String,
    ocsp: String,
    root_certificate: String,
    root_crl: String,
}

#[derive(Serialize)]
struct ReadyCard {
    number: CardNumber,
    authority: AuthorityId,
    /// The subject of its certificates, C first.
    holder: String,
    /// The same as people say it.
    holder_name: String,
    reader: Option<String>,
    state: &'static str,
    user_code: Option<UserCode>,
    /// The one that was delivered, or set before; none where it is another by now.
    pin: Option<String>,
    /// To whom its mails go.
    contact: Option<EmailAddress>,
}

pub(super) fn token_file(folder: &Folder) -> PathBuf {
    folder.path("agent-token")
}

/// A file of an earlier start says nothing of this one.
pub(super) fn withdraw(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be written", path.display()))
        }
        _ => Ok(()),
    }
}

impl Ready {
    pub(super) async fn gather(
        folder: &Folder,
        installation: &Installation,
        memory: &Memory,
        readers: &SoftReaders,
        agent: &str,
        own_agent: bool,
    ) -> Result<Self> {
        let app = &installation.app;
        let mut reader = app.store.read().await?;
        let portal = memory.origin.clone();
        let generations: BTreeMap<_, _> =
            reader.generations().await?.into_iter().map(|generation| (generation.owner.clone(), generation)).collect();
        let mut authorities = Vec::new();
        for policy in app.policies.values() {
            let name = |owner: &AuthorityId| {
                let generation = generations.get(owner);
                generation
                    .map(kaika_app::authorities::Generation::name)
                    .with_context(|| format!("{owner} was not founded"))
            };
            let (own, root) = (name(&policy.id)?, name(&policy.hierarchy.root)?);
            authorities.push(ReadyAuthority {
                id: policy.id.clone(),
                name: policy.name.zh.clone(),
                portal: format!("{portal}/{}/", policy.id),
                ca_certificate: format!("{portal}/ca/{own}.cer"),
                crl: format!("{portal}/crl/{own}.crl"),
                ocsp: format!("{portal}/ocsp/{own}"),
                root_certificate: format!("{portal}/ca/{root}.cer"),
                root_crl: format!("{portal}/crl/{root}.crl"),
            });
        }
        let kept = readers.cards().map_err(anyhow::Error::from)?;
        let mut cards = Vec::new();
        for planned in &CARDS {
            let Some(demo_card) = memory.cards.iter().find(|card| card.plan == planned.name) else { continue };
            let Some(number) = &demo_card.number else { continue };
            let card = reader.card_by_number(number).await?.with_context(|| format!("card {number} is gone"))?;
            let holder = reader.holder(card.holder).await?.with_context(|| format!("card {number} has no holder"))?;
            let seat = kept.iter().find(|kept| kept.name == number.as_str());
            let certificates = reader.certificates_of_card(card.id).await?;
            let user_code = reader.user_code(card.id).await?;
            let path = folder.cards().join(format!("{number}.card"));
            let inspection =
                Inspection::of_file(&path).map_err(|error| state_file::damaged(&path, error, CARD_IS_LOST))?;
            let policy = app.policy(&card.authority)?;
            let locked = user_code.is_some_and(|code| code.fails >= policy.user_code_tries());
            let set = || (planned.story != Story::AsDelivered).then(|| PIN.to_owned());
            let known = delivered_pin(folder, number)?.or_else(set);
            cards.push(ReadyCard {
                number: number.clone(),
                authority: demo_card.authority.clone(),
                holder: holder.subject.to_string(),
                holder_name: holder.said(),
                reader: seat.and_then(|kept| kept.reader.clone()),
                state: state(&card.state, &certificates, &inspection, locked, app.now()),
                user_code: demo_card.user_code.clone(),
                pin: known.filter(|known| inspection.pin_is(known)),
                contact: reader.contact(card.id).await?.map(|contact| contact.email),
            });
        }
        let mails = format!("{portal}/mails");
        let agent_token_file = own_agent.then(|| token_file(folder));
        Ok(Self {
            portal,
            agent: agent.to_owned(),
            agent_token_file: agent_token_file.map(|path| fs::canonicalize(&path).unwrap_or(path)),
            authorities,
            cards,
            mails,
            passphrase_file: folder.passphrase_file(),
        })
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).context("the ready file is JSON")?;
        write_whole(path, &text).with_context(|| format!("{} cannot be written", path.display()))
    }

    pub(super) fn announce(&self) {
        kaika_say::say!("Portal     {}/", self.portal);
        kaika_say::say!("Mails      {}", self.mails);
        match &self.agent_token_file {
            Some(_) => {
                kaika_say::say!("Agent      {}/", self.agent);
                kaika_say::say!("Card tray  {}/tray", self.agent);
            }
            None => kaika_say::say!("Agent      start it: kaika-agent run --portal {}", self.portal),
        }
        kaika_say::say!(
            "The keys are sealed by the passphrase in {}: enough for a demo, not for an authority.",
            self.passphrase_file.display()
        );
        kaika_say::say!();
        kaika_say::say!("{:<17} {:<7} {:<17} {:<11} {:<9} Reader", "Card", "From", "State", "User code", "PIN");
        for card in &self.cards {
            kaika_say::say!(
                "{:<17} {:<7} {:<17} {:<11} {:<9} {}",
                card.number.as_str(),
                card.authority.as_str(),
                card.state,
                card.user_code.as_ref().map_or("–", UserCode::expose),
                card.pin.as_deref().unwrap_or("–"),
                card.reader.as_deref().unwrap_or("–"),
            );
        }
        let mut unopened = self.cards.iter().filter(|card| card.state == "unopened" && card.reader.is_some());
        if let (Some(card), Some(token_file)) = (unopened.next(), &self.agent_token_file) {
            kaika_say::say!();
            kaika_say::say!(
                "Try, in a browser: {}/{}/activate – the user code stands above.",
                self.portal,
                card.authority
            );
            // Whoever tries both has a card for each.
            let another = unopened.next().unwrap_or(card);
            kaika_say::say!("In another terminal, with another card (it asks for the user code and a new PIN):");
            kaika_say::say!(
                "  kaika-agent card activate --portal {}/{}/ --reader '{}' --agent {} --agent-token-file {}",
                self.portal,
                another.authority,
                another.reader.as_deref().unwrap_or_default(),
                self.agent,
                token_file.display(),
            );
        }
        kaika_say::say!("Ctrl-C ends it; the same command goes on with the same cards.");
    }
}

/// Within so many days of its end a certificate is expiring.
const EXPIRING: Duration = Duration::days(60);

/// What keeps its holder from using it, or will soon; by database and card as they are.
fn state(
    state: &CardState,
    certificates: &[Certificate],
    inspection: &Inspection,
    user_code_locked: bool,
    now: OffsetDateTime,
) -> &'static str {
    match state {
        CardState::Activated { .. } => {}
        CardState::Dispatched { .. } => return "unopened",
        CardState::Terminated { .. } => return "revoked",
        other => return other.name(),
    }
    let holders = || certificates.iter().filter(|certificate| certificate.role != CertificateRole::CardAuthentication);
    let has = |status| holders().any(|certificate| certificate.status(now) == status);
    let live = holders().any(|certificate| certificate.status(now) != CertificateStatus::Revoked);
    if !live {
        "revoked"
    } else if has(CertificateStatus::Suspended) {
        "suspended"
    } else if has(CertificateStatus::Expired) {
        "expired"
    } else if has(CertificateStatus::Held) {
        "issued_not_written"
    } else if inspection.puk_tries_left() == 0 {
        "puk_blocked"
    } else if inspection.pin_tries_left() == 0 {
        "pin_locked"
    } else if user_code_locked {
        "user_code_locked"
    } else if holders().any(|certificate| certificate.not_after - now < EXPIRING) {
        "expiring"
    } else {
        "activated"
    }
}

const PIN_IS_LOST: &str = "put it back from a copy of the folder, or remove it: the card's PIN is then known to nobody";
const CARD_IS_LOST: &str = "put it back from a copy of the folder; without this card the demo is not what it was, so else \
    begin another in a new folder (`--data`)";

fn delivered_pin(folder: &Folder, number: &CardNumber) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct Mailer {
        pin: String,
    }
    let path = mailer_file(folder, number);
    match fs::read(&path) {
        Ok(contents) => {
            let mailer: Mailer =
                serde_json::from_slice(&contents).map_err(|error| state_file::damaged(&path, error, PIN_IS_LOST))?;
            Ok(Some(mailer.pin))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}
