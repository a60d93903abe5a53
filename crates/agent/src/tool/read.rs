//! `list`, `show` and `probe`: they change nothing on any card.

use super::{CardList, CardProbe, CardTries, CardView, ListedReader, ToldCertificate, Tool};
use crate::{
    advice::{Advice, unfit},
    certificate::{CardCertificate, to_pem},
    engine::{Inputs, Order, Progress, lost, not_ours, refusal, run_job},
    portal::Target,
    readers::{CardSession, Reader, exclusively},
};
use kaika_card::{Contents, Retries};
use kaika_wire::{
    Capabilities, CardFault, CertificateRole, CertificateStatus, Code, IssuedCertificate, JobKind, PinForm, Refusal,
    SerialNumber, said_name,
};
use time::OffsetDateTime;

impl Tool {
    pub(super) fn list(&self, portal: Option<&str>) -> Result<CardList, Refusal> {
        let target = self.target(portal)?;
        let readers = self.readers.list()?.into_iter();
        Ok(CardList { readers: readers.map(|reader| self.listed(reader, target.as_ref())).collect() })
    }

    /// One card that cannot be read does not hide the others.
    fn listed(&self, reader: Reader, target: Option<&Target>) -> ListedReader {
        let certificate = reader.card.then(|| self.card_authentication(&reader.name)).flatten();
        let authority = target
            .zip(certificate.as_ref())
            .and_then(|(target, certificate)| target.authority_of(certificate))
            .map(|authority| authority.id.clone());
        ListedReader {
            reader: reader.name,
            card: reader.card,
            number: certificate.and_then(|certificate| certificate.card_number()),
            authority,
        }
    }

    fn card_authentication(&self, reader: &str) -> Option<CardCertificate> {
        let mut session = self.readers.connect(reader).ok()?;
        let presented = exclusively(&mut *session, |transport| kaika_card::recognise(transport)).ok()?;
        let certificate = presented.ok()?.certificate?;
        CardCertificate::parse(&certificate)
    }

    pub(super) fn probe(&self, reader: Option<&str>) -> Result<CardProbe, Refusal> {
        let reader = self.readers.select(reader)?;
        let mut session = self.readers.connect(&reader)?;
        let found = probed(&mut *session)?;
        Ok(CardProbe::new(reader, found))
    }

    /// Spends none of them. A card of another authority than the portal's is refused here already, and one with which this
    /// job cannot succeed.
    pub(super) fn tries(
        &self,
        portal: Option<&str>,
        reader: Option<&str>,
        kind: Option<JobKind>,
    ) -> Result<CardTries, Refusal> {
        let reader = self.readers.select(reader)?;
        let target = self.target(portal)?;
        let mut session = self.readers.connect(&reader)?;
        // So that the tries of a PIN can be counted that was verified before.
        session.reset().map_err(lost)?;
        let read = exclusively(&mut *session, |transport| {
            let presented = kaika_card::recognise(transport).map_err(not_ours)?;
            let Retries { pin, puk } = kaika_card::retries(transport).map_err(refusal)?;
            let certificate = presented.certificate.as_deref();
            let PinForm { digits: pin_digits, rules: pin_rules } = match &target {
                Some(target) => target.accept(certificate)?.pin_form(),
                None => PinForm::default(),
            };
            let number = certificate.and_then(CardCertificate::parse).and_then(|own| own.card_number());
            let number = number.ok_or(Code::NotKaikaCard)?;
            Ok::<_, Refusal>(CardTries { number, pin_tries_left: pin, puk_tries_left: puk, pin_digits, pin_rules })
        });
        let tries = read.map_err(lost)??;
        if let Some(kind) = kind {
            self.check_fit(kind, &mut *session, target.as_ref(), &tries)?;
        }
        Ok(tries)
    }

    /// What card and portal tell before anything is typed.
    fn check_fit(
        &self,
        kind: JobKind,
        session: &mut dyn CardSession,
        target: Option<&Target>,
        tries: &CardTries,
    ) -> Result<(), Refusal> {
        let asked = target.filter(|_| kind.has_server()).map(|target| {
            let order = Order::new(JobKind::Information);
            run_job(session, target, &order, Inputs::default(), self.pauses, &mut |_| {})
        });
        let asked = asked.transpose()?;
        let information = asked.as_ref().and_then(|finished| finished.succeeded.result.information());
        let tries = Retries { pin: tries.pin_tries_left, puk: tries.puk_tries_left };
        unfit(kind, information, Some(tries)).map_or(Ok(()), Err)
    }

