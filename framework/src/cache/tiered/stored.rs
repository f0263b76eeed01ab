//! A value as Redis holds it, inside its seal.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};

/// Bytes of a number that nobody has drawn before.
pub(super) const NONCE: usize = 16;
/// By so many of its first bytes a sealed value is told from any other: the seal's version and the nonce.
pub(super) const STAMP: usize = 1 + NONCE;

pub(super) type Nonce = [u8; NONCE];

/// A number that nobody has drawn before; `None` where the system has no randomness to give.
pub(super) fn nonce() -> Option<Nonce> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).ok()?;
    Some(nonce)
}

/// What is stored under a key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stored {
    /// The value as JSON; `None` for the mark that it was invalidated, which keeps an older one from being stored.
    pub(super) json: Option<Bytes>,
    /// The last part of its time, in which it is shown only while it is loaded again.
    pub(super) stale: Duration,
    /// Its tags, each with the version under which it was loaded.
    pub(super) tags: Vec<(String, Nonce)>,
}

impl Stored {
    pub(super) fn invalidated() -> Self {
        Self { json: None, stale: Duration::ZERO, tags: Vec::new() }
    }

    /// Everything is written behind its length. `None` for what is too long to be written so.
    pub(super) fn encode(&self, nonce: Nonce) -> Option<Vec<u8>> {
        let mut bytes = nonce.to_vec();
        bytes.put_u8(u8::from(self.json.is_some()));
        bytes.put_u64(u64::try_from(self.stale.as_millis()).ok()?);
        bytes.put_u16(u16::try_from(self.tags.len()).ok()?);
        for (tag, version) in &self.tags {
            bytes.put_u16(u16::try_from(tag.len()).ok()?);
            bytes.put_slice(tag.as_bytes());
            bytes.put_slice(version);
        }
        bytes.extend_from_slice(self.json.as_deref().unwrap_or_default());
        Some(bytes)
    }

    pub(super) fn decode(mut bytes: Bytes) -> Option<Self> {
        bytes.try_copy_to_slice(&mut [0; NONCE]).ok()?;
        let has_value = bytes.try_get_u8().ok()? == 1;
        let stale = Duration::from_millis(bytes.try_get_u64().ok()?);
        let mut tags = Vec::new();
        for _ in 0..bytes.try_get_u16().ok()? {
            let length = usize::from(bytes.try_get_u16().ok()?);
            let tag = (bytes.len() >= length).then(|| bytes.split_to(length))?;
            let mut version = [0; NONCE];
            bytes.try_copy_to_slice(&mut version).ok()?;
            tags.push((String::from_utf8(tag.to_vec()).ok()?, version));
        }
        Some(Self { json: has_value.then_some(bytes), stale, tags })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let tags = vec![("author:1".to_owned(), [1; NONCE]), (String::new(), [2; NONCE])];
        for stored in [
            Stored::invalidated(),
            Stored { json: Some(Bytes::from_static(b"null")), stale: Duration::ZERO, tags: Vec::new() },
            Stored { json: Some(Bytes::from_static(b"[1]")), stale: Duration::from_secs(5), tags },
        ] {
            let bytes = stored.encode([7; NONCE]).expect("short enough");
            assert_eq!(bytes[..NONCE], [7; NONCE]);
            assert_eq!(Stored::decode(bytes.into()), Some(stored));
        }
        let long = Stored { tags: vec![("x".repeat(70_000), [0; NONCE])], ..Stored::invalidated() };
        assert_eq!(long.encode([0; NONCE]), None);
    }

    #[test]
    fn what_is_cut_off_is_not_read() {
        let tags = vec![("author:1".to_owned(), [1; NONCE])];
        let bytes = Stored { tags, ..Stored::invalidated() }.encode([7; NONCE]).expect("short enough");
        for end in 0..bytes.len() {
            assert_eq!(Stored::decode(Bytes::copy_from_slice(&bytes[..end])), None, "{end} bytes");
        }
    }
}
