//! TLS: the certificate and key of the config, reloaded when their files change.
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};

/// Between two looks at the files.
const PERIOD: Duration = Duration::from_secs(2);

/// The certificate in force.
#[derive(Debug)]
struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // Only whole values are stored, so a writer's panic leaves one of them.
        Some(self.current.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone())
    }
}

impl Certificate {
    /// When each file was written; none where it is not there.
    fn changed(&self) -> [Option<SystemTime>; 2] {
        [&self.chain, &self.key].map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok())
    }

    fn read_again(&self) {
        match read(&self.chain, &self.key) {
            Ok(read) => {
                *self.current.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Arc::new(read);
                log::info!("the TLS certificate {} was reloaded", self.chain.display());
            }
            Err(error) => log::error!("the new TLS certificate cannot be used, so the old one stays in force: {error}"),
        }
    }
}

/// The TLS settings of a server, kept up to date by a task on the current arbiter. Fails where a file cannot be read, holds
/// no certificate or key, or the two do not belong together; the error names the file.
pub fn open(chain: &Path, key: &Path) -> io::Result<ServerConfig> {
    let current = RwLock::new(Arc::new(read(chain, key).map_err(io::Error::other)?));
    let certificate = Arc::new(Certificate { chain: chain.to_owned(), key: key.to_owned(), current });
    let watched = Arc::downgrade(&certificate);
    let begun = certificate.changed();
    actix_rt::spawn(async move {
        let mut seen = begun;
        while let Some(certificate) = watched.upgrade() {
            let now = certificate.changed();
            if now != seen {
                certificate.read_again();
                seen = now;
            }
            drop(certificate);
            tokio::time::sleep(PERIOD).await;
        }
    });
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    Ok(builder.with_no_client_auth().with_cert_resolver(certificate))
}

/// A file of TLS that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct UnusableTls {
    /// The config key that names the file.
    pub key: &'static str,
    /// What is wrong with the file, which is named.
    pub reason: String,
}

/// Whether the certificate and the key that the section `[server]` names can be used; `Ok` where it names none, or one alone. Fails
/// where a file cannot be read, holds nothing of the kind, or the two do not belong together.
pub fn check_tls(config: &super::ServerConfig) -> Result<(), UnusableTls> {
    match (&config.tls_certificate, &config.tls_key) {
        (Some(chain), Some(key)) => read(chain, key).map(drop),
        _ => Ok(()),
    }
}

fn read(chain: &Path, key: &Path) -> Result<CertifiedKey, UnusableTls> {
    let unusable = |key: &'static str, path: &Path, error: &dyn Display| UnusableTls {
        key,
        reason: format!("{}: {error}", path.display()),
    };
    let of_chain = |error: &dyn Display| unusable("server.tls_certificate", chain, error);
    let of_key = |error: &dyn Display| unusable("server.tls_key", key, error);
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| of_chain(&in_words(&error)))?;
    if certificates.is_empty() {
        return Err(of_chain(&"holds no certificate in PEM"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| of_key(&in_words(&error)))?;
    CertifiedKey::from_der(certificates, private, &ring::default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => of_key(&format_args!("is not the key of {}", chain.display())),
        error => of_key(&error),
    })
}

fn in_words(error: &pem::Error) -> String {
    match error {
        pem::Error::Io(error) => format!("cannot be read: {error}"),
        pem::Error::NoItemsFound => "holds no private key in PEM".to_owned(),
        other => format!("is not valid PEM: {other}"),
    }
}
