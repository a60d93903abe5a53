//! What the server does itself for a job: tests codes, has keys certified, makes certificates valid.

use super::{
    JobTransaction, View,
    check::{context, references},
    record::{actor, event},
    view::parse,
};
use crate::cards::{ask_email_proof, prove_email_by_code};
use crate::certificates::{StatusChangeRequest, apply_change};
use crate::kernel::{Conflict, retried};
use crate::{
    App, Failure,
    audit::{Action, Through},
    authorities::{Applicant, IssueOrder},
    cards::{Ended, JobRecord, Receipt, making},
    store::holder_of,
};
use futures_util::future::try_join_all;
use kaika_domain::{
    cards::{
        CardState,
        job::{Effect, KeyToCertify, Performed},
    },
    certificates::{Certificate, CertificateState, HoldBy, RevocationReason},
};
use kaika_wire::{
    CertificateId, CertificateRole, Code, Document, EmailAddress, Protocol, Refusal, StatusChange, UserCode,
};

/// What came with a report: codes for the server to test, and what its agent understands.
#[derive(Clone, Copy, Default)]
pub(crate) struct Codes<'a> {
    pub(crate) user_code: Option<&'a UserCode>,
    pub(crate) mail_code: Option<&'a str>,
    pub(crate) protocol: Protocol,
}

/// Gives what became of it, and another transaction with the card as it is afterwards.
pub(super) async fn perform<'a>(
    app: &'a App,
    job: &mut JobRecord,
    effect: Effect,
    codes: Codes<'_>,
    open: JobTransaction<'a>,
) -> Result<(Performed, JobTransaction<'a>), Failure> {
    if let Effect::TestUserCode = effect {
        return test_user_code(app, job, codes.user_code, open).await;
    }
    // What was learnt before stays on record, whatever becomes of the effect.
    let JobTransaction { work, view } = open;
    work.commit().await?;
    let done = |open| (Performed::Done, open);
    let performed = match effect {
        Effect::TestUserCode => unreachable!("it was done above"),
        Effect::ConfirmEmail(address) => confirm_email(app, job, &view, &address, codes.mail_code).await,
        Effect::Issue(keys) => issue(app, job, &keys, None, &view).await.map(done),
        Effect::Reissue { email } => reissue(app, job, &email, &view).await.map(done),
        Effect::Activate { receipt, certificates } => activate(app, job, &receipt, &certificates).await.map(done),
        Effect::Accept { receipt, certificates } => accepted(app, job, &receipt, &certificates).await.map(done),
        Effect::ChangeStatus(change) => change_status(app, job, change).await.map(done),
        Effect::Personalised { receipt, certificates } => {
            personalised(app, job, receipt.as_deref(), &certificates).await.map(done)
        }
    };
    match performed {
        // A conflict ends no job: the same report is taken in again.
        Err(Failure::Refused(refusal)) => {
            Ok((Performed::Refused(refusal), JobTransaction::begin(app, job.card).await?))
        }
        performed => performed,
    }
}

/// The try is debited and committed before the code is tested, and given back when it was right.
async fn test_user_code<'a>(
    app: &'a App,
    job: &JobRecord,
    code: Option<&UserCode>,
    open: JobTransaction<'a>,
) -> Result<(Performed, JobTransaction<'a>), Failure> {
    let Some(code) = code else {
        return Ok((Performed::Refused(Refusal::new(Code::SecretMissing).detail("user_code")), open));
    };
    let JobTransaction { mut work, view } = open;
    let limit = view.policy.user_code_tries();
    let Some(record) = work.debit_user_code(job.card, limit).await? else {
        let known = work.user_code(job.card).await?.is_some();
        let performed = if known { Performed::UserCodeLocked } else { Performed::UserCodeAbsent };
        return Ok((performed, JobTransaction { work, view }));
    };
    let through = || Through::Job { job: job.id, kind: job.state.kind() };
    let number = || view.card.number.clone();
    let tried = event(app, job, &view, |_| Action::TryUserCode { card: number(), through: through() });
    work.audit(tried);
    work.commit().await?;

    let right = app.user_codes.verify(&record.hash, code).await?;
    let tries_left = limit.saturating_sub(record.fails);
    // On record although another job may have taken the card meanwhile.
    let mut work = app.store.begin().await?;
    match right {
        true => work.credit_user_code(job.card, &record.hash).await?,
        false => work.audit(event(app, job, &view, |_| Action::WrongUserCode {
            card: number(),
            through: through(),
            tries_left,
        })),
    }
    work.commit().await?;
    let performed = match (right, tries_left) {
        (true, _) => Performed::UserCodeRight,
        (false, 0) => Performed::UserCodeLocked,
        (false, tries_left) => Performed::UserCodeWrong { tries_left },
    };
    Ok((performed, JobTransaction::begin(app, job.card).await?))
}

