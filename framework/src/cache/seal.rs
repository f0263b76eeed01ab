//! Values that leave the process, so that only what was stored under a key by this app is read from it.
//!
//! A Redis may be shared, written to by others, restored from anywhere. A sealed value is a version byte, the value and half of an
//! HMAC-SHA-256 over key and value: garbage, another key's value and another app's value do not open. It is not encrypted.

use std::fmt;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The form of the bytes; another number is another form.
const VERSION: u8 = 1;
/// Bytes of the hash: half of SHA-256, which nobody guesses.
const HASH: usize = 16;

/// The secret under which values are sealed; cheap to clone.
#[derive(Clone)]
pub struct Seal(Hmac<Sha256>);

/// Without the secret.
impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

impl Seal {
    /// What a sealed value is longer than the value.
    pub const OVERHEAD: usize = 1 + HASH;

    /// Under a secret, for one use of it: what one use seals does not open for another.
    #[must_use]
    pub fn new(secret: &[u8], purpose: &str) -> Self {
        let keyed: Hmac<Sha256> = Hmac::new_from_slice(secret).expect("HMAC takes a key of any length");
        let derived = keyed.chain_update(purpose.as_bytes()).finalize().into_bytes();
        Self(Hmac::new_from_slice(&derived).expect("HMAC takes a key of any length"))
    }

    /// The value as it is stored under `key`.
    #[must_use]
    pub fn seal(&self, key: &str, value: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(value.len() + Self::OVERHEAD);
        sealed.push(VERSION);
        sealed.extend_from_slice(value);
        let hash = self.mac(key, &sealed).finalize().into_bytes();
        sealed.extend_from_slice(&hash[..HASH]);
        sealed
    }

    /// The value that was stored under `key`; `None` for anything that [`seal`](Self::seal) did not make for this key.
    #[must_use]
    pub fn open(&self, key: &str, sealed: &Bytes) -> Option<Bytes> {
        let end = sealed.len().checked_sub(HASH).filter(|end| *end > 0)?;
        let (signed, tag) = sealed.split_at(end);
        self.mac(key, signed).verify_truncated_left(tag).ok()?;
        (signed[0] == VERSION).then(|| sealed.slice(1..end))
    }

    fn mac(&self, key: &str, signed: &[u8]) -> Hmac<Sha256> {
        // With its length before it, so that no other key and value give the same bytes.
        self.0.clone().chain_update((key.len() as u64).to_be_bytes()).chain_update(key).chain_update(signed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> Seal {
        Seal::new(b"secret", "counts")
    }

    fn open(seal: &Seal, key: &str, sealed: &[u8]) -> Option<Bytes> {
        seal.open(key, &Bytes::copy_from_slice(sealed))
    }

    #[test]
    fn what_was_sealed_opens_under_its_key() {
        for value in [&b""[..], b"0", b"a value", &[0; 3000]] {
            let sealed = seal().seal("books:1", value);
            assert_eq!(sealed.len(), value.len() + Seal::OVERHEAD);
            assert_eq!(open(&seal(), "books:1", &sealed).as_deref(), Some(value));
        }
    }

    #[test]
    fn nothing_else_opens() {
        let sealed = seal().seal("books:1", b"12");
        assert_eq!(open(&seal(), "books:2", &sealed), None, "the value of another key");
        assert_eq!(open(&seal(), "books:", &seal().seal("books:1", b"2")), None, "a key that ends in the value");
        assert_eq!(open(&Seal::new(b"another", "counts"), "books:1", &sealed), None, "another app");
        assert_eq!(open(&Seal::new(b"secret", "answers"), "books:1", &sealed), None, "another use");
        for garbage in [&b""[..], b"12", &[VERSION], &[VERSION; HASH], &[VERSION; Seal::OVERHEAD], &[0xFF; 100]] {
            assert_eq!(open(&seal(), "books:1", garbage), None, "{garbage:?}");
        }
    }

    #[test]
    fn every_changed_bit_and_every_missing_byte_is_noticed() {
        let sealed = seal().seal("books:1", b"12");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&seal(), "books:1", &changed), None, "bit {bit}");
        }
        for end in 0..sealed.len() {
            assert_eq!(open(&seal(), "books:1", &sealed[..end]), None, "{end} bytes");
        }
    }
}
