//! The alert that refuses the peer's certificate.
//!
//! rustls wants to know of a certificate at once whether it is good, and the script answers later, when rustls has moved on
//! to the keys of the next phase, which the peer cannot know yet. So that alert is sealed here, with the keys of the phase
//! in which the peer still is. It is the first record of that phase, since the script lets nothing out before it has judged.

use super::keys::Secrets;
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, HKDF_SHA384, KeyType, Prk};
use rustls::{CipherSuite, Connection, ProtocolVersion};

const HANDSHAKE_VERSION: [u8; 2] = [3, 3];
const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;
const FATAL: u8 = 2;

/// The record of a fatal alert.
pub(super) fn fatal(connection: &Connection, secrets: &Secrets, number: u8) -> Vec<u8> {
    let clear = || [&[ALERT][..], &HANDSHAKE_VERSION, &[0, 2, FATAL, number]].concat();
    if connection.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
        // Up to the certificates, TLS 1.2 is in clear.
        return clear();
    }
    let label = match connection {
        Connection::Client(_) => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        Connection::Server(_) => "SERVER_TRAFFIC_SECRET_0",
    };
    let suite = connection.negotiated_cipher_suite().map(|s| s.suite());
    suite.zip(secrets.get(label)).and_then(|(suite, secret)| sealed(suite, &secret, number)).unwrap_or_else(clear)
}

/// The first record under a traffic secret (RFC 8446, sections 5.2 and 7.3).
fn sealed(suite: CipherSuite, secret: &[u8], number: u8) -> Option<Vec<u8>> {
    let (cipher, hash): (&'static Algorithm, _) = match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => (&AES_128_GCM, HKDF_SHA256),
        CipherSuite::TLS13_AES_256_GCM_SHA384 => (&AES_256_GCM, HKDF_SHA384),
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => (&CHACHA20_POLY1305, HKDF_SHA256),
        _ => return None,
    };
    let secret = Prk::new_less_safe(hash, secret);
    let key = expand(&secret, b"tls13 key", cipher.key_len())?;
    let iv = expand(&secret, b"tls13 iv", cipher.nonce_len())?;
    let key = LessSafeKey::new(UnboundKey::new(cipher, &key).ok()?);
    let mut body = vec![FATAL, number, ALERT];
    let length = (body.len() + cipher.tag_len()) as u8;
    let head = [APPLICATION_DATA, HANDSHAKE_VERSION[0], HANDSHAKE_VERSION[1], 0, length];
    key.seal_in_place_append_tag(Nonce::try_assume_unique_for_key(&iv).ok()?, Aad::from(head), &mut body).ok()?;
    Some([&head[..], &body].concat())
}

/// HKDF-Expand-Label with no context.
fn expand(secret: &Prk, label: &[u8], length: usize) -> Option<Vec<u8>> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut made = vec![0; length];
    let info = [&[0, length as u8, label.len() as u8], label, &[0]];
    secret.expand(&info, Length(length)).ok()?.fill(&mut made).ok()?;
    Some(made)
}
