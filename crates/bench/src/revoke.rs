//! Revoking, as the use cases that do it: in a transaction with its event in the audit log.

use crate::fill::serial;
use anyhow::{Context, Result};
use kaika_app::{
    App,
    audit::{Action, Event, StatusFacts},
    authorities::Generation,
};
use kaika_domain::certificates::{HoldBy, RevocationReason};

/// Revokes the certificate of this number.
pub(crate) async fn revoke(app: &App, generation: &Generation, number: u64) -> Result<()> {
    let now = app.now();
    let mut work = app.store.begin().await?;
    let found = work.certificate_by_serial(generation.id, &serial(number)).await?;
    let mut certificate = found.context("the certificate is on record")?;
    certificate.state = certificate.state.revoke(RevocationReason::KeyCompromise, now)?;
    work.update_certificate(&mut certificate).await?;
    let facts = StatusFacts {
        card: None,
        serial: certificate.serial.clone(),
        role: certificate.role.clone(),
        by: HoldBy::Authority,
        way: "operator",
        reason: "key_compromise",
        status: certificate.status(now),
    };
    let action = Action::RevokeCertificate { facts };
    work.audit(Event { at: now, actor: crate::site::operator(), action });
    work.commit().await?;
    Ok(())
}
