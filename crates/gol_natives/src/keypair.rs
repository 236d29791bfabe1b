//! `crypto/internal/keypair`: what of signatures is worth a native, by ring.
//!
//! Keys are bytes of the script: public ones what stands in a certificate's bit string, private ones of Ed25519 their
//! seeds. So nothing here outlives a call.

use crate::Table;
use gol_vm::{Flow, Native, NativeResult};
use ring::signature::{self, Ed25519KeyPair, KeyPair, UnparsedPublicKey, VerificationAlgorithm};

pub(crate) const TABLE: Table = &[("verify", verify), ("signEd25519", sign), ("publicEd25519", public)];

/// The numbers of algorithms in `keypair.gol`.
fn verification(number: i64) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match number {
        0 => &signature::ECDSA_P256_SHA256_ASN1,
        1 => &signature::ECDSA_P256_SHA384_ASN1,
        2 => &signature::ECDSA_P384_SHA256_ASN1,
        3 => &signature::ECDSA_P384_SHA384_ASN1,
        4 => &signature::ED25519,
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

/// `signEd25519(seed, message []byte) []byte`: a seed of another length than 32 signs nothing.
fn sign(n: &mut Native<'_>) -> NativeResult {
    let (seed, message) = (n.bytes(), n.bytes());
    let (seed, message) = (seed.to_vec(), message.to_vec());
    let signed = Ed25519KeyPair::from_seed_unchecked(&seed).map(|pair| pair.sign(&message).as_ref().to_vec());
    n.give_bytes(&signed.unwrap_or_default())?;
    Ok(Flow::Done)
}

/// `publicEd25519(seed []byte) []byte`: the public key of a seed.
fn public(n: &mut Native<'_>) -> NativeResult {
    let seed = n.bytes().to_vec();
    let public = Ed25519KeyPair::from_seed_unchecked(&seed).map(|pair| pair.public_key().as_ref().to_vec());
    n.give_bytes(&public.unwrap_or_default())?;
    Ok(Flow::Done)
}
