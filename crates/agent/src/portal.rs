//! The portal: where card jobs are decided.

pub mod http;

use crate::certificate::CardCertificate;
use kaika_wire::{
    AuthorityId, BatchReport, Code, JobId, JobStarted, JobState, PortalAuthority, Refusal, StartJob, StationId,
    TicketFacts, WellKnown,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What an agent asks of a portal. Calls block.
pub trait Portal: Send + Sync {
    /// The origin at which this program reaches it: `https://host[:port]`.
    fn origin(&self) -> &str;

    /// # Errors
    /// [`Code::ServerUnreachable`], [`Code::Busy`], [`Code::Internal`], or [`Code::NotAPortal`] for all else.
    fn well_known(&self) -> Result<WellKnown, Refusal>;

    /// # Errors
    /// [`Code::ServerUnreachable`]; [`Code::AgentTooOld`] for what cannot be read of a newer server; or what the server
    /// refuses.
    fn start(&self, start: &StartJob, station: Option<&Station>) -> Result<JobStarted, Refusal>;

    /// What a ticket is for. Portals before [`kaika_wire::Protocol::TICKETS`] do not tell.
    ///
    /// # Errors
    /// [`Code::TicketOver`]; or as for [`Portal::well_known`].
    fn look_at(&self, _ticket: &str) -> Result<TicketFacts, Refusal> {
        Err(Code::ServerTooOld.into())
    }

    /// # Errors
    /// [`Code::ServerUnreachable`] where no answer came – the server may have taken the report all the same, and gives
    /// the same answer to the same report again; [`Code::AgentTooOld`] as for [`Portal::start`]; or what the server refuses.
    fn report(&self, job: JobId, token: &str, report: &BatchReport) -> Result<JobState, Refusal>;
}

/// Finds a portal by its address.
pub trait Portals: Send + Sync {
    /// `url` is the origin or any page below it.
    ///
    /// # Errors
    /// [`Code::NotAPortal`] where the address is none, or may not be used.
    fn open(&self, url: &str) -> Result<Box<dyn Portal>, Refusal>;
}

/// A production station's credential, as `kaika station enrol` writes it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Station {
    pub station: StationId,
    pub token: Zeroizing<String>,
}

/// A portal, what it says of itself, and which authority's page of it was named.
pub struct Target {
    pub portal: Box<dyn Portal>,
    pub well_known: WellKnown,
    pub named: Option<AuthorityId>,
}

impl Target {
    /// `url` is the portal's origin, or an authority's page: `http://localhost:8080/gca/`.
    ///
    /// # Errors
    /// [`Code::NotAPortal`] where there is no portal, or the path is no authority's; [`Code::ServerUnreachable`],
    /// [`Code::Busy`], [`Code::Internal`].
    pub fn find(portals: &dyn Portals, url: &str) -> Result<Self, Refusal> {
        let portal = portals.open(url)?;
        let well_known = portal.well_known()?;
        if !same_origin(portal.origin(), &well_known.origin) {
            let detail = format!("it calls itself {}", well_known.origin);
            return Err(Refusal::new(Code::NotAPortal).detail(detail));
        }
        let path = path(url);
        let named = if path.trim_matches('/').is_empty() {
            None
        } else {
            let authority = well_known
                .authorities
                .iter()
                .find(|authority| lies_below(path, &authority.portal))
                .ok_or_else(|| Refusal::new(Code::NotAPortal).detail(format!("{path} is no authority's page")))?;
            Some(authority.id.clone())
        };
        Ok(Self { portal, well_known, named })
    }

    /// The authority that issued this 9E certificate, as the certificate says.
    pub fn authority_of(&self, certificate: &CardCertificate) -> Option<&PortalAuthority> {
        self.well_known.authorities.iter().find(|authority| {
            authority
                .ca_certificates
                .iter()
                .filter_map(|der| CardCertificate::parse(der))
                .any(|ca| certificate.issued_by(&ca))
        })
    }

    /// The authority of the card with this 9E certificate.
    ///
    /// # Errors
    /// [`Code::NotKaikaCard`], [`Code::WrongAuthority`] where another one's page was named.
    pub fn accept(&self, certificate: Option<&[u8]>) -> Result<&PortalAuthority, Refusal> {
        let authority = certificate
            .and_then(CardCertificate::parse)
            .and_then(|certificate| self.authority_of(&certificate))
            .ok_or(Code::NotKaikaCard)?;
        match &self.named {
            Some(named) if *named != authority.id => Err(Refusal {
                authority: Some(authority.id.clone()),
                ..Refusal::new(Code::WrongAuthority).detail(authority.name.clone())
            }),
            _ => Ok(authority),
        }
    }
}

/// Whether both are the same origin; the names of this computer are one.
pub(crate) fn same_origin(one: &str, other: &str) -> bool {
    fn canonical(origin: &str) -> Option<(String, String)> {
        let uri: ureq::http::Uri = origin.parse().ok()?;
        let scheme = uri.scheme_str()?.to_owned();
        let authority = uri.authority()?;
        let host = match authority.host() {
            host if is_loopback(host) => "localhost".to_owned(),
            host => host.to_ascii_lowercase(),
        };
        let default = if scheme == "https" { 443 } else { 80 };
        let port = authority.port_u16().unwrap_or(default);
        Some((scheme, format!("{host}:{port}")))
    }
    matches!((canonical(one), canonical(other)), (Some(one), Some(other)) if one == other)
}

pub(crate) fn is_loopback(host: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| host.eq_ignore_ascii_case(name))
}

fn path(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("", |at| &after_scheme[at..]);
    path.split(['?', '#']).next().unwrap_or_default()
}

/// Whether `path` is `folder` or lies below it.
fn lies_below(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    !folder.is_empty() && path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_named_by_its_path() {
        for (url, folder, expected) in [
            ("http://localhost:8080/gca/", "/gca/", true),
            ("http://localhost:8080/gca", "/gca/", true),
            ("http://localhost:8080/gca/activate?x=/", "/gca", true),
            ("http://localhost:8080/gcax/", "/gca/", false),
            ("http://localhost:8080/", "/gca/", false),
            ("http://localhost:8080", "/gca/", false),
        ] {
            assert_eq!(lies_below(path(url), folder), expected, "{url}");
        }
    }

    #[test]
    fn this_computer_has_several_names() {
        assert!(same_origin("http://localhost:8080", "http://127.0.0.1:8080"));
        assert!(same_origin("http://[::1]:8080", "http://localhost:8080/"));
        assert!(same_origin("https://Portal.example", "https://portal.example:443"));
        assert!(!same_origin("http://localhost:8080", "http://localhost:8081"));
        assert!(!same_origin("https://portal.example", "http://portal.example"));
        assert!(!same_origin("https://portal.example", "https://other.example"));
    }
}
