//! The server's certificate and key, which may be renewed while it runs.

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
};
use std::{
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};
use tokio_rustls::TlsAcceptor;

/// Clones share what was read last.
#[derive(Clone)]
pub struct Tls(Arc<RwLock<Arc<ServerConfig>>>);

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// No PEM, or no key in it.
    #[error(transparent)]
    Pem(#[from] pem::Error),
    #[error("there is no certificate in it")]
    NoCertificate,
    /// Not made for each other, or of a kind that is not known.
    #[error(transparent)]
    Unusable(#[from] rustls::Error),
}

impl Tls {
    /// Both PEM; the server's certificate stands first.
    ///
    /// # Errors
    /// They cannot be read, or do not go together.
    pub async fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Ok(Self(Arc::new(RwLock::new(read(certificate, key).await?))))
    }

    /// For handshakes from now on.
    ///
    /// # Errors
    /// As [`Tls::read`]; then what was read before stays.
    pub async fn read_again(&self, certificate: &Path, key: &Path) -> Result<(), TlsError> {
        let config = read(certificate, key).await?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

async fn read(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let certificates = tokio::fs::read(certificate).await?;
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&certificates).collect::<Result<_, _>>()?;
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate);
    }
    let key = tokio::fs::read(key).await?;
    let key = PrivateKeyDer::from_pem_slice(&key)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
