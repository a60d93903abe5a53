//! What the server does itself for a job: tests the user code, has keys certified, makes certificates valid.

use super::{
    View,
    check::{context, references},
    record::{actor, event},
    view::parse,
};
use crate::{App, Ended, Failure, IssueOrder, JobRecord, Receipt};
use futures_util::future::try_join_all;
use kaika_domain::{
    CardState, NotAllowed,
    job::{Effect, KeyToCertify, Performed},
};
use kaika_wire::{CertificateId, CertificateRole, Code, Document, Refusal, UserCode};
use serde_json::json;

/// Gives what became of it and the view as it is afterwards, where `view` was decided on.
pub(super) async fn perform<'a>(
    app: &'a App,
    job: &mut JobRecord,
    effect: Effect,
    user_code: Option<&UserCode>,
    view: View<'a>,
) -> Result<(Performed, View<'a>), Failure> {
    let performed = match effect {
        // It changes nothing that a decision is made on.
        Effect::TestUserCode => return Ok((test_user_code(app, job, user_code, &view).await?, view)),
        Effect::Issue(keys) => issue(app, job, &keys, &view).await,
        Effect::Activate { receipt, certificates } => activate(app, job, &receipt, &certificates).await,
        Effect::Personalised { receipt, certificates } => {
            personalised(app, job, receipt.as_deref(), &certificates).await
        }
    };
    let performed = match performed {
        Ok(()) => Performed::Done,
        Err(Failure::Refused(refusal)) => Performed::Refused(refusal),
        Err(other) => return Err(other),
    };
    Ok((performed, View::of_job(app, job).await?))
}

/// The try is debited and committed before the code is tested, and given back when it was right.
async fn test_user_code(
    app: &App,
    job: &JobRecord,
    code: Option<&UserCode>,
    view: &View<'_>,
) -> Result<Performed, Failure> {
    let Some(code) = code else {
        return Ok(Performed::Refused(Refusal::new(Code::SecretMissing).detail("user_code")));
    };
    let limit = view.policy.user_code_tries();
    let mut work = app.store.begin().await?;
    let Some(record) = work.debit_user_code(job.card, limit).await? else {
        let known = work.user_code(job.card).await?.is_some();
        return Ok(if known { Performed::UserCodeLocked } else { Performed::UserCodeAbsent });
    };
    work.audit(event(app, job, view, "user_code.try", json!({})));
    work.commit().await?;

    let right = app.user_codes.verify(&record.hash, code).await?;
    let mut work = app.store.begin().await?;
    let tries_left = limit.saturating_sub(record.fails);
    if right {
        work.credit_user_code(job.card, &record.hash).await?;
    } else {
        work.audit(event(app, job, view, "user_code.wrong", json!({"tries_left": tries_left})));
    }
    work.commit().await?;
    Ok(match (right, tries_left) {
        (true, _) => Performed::UserCodeRight,
        (false, 0) => Performed::UserCodeLocked,
        (false, tries_left) => Performed::UserCodeWrong { tries_left },
    })
}

async fn issue(app: &App, job: &JobRecord, keys: &[KeyToCertify], view: &View<'_>) -> Result<(), Failure> {
    let mut reader = app.store.read().await?;
    let holder = reader
        .holder(view.card.holder)
        .await?
        .ok_or_else(|| Failure::Inconsistent(format!("card {} has no holder", view.card.number)))?;
    drop(reader);
    let orders: Vec<_> = keys
        .iter()
        .map(|key| IssueOrder {
            actor: actor(job, view),
            job: job.id,
            card: view.card.clone(),
            holder: holder.clone(),
            role: key.role,
            public_key: key.public_key.clone(),
        })
        .collect();
    // At the same time, so that they share their commits.
    try_join_all(orders.iter().map(|order| app.issuer.issue(order))).await?;
    Ok(())
}

/// Receipt kept, certificates valid, card activated, job done: one transaction.
async fn activate(app: &App, job: &mut JobRecord, signature: &[u8], accepted: &[CertificateId]) -> Result<(), Failure> {
    let now = app.now();
    let mut work = app.store.begin().await?;
    let mut view = View::load(app, work.as_mut(), job.card).await?;
    kaika_domain::job::may_activate(&view.facts())?;
    accept(app, work.as_mut(), job, &view, signature, accepted).await?;
    view.card.state = view.card.state.clone().activate(now).map_err(not_allowed)?;
    work.update_card(&mut view.card).await?;
    work.audit(event(app, job, &view, "card.activate", json!({})));
    end(job, Ended::Succeeded, now);
    work.update_job(job).await?;
    work.commit().await?;
    Ok(())
}

/// The card is as ordered and on its way; where its PIN is delivered it is valid from the start.
async fn personalised(
    app: &App,
    job: &mut JobRecord,
    signature: Option<&[u8]>,
    accepted: &[CertificateId],
) -> Result<(), Failure> {
    let now = app.now();
    let mut work = app.store.begin().await?;
    let mut view = View::load(app, work.as_mut(), job.card).await?;
    let unwritten = view.facts().contents().any(|certificate| !certificate.is_written());
    if unwritten || !matches!(view.card.state, CardState::Ordered) {
        return Err(Refusal::new(Code::CardFault).detail("the card's certificates were not read back").into());
    }
    let state = view.card.state.clone().personalise(now).and_then(|state| state.dispatch(now)).map_err(not_allowed)?;
    work.audit(event(app, job, &view, "card.personalise", json!({})));
    view.card.state = match signature {
        Some(signature) => {
            accept(app, work.as_mut(), job, &view, signature, accepted).await?;
            work.audit(event(app, job, &view, "card.activate", json!({})));
            state.activate(now).map_err(not_allowed)?
        }
        None => state,
    };
    work.update_card(&mut view.card).await?;
    end(job, Ended::Succeeded, now);
    work.update_job(job).await?;
    work.commit().await?;
    Ok(())
}

/// The holder's certificates become valid, the card's own with them; the signed receipt is kept as CMS.
async fn accept(
    app: &App,
    work: &mut dyn crate::UnitOfWork,
    job: &JobRecord,
    view: &View<'_>,
    signature: &[u8],
    accepted: &[CertificateId],
) -> Result<(), Failure> {
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
    let contents: Vec<_> = view.facts().contents().cloned().collect();
    for mut certificate in contents {
        certificate.state = certificate.state.clone().accept().map_err(not_allowed)?;
        work.update_certificate(&mut certificate).await?;
        let facts = json!({"serial": certificate.serial, "role": certificate.role});
        work.audit(event(app, job, view, "certificate.accept", facts));
    }
    Ok(())
}

pub(super) fn end(job: &mut JobRecord, ended: Ended, now: time::OffsetDateTime) {
    job.open = false;
    job.ended = Some(ended);
    job.updated_at = now;
}

fn not_allowed(error: NotAllowed) -> Failure {
    Refusal::new(Code::Stale).detail(error.to_string()).into()
}