/// `email`: what the certificates name, where it is not the card's address on record.
async fn issue<'a>(
    app: &'a App,
    job: &JobRecord,
    keys: &[KeyToCertify],
    email: Option<&EmailAddress>,
    view: &View<'_>,
) -> Result<JobTransaction<'a>, Failure> {
    let mut reader = app.store.read().await?;
    let holder = holder_of(reader.as_mut(), &view.card).await?;
    drop(reader);
    let orders: Vec<_> = keys
        .iter()
        .map(|key| {
            let actor = actor(job, view);
            let mut order = IssueOrder::on_card(actor, job.id, &view.card, &holder, key.role, key.public_key.clone());
            // Another address is no renewal.
            order.not_after = view.facts().certificate(key.role).map(|replaced| replaced.not_after);
            if let Some(email) = email {
                order.applicant.email = Some(email.clone());
            }
            order
        })
        .collect();
    // At the same time, so that they share their commits.
    try_join_all(orders.iter().map(|order| app.issuer.issue(order))).await?;
    JobTransaction::begin(app, job.card).await
}

/// Whether the card's certificates could name this address.
async fn check_fits(app: &App, view: &View<'_>, email: &EmailAddress) -> Result<(), Failure> {
    let holder = holder_of(app.store.read().await?.as_mut(), &view.card).await?;
    let applicant = Applicant { authority: view.card.authority.clone(), holder, email: Some(email.clone()) };
    app.issuer.foresee(&applicant, &view.card).await?;
    Ok(())
}

/// For the keys that the card has; a certificate that names the address already stays. What is there is older by a second.
async fn reissue<'a>(
    app: &'a App,
    job: &JobRecord,
    email: &EmailAddress,
    view: &View<'_>,
) -> Result<JobTransaction<'a>, Failure> {
    check_fits(app, view, email).await?;
    let mut keys = Vec::new();
    for role in &view.policy.card.roles {
        if !view.names(*role, email)? {
            let public_key = view.role(*role)?.public_key().spki_der().to_vec();
            keys.push(KeyToCertify { role: *role, public_key });
        }
    }
    if keys.is_empty() {
        return JobTransaction::begin(app, job.card).await;
    }
    // Which is the newest is told by the second of issuing.
    let newest = view.certificates.iter().map(|certificate| certificate.issued_at).max();
    if newest.is_some_and(|newest| app.now() <= newest) {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    if newest.is_some_and(|newest| app.now() <= newest) {
        return Err(Conflict::GaveWay.into());
    }
    issue(app, job, &keys, Some(email), view).await
}

async fn confirm_email<'a>(
    app: &'a App,
    job: &JobRecord,
    view: &View<'_>,
    address: &EmailAddress,
    code: Option<&str>,
) -> Result<(Performed, JobTransaction<'a>), Failure> {
    check_fits(app, view, address).await?;
    let performed = match code {
        // The same report again, whose first answer was lost.
        _ if view.facts().has_proved(address) => Performed::Done,
        Some(code) => {
            prove_email_by_code(app, job.card, address, code).await?;
            Performed::Done
        }
        None => {
            ask_email_proof(app, &view.card, address).await?;
            Performed::MailSent
        }
    };
    Ok((performed, JobTransaction::begin(app, job.card).await?))
}

