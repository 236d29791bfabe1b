//! Beginning a connection: what the script's configuration means to rustls.

use super::insert;
use super::keys::Secrets;
use gol_vm::{Flow, Native, NativeResult};
use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, DigitallySignedStruct, DistinguishedName, Error, ServerConfig,
    ServerConnection, SignatureScheme, SupportedProtocolVersion, version,
};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// What both ends can be told.
struct Common {
    protocols: Vec<Vec<u8>>,
    provider: Arc<CryptoProvider>,
    versions: Vec<&'static SupportedProtocolVersion>,
}

impl Common {
    /// Arguments `protocols []string, min, max int, suites, groups []uint64`; empty lists choose all.
    fn read(n: &mut Native<'_>) -> Common {
        let protocols = n.strings();
        let (min, max) = (n.int(), n.int());
        let (suites, groups) = (n.words().to_vec(), n.words().to_vec());
        let versions = [(0x0304, &version::TLS13), (0x0303, &version::TLS12)];
        let versions = versions.into_iter().filter(|v| min <= v.0 && v.0 <= max).map(|v| v.1).collect();
        Common { protocols, provider: Arc::new(provider(&suites, &groups)), versions }
    }
}

/// Ring's algorithms, in Go's order of preference. Suites of TLS 1.3 are always there, as in Go.
fn provider(suites: &[u64], groups: &[u64]) -> CryptoProvider {
    let mut provider = ring::default_provider();
    let order = [
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ];
    provider.cipher_suites.sort_by_key(|s| order.iter().position(|o| *o == s.suite()));
    if !suites.is_empty() {
        provider.cipher_suites.retain(|s| s.tls13().is_some() || suites.contains(&u16::from(s.suite()).into()));
    }
    if !groups.is_empty() {
        provider.kx_groups.retain(|g| groups.contains(&u16::from(g.name()).into()));
        provider.kx_groups.sort_by_key(|g| groups.iter().position(|o| *o == u16::from(g.name()).into()));
    }
    provider
}

/// Whatever certificate the peer shows is taken, if it has the key: the script judges certificates.
#[derive(Debug)]
struct Shown {
    algorithms: WebPkiSupportedAlgorithms,
    hints: Vec<DistinguishedName>,
}

impl ServerCertVerifier for Shown {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Shown {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// A certificate of this end, with the names of those who issued its chain.
#[derive(Debug)]
struct Own {
    key: Arc<CertifiedKey>,
    issuers: Vec<Vec<u8>>,
}

impl ResolvesClientCert for Own {
    /// None if the server named issuers and has none of ours among them, or takes no signature that the key can make.
    fn resolve(&self, hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let issued = hints.is_empty() || self.issuers.iter().any(|i| hints.contains(&&i[..]));
        (issued && self.key.key.choose_scheme(schemes).is_some()).then(|| self.key.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Always this certificate.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl rustls::server::ResolvesServerCert for Always {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// Arguments `chain []string, key []byte`: certificates and the first one's key as PKCS #8; none without a chain.
fn certified(n: &mut Native<'_>) -> Result<Option<Arc<CertifiedKey>>, Error> {
    let (chain, key) = (n.strings(), n.bytes().to_vec());
    if chain.is_empty() {
        return Ok(None);
    }
    let key = ring::sign::any_supported_type(&PrivatePkcs8KeyDer::from(key).into())?;
    let chain = chain.into_iter().map(CertificateDer::from).collect();
    Ok(Some(Arc::new(CertifiedKey::new(chain, key))))
}

/// Gives `(handle int, failure string)`.
fn give(n: &mut Native<'_>, made: Result<i64, Error>) -> NativeResult {
    match made {
        Ok(handle) => {
            n.give_int(handle);
            n.give_str("")?;
        }
        Err(e) => {
            n.give_int(0);
            n.give_str(format!("tls: {e}"))?;
        }
    }
    Ok(Flow::Done)
}

/// `newClient(protocols []string, min, max int, suites, groups []uint64, chain []string, key []byte, issuers []string, name
/// string) (handle int, failure string)`. A name that is no name of a host is not told to the server.
pub(super) fn client(n: &mut Native<'_>) -> NativeResult {
    let common = Common::read(n);
    let own = certified(n);
    let (issuers, name) = (n.strings(), n.text());
    let made = (|| {
        let algorithms = common.provider.signature_verification_algorithms;
        let shown = Shown { algorithms, hints: Vec::new() };
        let config = ClientConfig::builder_with_provider(common.provider)
            .with_protocol_versions(&common.versions)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(shown));
        let mut config = match own? {
            Some(key) => config.with_client_cert_resolver(Arc::new(Own { key, issuers })),
            None => config.with_no_client_auth(),
        };
        let secrets = Arc::new(Secrets::default());
        config.key_log = secrets.clone();
        config.alpn_protocols = common.protocols;
        config.resumption = rustls::client::Resumption::disabled();
        let name = ServerName::try_from(name).unwrap_or(ServerName::IpAddress(Ipv4Addr::UNSPECIFIED.into()));
        Ok(insert(ClientConnection::new(Arc::new(config), name)?.into(), secrets))
    })();
    give(n, made)
}

/// `newServer(protocols []string, min, max int, suites, groups []uint64, chain []string, key []byte, ask bool, hints
/// []string) (handle int, failure string)`. The client may be asked for a certificate, and need not have one.
pub(super) fn server(n: &mut Native<'_>) -> NativeResult {
    let common = Common::read(n);
    let own = certified(n);
    let (ask, hints) = (n.bool(), n.strings());
    let made = (|| {
        let own = own?.ok_or_else(|| Error::General("no certificates configured".to_string()))?;
        let algorithms = common.provider.signature_verification_algorithms;
        let hints = hints.into_iter().map(DistinguishedName::from).collect();
        let shown = Shown { algorithms, hints };
        let config = ServerConfig::builder_with_provider(common.provider).with_protocol_versions(&common.versions)?;
        let config = if ask { config.with_client_cert_verifier(Arc::new(shown)) } else { config.with_no_client_auth() };
        let mut config = config.with_cert_resolver(Arc::new(Always(own)));
        let secrets = Arc::new(Secrets::default());
        config.key_log = secrets.clone();
        config.alpn_protocols = common.protocols;
        config.ignore_client_order = true;
        config.send_tls13_tickets = 0;
        Ok(insert(ServerConnection::new(Arc::new(config))?.into(), secrets))
    })();
    give(n, made)
}
