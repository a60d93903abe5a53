//! Which sites may do what with the cards of this computer. Decided here and nowhere else.
//!
//! A site is its origin, compared letter by letter with the configured one as browsers write it (RFC 6454 §6.2): what a
//! page says of itself counts for nothing, and `http://localhost:8080` is not `http://127.0.0.1:8080`.

use kaika_wire::{Code, Refusal};
use ureq::http::Uri;

/// What a site asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// To see readers, and of cards what needs no PIN and no proof.
    Read,
    /// To have card jobs done.
    Manage,
}

/// The portals of the agent's configuration; none: no site may do anything.
pub(super) struct Permissions {
    portals: Vec<String>,
}

impl Permissions {
    /// # Errors
    /// The address that is not one over HTTP.
    pub(super) fn new(portals: &[String]) -> Result<Self, String> {
        let origins = portals.iter().map(|url| serialised(url).ok_or_else(|| url.clone()));
        Ok(Self { portals: origins.collect::<Result<_, _>>()? })
    }

    /// The portal that this origin is, at the address of the configuration.
    ///
    /// # Errors
    /// [`Code::NotPermitted`].
    pub(super) fn portal(&self, origin: &str, scope: Scope) -> Result<&str, Refusal> {
        let granted = match scope {
            // Both are for configured portals alone; other sites may get the first by consent one day.
            Scope::Read | Scope::Manage => &self.portals,
        };
        let found = granted.iter().find(|portal| *portal == origin);
        found.map(String::as_str).ok_or_else(|| Code::NotPermitted.into())
    }

    /// All of them, for the person to see.
    pub(super) fn sites(&self) -> impl Iterator<Item = &str> {
        self.portals.iter().map(String::as_str)
    }
}

/// The origin of an address as a browser writes it: lower case, without the scheme's own port.
fn serialised(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let standard = match scheme.as_str() {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
    let host = authority.host().to_ascii_lowercase();
    Some(match authority.port_u16().filter(|port| *port != standard) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_compared_letter_by_letter() {
        let configured = ["http://localhost:8080/", "https://Portal.Example:443/gca/"].map(str::to_owned);
        let permissions = Permissions::new(&configured).unwrap();
        for scope in [Scope::Read, Scope::Manage] {
            for origin in ["http://localhost:8080", "https://portal.example"] {
                assert_eq!(permissions.portal(origin, scope), Ok(origin));
            }
            for origin in [
                "http://127.0.0.1:8080",
                "http://localhost:8081",
                "http://localhost:80801",
                "http://localhost",
                "https://localhost:8080",
                "https://portal.example:443",
                "https://portal.example.evil.example",
                "https://portal.example/",
                "http://portal.example",
                "https://Portal.Example",
                "null",
                "*",
                "",
            ] {
                assert_eq!(permissions.portal(origin, scope).unwrap_err().code, Code::NotPermitted, "{origin}");
            }
        }
    }

    #[test]
    fn without_portals_no_site_may() {
        let permissions = Permissions::new(&[]).unwrap();
        assert!(permissions.portal("http://localhost:8080", Scope::Read).is_err());
        assert_eq!(permissions.sites().count(), 0);
    }

    #[test]
    fn what_is_no_address_is_told() {
        for url in ["nonsense", "ftp://portal.example", "https://user@portal.example", "/gca/", "null"] {
            assert_eq!(Permissions::new(&[url.to_owned()]).err().as_deref(), Some(url));
        }
    }
}