/// Receipt kept, certificates valid, card activated, job done: one transaction.
async fn activate<'a>(
    app: &'a App,
    job: &mut JobRecord,
    signature: &[u8],
    accepted: &[CertificateId],
) -> Result<JobTransaction<'a>, Failure> {
    let now = app.now();
    let mut open = JobTransaction::begin(app, job.card).await?;
    kaika_domain::cards::job::check_activation_allowed(&open.view.facts())?;
    accept(app, &mut open, job, signature, accepted).await?;
    let JobTransaction { work, view } = &mut open;
    view.card.state = view.card.state.clone().activate(now)?;
    work.update_card(&mut view.card).await?;
    work.audit(event(app, job, view, |job| Action::ActivateCard { job }));
    end(job, Ended::Succeeded, now);
    work.update_job(job).await?;
    Ok(open)
}

/// Receipt kept, what was held is valid and what it replaces revoked, the address that they name on record, job done: one
/// transaction.
async fn accepted<'a>(
    app: &'a App,
    job: &mut JobRecord,
    signature: &[u8],
    accepted: &[CertificateId],
) -> Result<JobTransaction<'a>, Failure> {
    let mut open = JobTransaction::begin(app, job.card).await?;
    kaika_domain::cards::job::check_job_allowed(job.state.kind(), &open.view.facts())?;
    // Issued in the meantime: what was signed is not what is there.
    let unwritten = open.view.facts().contents().any(|certificate| !certificate.is_written());
    if unwritten || open.view.facts().holders_certificates() != accepted {
        return Err(Code::Stale.into());
    }
    accept(app, &mut open, job, signature, accepted).await?;
    supersede(app, &mut open, job).await?;
    keep_email(app, &mut open, job).await?;
    end(job, Ended::Succeeded, app.now());
    open.work.update_job(job).await?;
    Ok(open)
}

/// The address that the accepted certificates name is the card's.
async fn keep_email(app: &App, open: &mut JobTransaction<'_>, job: &JobRecord) -> Result<(), Failure> {
    let JobTransaction { work, view } = open;
    let signature = view.role(CertificateRole::Signature)?;
    let Some(named) = signature.emails().first() else { return Ok(()) };
    let named = EmailAddress::in_certificate(named).map_err(|error| Failure::Inconsistent(error.to_string()))?;
    if view.card.email.as_ref() != Some(&named) {
        view.card.email = Some(named);
        work.update_card(&mut view.card).await?;
        work.audit(event(app, job, view, |job| Action::SetCardEmail { job }));
    }
    Ok(())
}

/// Certificates that have a newer one, which is accepted, are revoked.
async fn supersede(app: &App, open: &mut JobTransaction<'_>, job: &JobRecord) -> Result<(), Failure> {
    let JobTransaction { work, view } = open;
    let newest: Vec<_> = view.facts().contents().map(|certificate| certificate.id).collect();
    let older = view.certificates.iter().filter(|certificate| {
        !newest.contains(&certificate.id) && !matches!(certificate.state, CertificateState::Revoked { .. })
    });
    let older: Vec<_> = older.map(|certificate| certificate.id).collect();
    for id in older {
        let certificate = view.certificate_mut(id)?;
        let revoked = certificate.state.clone().revoke(RevocationReason::Superseded, app.now());
        certificate.state = revoked?;
        work.update_certificate(certificate).await?;
        let (serial, role, reason) =
            (certificate.serial.clone(), certificate.role.clone(), RevocationReason::Superseded);
        work.audit(event(app, job, view, |job| Action::SupersedeCertificate { job, serial, role, reason }));
    }
    Ok(())
}

/// By the holder, whose card has proved itself.
async fn change_status<'a>(
    app: &'a App,
    job: &mut JobRecord,
    change: StatusChange,
) -> Result<JobTransaction<'a>, Failure> {
    let (changed, open) = retried(|| changed_status(app, job.clone(), change)).await?;
    *job = changed;
    Ok(open)
}