    pub(super) fn show(
        &self,
        portal: Option<&str>,
        reader: Option<&str>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<CardView, Refusal> {
        let reader = self.readers.select(reader)?;
        let target = self.target(portal)?;
        let mut session = self.readers.connect(&reader)?;
        let asked = match &target {
            Some(target) => {
                let order = Order::new(JobKind::Information);
                let inputs = Inputs::default();
                Some(run_job(&mut *session, target, &order, inputs, self.pauses, progress)?)
            }
            None => None,
        };
        // The card was reset just before, so that the tries of its PIN can be counted.
        let known = asked.as_ref().and_then(|finished| finished.card_certificate.clone());
        let known = known.map(|certificate| (CertificateRole::CardAuthentication.slot(), certificate));
        let slots = CertificateRole::ALL.map(CertificateRole::slot).into_iter();
        let slots: Vec<_> = slots.filter(|slot| known.as_ref().is_none_or(|(known, _)| known != slot)).collect();
        let contents = exclusively(&mut *session, |transport| kaika_card::contents(transport, &slots));
        let Contents { retries, mut certificates } = contents.map_err(lost)?.map_err(|fault| match fault {
            CardFault::Unsupported => not_ours(fault),
            fault => refusal(fault),
        })?;
        certificates.extend(known);
        let in_slot = |role: CertificateRole| certificates.iter().find(|(slot, _)| *slot == role.slot());
        let parsed = |role| in_slot(role).and_then(|(_, der)| CardCertificate::parse(der));
        let own = parsed(CertificateRole::CardAuthentication);
        let holders = parsed(CertificateRole::Signature)
            .or_else(|| parsed(CertificateRole::Encryption))
            .or_else(|| parsed(CertificateRole::Login));

        let statuses = asked
            .iter()
            .flat_map(|finished| &finished.succeeded.certificates)
            .filter_map(|certificate| Some((certificate.serial.clone(), certificate.status?)))
            .collect::<Vec<_>>();
        let information = asked.as_ref().and_then(|finished| finished.succeeded.result.information());
        let holder = match (information, &holders) {
            (Some(information), _) => Some(information.holder.clone()),
            (None, Some(certificate)) => Some(certificate.holder()),
            (None, None) => None,
        };
        let validity = match (information, &holders) {
            (Some(information), _) => Some((information.not_before, information.not_after)),
            (None, Some(certificate)) => certificate.validity(),
            (None, None) => None,
        };
        let advice = asked.as_ref().zip(information).map(|(finished, information)| {
            let now = OffsetDateTime::now_utc();
            Advice::of(information, &finished.succeeded.certificates, Some(retries), now)
        });
        let number = own.and_then(|certificate| certificate.card_number());
        let missing = match number {
            Some(_) => None,
            None => Some(probed(&mut *session)?.missing()),
        };
        Ok(CardView {
            reader,
            number,
            missing,
            authority: asked.as_ref().map(|finished| finished.authority.clone()),
            holder_name: holder.as_deref().map(said_name),
            holder,
            not_before: validity.map(|(first, _)| first),
            not_after: validity.map(|(_, last)| last),
            activated: information.map(|information| information.activated),
            advice,
            pin_tries_left: retries.pin,
            puk_tries_left: retries.puk,
            certificates: CertificateRole::ALL
                .into_iter()
                .filter_map(|role| issued(role, &in_slot(role)?.1, &statuses))
                .collect(),
        })
    }
}

/// Afterwards the card is reset.
fn probed(session: &mut dyn CardSession) -> Result<Capabilities, Refusal> {
    session.reset().map_err(lost)?;
    let found = exclusively(session, |transport| kaika_card::probe(transport, &mut crate::random));
    session.reset().map_err(lost)?;
    found.map_err(lost)?.map_err(refusal)
}

fn issued(
    role: CertificateRole,
    der: &[u8],
    statuses: &[(SerialNumber, CertificateStatus)],
) -> Option<ToldCertificate> {
    let certificate = CardCertificate::parse(der)?;
    let serial = certificate.serial()?;
    let status = statuses.iter().find(|(known, _)| *known == serial).map(|(_, status)| *status);
    let issued = IssuedCertificate { role, slot: role.slot(), serial, status, pem: to_pem(der) };
    Some(ToldCertificate { issued, key: certificate.key() })
}
