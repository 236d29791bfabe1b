//! `crypto/internal/keypair`: making, using and checking keys of RSA, ECDSA and Ed25519, by ring.
//!
//! Keys are bytes of the script: private ones PKCS #8, public ones what stands in a certificate's bit string. So nothing
//! here outlives a call.

use crate::Table;
use gol_vm::{Flow, Native, NativeResult};
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm};

pub(crate) const TABLE: Table = &[("verify", verify), ("sign", sign), ("generate", generate)];

/// The numbers of algorithms in `keypair.gol`.
fn verification(number: i64) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match number {
        0 => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        1 => &signature::RSA_PKCS1_2048_8192_SHA384,
        2 => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        3 => &signature::RSA_PSS_2048_8192_SHA256,
        4 => &signature::RSA_PSS_2048_8192_SHA384,
        5 => &signature::RSA_PSS_2048_8192_SHA512,
        6 => &signature::ECDSA_P256_SHA256_ASN1,
        7 => &signature::ECDSA_P256_SHA384_ASN1,
        8 => &signature::ECDSA_P384_SHA256_ASN1,
        9 => &signature::ECDSA_P384_SHA384_ASN1,
        10 => &signature::ED25519,
        11 => &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        _ => return None,
    })
}

/// `verify(algorithm int, key, message, signed []byte) bool`.
fn verify(n: &mut Native<'_>) -> NativeResult {
    let (number, key, message, signed) = (n.int(), n.bytes(), n.bytes(), n.bytes());
    let (key, message, signed) = (key.to_vec(), message.to_vec(), signed.to_vec());
    let good = verification(number).is_some_and(|a| UnparsedPublicKey::new(a, key).verify(&message, &signed).is_ok());
    n.give_bool(good);
    Ok(Flow::Done)
}

/// `sign(algorithm int, key, message []byte) (signed []byte, ok bool)`.
fn sign(n: &mut Native<'_>) -> NativeResult {
    let (number, key, message) = (n.int(), n.bytes(), n.bytes());
    let (key, message) = (key.to_vec(), message.to_vec());
    let random = SystemRandom::new();
    let signed = match number {
        0..=5 => {
            let how: &'static dyn signature::RsaEncoding = match number {
                0 => &signature::RSA_PKCS1_SHA256,
                1 => &signature::RSA_PKCS1_SHA384,
                2 => &signature::RSA_PKCS1_SHA512,
                3 => &signature::RSA_PSS_SHA256,
                4 => &signature::RSA_PSS_SHA384,
                _ => &signature::RSA_PSS_SHA512,
            };
            RsaKeyPair::from_pkcs8(&key).ok().and_then(|pair| {
                let mut signed = vec![0; pair.public().modulus_len()];
                pair.sign(how, &random, &message, &mut signed).ok().map(|()| signed)
            })
        }
        6 | 9 => {
            let curve = match number {
                6 => &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
                _ => &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
            };
            let pair = EcdsaKeyPair::from_pkcs8(curve, &key, &random).ok();
            pair.and_then(|pair| pair.sign(&random, &message).ok()).map(|s| s.as_ref().to_vec())
        }
        10 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key).ok().map(|pair| pair.sign(&message).as_ref().to_vec()),
        _ => None,
    };
    n.give_bytes(signed.as_deref().unwrap_or_default())?;
    n.give_bool(signed.is_some());
    Ok(Flow::Done)
}

/// `generate(algorithm int, seed []byte) (key, public []byte, ok bool)`: a new key; with Ed25519 that of the seed, if
/// there is one.
fn generate(n: &mut Native<'_>) -> NativeResult {
    let (number, seed) = (n.int(), n.bytes().to_vec());
    let random = SystemRandom::new();
    let curve = match number {
        6 => &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
        _ => &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
    };
    let made = match number {
        6 | 9 => EcdsaKeyPair::generate_pkcs8(curve, &random).ok().and_then(|key| {
            let pair = EcdsaKeyPair::from_pkcs8(curve, key.as_ref(), &random).ok()?;
            Some((key.as_ref().to_vec(), pair.public_key().as_ref().to_vec()))
        }),
        10 => Ed25519KeyPair::from_seed_unchecked(&seed).ok().map(|pair| (seed, pair.public_key().as_ref().to_vec())),
        _ => None,
    };
    let (key, public) = made.as_ref().map(|(k, p)| (&k[..], &p[..])).unwrap_or_default();
    n.give_bytes(key)?;
    n.give_bytes(public)?;
    n.give_bool(made.is_some());
    Ok(Flow::Done)
}
