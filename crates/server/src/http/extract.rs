//! What handlers take as arguments. Each is there, or the request was answered before the handler began.

use crate::{
    http::{
        errors::{Stop, accepts_page, bad_json},
        session::{self, Destination},
    },
    portal::{access::session::Session, fields::FieldError, page::View},
    site::Site,
};
use axum::{
    Form, Json,
    extract::{FromRequest, FromRequestParts, Path, RawPathParams, Request},
    http::{Method, request::Parts},
    response::{IntoResponse, Response},
};
use kaika_app::access::{CardPrincipal, Principal};
use kaika_domain::authorities::Policy;
use kaika_texts::Language;
use kaika_wire::{Code, JobKind, Refusal};
use serde::de::DeserializeOwned;
use std::{convert::Infallible, marker::PhantomData, ops::Deref, sync::Arc};

/// This site, and the language of whoever asks.
pub(crate) struct Visit {
    site: Site,
    language: Language,
}

impl Visit {
    pub(crate) fn view(&self) -> View<'_> {
        View { about: &self.site.settings.about, language: self.language }
    }
}

impl Deref for Visit {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl FromRequestParts<Site> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Infallible> {
        Ok(Self { site: site.clone(), language: kaika_web::language(&parts.headers) })
    }
}

/// The authority in the address, `/{authority}/…`, where it has what the page is about; else nothing is found there.
pub(crate) struct Authority<Having = Anything> {
    policy: Arc<Policy>,
    having: PhantomData<Having>,
}

/// What an authority may have.
pub(crate) trait Having {
    fn has(policy: &Policy) -> bool;
}

pub(crate) struct Anything;
/// Without them nobody is known who has not logged in.
pub(crate) struct UserCodes;
pub(crate) struct Organisations;
/// Writing an e-mail address to a card.
pub(crate) struct Emails;

impl Having for Anything {
    fn has(_: &Policy) -> bool {
        true
    }
}

impl Having for UserCodes {
    fn has(policy: &Policy) -> bool {
        policy.user_code.is_some()
    }
}

impl Having for Organisations {
    fn has(policy: &Policy) -> bool {
        policy.organisation.is_some()
    }
}

impl Having for Emails {
    fn has(policy: &Policy) -> bool {
        policy.offers(JobKind::SetEmail).is_ok()
    }
}

impl<H> Deref for Authority<H> {
    type Target = Policy;

    fn deref(&self) -> &Policy {
        &self.policy
    }
}

impl<H: Having> FromRequestParts<Site> for Authority<H> {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Stop> {
        let params = RawPathParams::from_request_parts(parts, site).await.map_err(|_| Code::NotFound)?;
        let id = params.iter().find(|(name, _)| *name == "authority").and_then(|(_, id)| id.parse().ok());
        let policy = id.and_then(|id| site.app.policies.get(&id)).filter(|policy| H::has(policy));
        Ok(Self { policy: Arc::clone(policy.ok_or(Code::NotFound)?), having: PhantomData })
    }
}

/// Parts of the address, all of which mean something; else nothing is found there.
pub(crate) struct Named<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Site> for Named<T> {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Stop> {
        let Path(named) = Path::from_request_parts(parts, site).await.map_err(|_| Code::NotFound)?;
        Ok(Self(named))
    }
}

/// Somebody who has logged in as one to whom a page is open.
pub(crate) struct Who<P> {
    pub(crate) principal: P,
    pub(crate) session: Session,
}

/// As whom one logs in for a page.
pub(crate) trait Guard: Sized {
    /// The page of the login, below the authority's.
    const LOGIN: &'static str;
    /// Where one is after it who wanted nowhere else.
    const HOME: &'static str;

    /// None for somebody who has logged in as another kind of principal.
    fn admit(principal: Principal) -> Option<Self>;
}

impl Guard for CardPrincipal {
    const LOGIN: &'static str = "login";
    const HOME: &'static str = "my-card";

    fn admit(principal: Principal) -> Option<Self> {
        match principal {
            Principal::Card(card) => Some(*card),
            Principal::Account(_) | Principal::Officer(_) | Principal::Client(_) => None,
        }
    }
}

impl<P: Guard> FromRequestParts<Site> for Who<P> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let authority = Authority::<Anything>::from_request_parts(parts, site).await;
        let authority = authority.map_err(IntoResponse::into_response)?;
        let found = session::who(site, &authority, &parts.headers).await.map_err(IntoResponse::into_response)?;
        let is_over = found.is_none() && session::token(&parts.headers).is_some();
        let admitted = found.and_then(|found| {
            let session = Session::of(&found);
            P::admit(found.into_principal()).map(|principal| Self { principal, session })
        });
        admitted.ok_or_else(|| {
            if !accepts_page(&parts.headers) && parts.method != Method::POST {
                return Stop::from(Code::NotLoggedIn).into_response();
            }
            // A person is shown how to log in, and comes back. A form is sent to the page on which it stands.
            let page = Destination::of(parts.uri.path());
            let to = page.as_ref().map_or(P::HOME, Destination::path);
            session::log_in_first(site, &authority, P::LOGIN, to, is_over)
        })
    }
}

/// A form as it was sent.
pub(crate) struct Filled<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Site> for Filled<T> {
    type Rejection = Stop;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Stop> {
        match Form::from_request(request, site).await {
            Ok(Form(filled)) => Ok(Self(filled)),
            Err(_) => Err(Refusal::new(Code::BadRequest).detail("the form could not be read").into()),
        }
    }
}

/// A form whose fields are judged all at once.
pub(crate) trait Check {
    type Checked;

    /// # Errors
    /// Every field that is wrong.
    fn check(&self, policy: &Policy) -> Result<Self::Checked, Vec<FieldError>>;
}

/// A form as it was sent, and what it means at the authority in the address.
pub(crate) struct Checked<T: Check> {
    pub(crate) form: T,
    pub(crate) outcome: Result<T::Checked, Vec<FieldError>>,
}

impl<T: DeserializeOwned + Check> FromRequest<Site> for Checked<T> {
    type Rejection = Stop;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Stop> {
        let (mut parts, body) = request.into_parts();
        let authority = Authority::<Anything>::from_request_parts(&mut parts, site).await?;
        let Filled(form) = Filled::<T>::from_request(Request::from_parts(parts, body), site).await?;
        Ok(Self { outcome: form.check(&authority), form })
    }
}

/// A document that a program sent.
pub(crate) struct Document<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Site> for Document<T> {
    type Rejection = Stop;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Stop> {
        match Json::from_request(request, site).await {
            Ok(Json(document)) => Ok(Self(document)),
            Err(rejection) => Err(bad_json(&rejection).into()),
        }
    }
}
