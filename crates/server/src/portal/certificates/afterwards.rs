//! What is left to do with a card whose certificates have ended.

use kaika_wire::{CertificateRole, CertificateStatus};

/// Keys of texts, in the order in which it is to be done; `lost`: the card is not in its holder's hands.
///
/// A card is thrown away last: it alone opens what was encrypted for it, whatever its certificates are.
pub(crate) fn afterwards(certificates: &[(CertificateRole, CertificateStatus)], lost: bool) -> Vec<&'static str> {
    let is_over = |status| matches!(status, CertificateStatus::Revoked | CertificateStatus::Expired);
    if !certificates.iter().all(|(_, status)| is_over(*status)) {
        return vec!["afterwards-keep", "portal-done-care"];
    }
    let opens = certificates.iter().any(|(role, _)| *role == CertificateRole::Encryption);
    let revoked = certificates.iter().any(|(_, status)| *status == CertificateStatus::Revoked);
    let mut keys = Vec::new();
    keys.extend((opens && !lost).then_some("afterwards-decrypt"));
    keys.extend(revoked.then_some("afterwards-new"));
    keys.extend((revoked && !lost).then_some("afterwards-card"));
    keys.push("afterwards-systems");
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use CertificateRole::{Encryption, Login, Signature};
    use CertificateStatus::{Expired, Revoked, Suspended, Valid};

    #[test]
    fn a_card_that_opens_something_is_not_thrown_away_first() {
        let both = |status| [(Signature, status), (Encryption, status)];
        let revoked = ["afterwards-decrypt", "afterwards-new", "afterwards-card", "afterwards-systems"];
        assert_eq!(afterwards(&both(Revoked), false), revoked);
        assert_eq!(afterwards(&[(Signature, Revoked), (Encryption, Expired)], false), revoked);
        assert_eq!(afterwards(&both(Expired), false), ["afterwards-decrypt", "afterwards-systems"]);
        assert_eq!(afterwards(&both(Revoked), true), ["afterwards-new", "afterwards-systems"]);
        assert_eq!(afterwards(&[(Signature, Revoked)], false), revoked[1..]);
    }

    #[test]
    fn a_card_that_still_does_something_is_kept() {
        for other in [Valid, Suspended] {
            let told = afterwards(&[(Signature, Revoked), (Encryption, Expired), (Login, other)], false);
            assert_eq!(told, ["afterwards-keep", "portal-done-care"]);
        }
    }
}