async fn changed_status<'a>(
    app: &'a App,
    mut job: JobRecord,
    change: StatusChange,
) -> Result<(JobRecord, JobTransaction<'a>), Failure> {
    let mut open = JobTransaction::begin(app, job.card).await?;
    let JobTransaction { work, view } = &mut open;
    let actor = actor(&job, view);
    let asked = StatusChangeRequest { change, by: HoldBy::Holder, actor, way: "card", now: app.now() };
    apply_change(work.as_mut(), view.policy, &asked, Some(&view.card), &mut view.certificates).await?;
    end(&mut job, Ended::Succeeded, app.now());
    work.update_job(&mut job).await?;
    Ok((job, open))
}

/// The card is as ordered and on its way; where its PIN is delivered it is valid from the start.
async fn personalised<'a>(
    app: &'a App,
    job: &mut JobRecord,
    signature: Option<&[u8]>,
    accepted: &[CertificateId],
) -> Result<JobTransaction<'a>, Failure> {
    let now = app.now();
    let mut open = JobTransaction::begin(app, job.card).await?;
    let unwritten = open.view.facts().contents().any(|certificate| !certificate.is_written());
    if unwritten || !matches!(open.view.card.state, CardState::Ordered) {
        return Err(Refusal::new(Code::CardFault).detail("the card's certificates were not read back").into());
    }
    let ordered = open.view.card.state.clone();
    let state = ordered.personalise(now).and_then(|state| state.dispatch(now))?;
    open.work.audit(event(app, job, &open.view, |job| Action::PersonaliseCard { job }));
    open.view.card.state = match signature {
        Some(signature) => {
            accept(app, &mut open, job, signature, accepted).await?;
            open.work.audit(event(app, job, &open.view, |job| Action::ActivateCard { job }));
            state.activate(now)?
        }
        None => state,
    };
    open.work.update_card(&mut open.view.card).await?;
    making::made(app, open.work.as_mut(), &open.view.card).await?;
    end(job, Ended::Succeeded, now);
    open.work.update_job(job).await?;
    Ok(open)
}

/// What is held becomes valid, the card's own certificate with it; the signed receipt is kept as CMS.
async fn accept(
    app: &App,
    open: &mut JobTransaction<'_>,
    job: &JobRecord,
    signature: &[u8],
    accepted: &[CertificateId],
) -> Result<(), Failure> {
    let JobTransaction { work, view } = open;
    let certificates: Vec<_> = accepted.iter().map(|id| view.certificate(*id)).collect::<Result<_, _>>()?;
    let references = references(&certificates);
    let context = context(job, view);
    let document = Document::Acceptance { context: &context, certificates: &references }.to_bytes();
    let signer = view.facts().certificate(CertificateRole::Signature).map(|c| parse(&c.certificate)).transpose()?;
    let signer = signer.ok_or_else(|| Failure::Inconsistent("no certificate to sign the receipt with".into()))?;
    // With the authority's certificate inside, whoever verifies the receipt needs the root alone.
    let generations = work.generations().await?;
    let authority = generations.iter().find(|generation| signer.authority_key_id() == Some(&generation.key_identifier));
    let authority = authority.map(|generation| parse(&generation.certificate)).transpose()?;
    let issuers: Vec<_> = authority.iter().collect();
    let cms = kaika_pki::cms::wrap_with_issuers(&document, &signer, &issuers, signature);
    work.insert_receipt(&Receipt { job: job.id, card: job.card, cms, at: app.now() }).await?;
    let held = |certificate: &&Certificate| matches!(certificate.state, CertificateState::Held { .. });
    let held: Vec<_> = view.facts().contents().filter(held).map(|certificate| certificate.id).collect();
    for id in held {
        let certificate = view.certificate_mut(id)?;
        certificate.state = certificate.state.clone().accept()?;
        work.update_certificate(certificate).await?;
        let (serial, role) = (certificate.serial.clone(), certificate.role.clone());
        work.audit(event(app, job, view, |job| Action::AcceptCertificate { job, serial, role }));
    }
    Ok(())
}

pub(super) fn end(job: &mut JobRecord, ended: Ended, now: time::OffsetDateTime) {
    job.open = false;
    job.ended = Some(ended);
    job.updated_at = now;
}
