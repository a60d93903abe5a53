//! Revoking, as the use cases that do it: in a transaction with its event in the audit log.

use crate::fill::serial;
use anyhow::{Context, Result};
use kaika_app::{App, audit::Event, authorities::Generation};
use kaika_domain::certificates::RevocationReason;

/// Revokes the certificate of this number.
pub(crate) async fn revoke(app: &App, generation: &Generation, number: u64) -> Result<()> {
    let now = app.now();
    let mut work = app.store.begin().await?;
    let found = work.certificate_by_serial(generation.id, &serial(number)).await?;
    let mut certificate = found.context("the certificate is on record")?;
    certificate.state = certificate.state.revoke(RevocationReason::KeyCompromise, now)?;
    work.update_certificate(&mut certificate).await?;
    let payload = serde_json::json!({ "serial": certificate.serial, "reason": RevocationReason::KeyCompromise });
    work.audit(Event { at: now, actor: crate::site::operator(), action: "certificate.revoke", payload });
    work.commit().await?;
    Ok(())
}
