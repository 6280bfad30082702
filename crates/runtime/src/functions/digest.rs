//! Digests of many texts, and how an id spells one.

use std::io::Write as _;

use blake2b_simd::Params;
use blake2b_simd::many::{HashManyJob, hash_many};

/// How many texts are digested side by side: several times what a processor does at once, since texts of different lengths end at
/// different times.
const AT_ONCE: usize = 64;

/// The two hexadecimal digits of each byte.
const HEX: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

/// How the text of an id is digested and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Digest {
    /// 128 bits in hexadecimal.
    Stable,
    /// 63 bits in decimal.
    Hash64,
}

/// The bytes of a digest; one of 64 bits has only the first half of them.
pub(super) type Bytes = [u8; 16];

impl Digest {
    /// The bytes of a digest.
    fn length(self) -> usize {
        match self {
            Self::Stable => 16,
            Self::Hash64 => 8,
        }
    }

    /// The bytes that [`write`](Self::write) adds at most.
    pub fn room(self) -> usize {
        match self {
            Self::Stable => ":".len() + 32,
            Self::Hash64 => ":".len() + 19,
        }
    }

    /// The digest of each text in order; zeros where there is none.
    pub fn of<'a>(self, texts: impl Iterator<Item = Option<&'a str>>) -> Vec<Bytes> {
        let mut params = Params::new();
        params.hash_length(self.length());
        let finish = |waiting: &mut Vec<(usize, HashManyJob<'a>)>, digests: &mut Vec<Bytes>| {
            hash_many(waiting.iter_mut().map(|(_, job)| job));
            for (place, job) in waiting.drain(..) {
                digests[place][..self.length()].copy_from_slice(job.to_hash().as_bytes());
            }
        };
        let mut digests = Vec::with_capacity(texts.size_hint().0);
        let mut waiting = Vec::with_capacity(AT_ONCE);
        for text in texts {
            if let Some(text) = text {
                waiting.push((digests.len(), HashManyJob::new(&params, text.as_bytes())));
            }
            digests.push(Bytes::default());
            if waiting.len() == AT_ONCE {
                finish(&mut waiting, &mut digests);
            }
        }
        finish(&mut waiting, &mut digests);
        digests
    }

    /// Writes a colon and a digest behind what is already written.
    pub fn write(self, digest: &Bytes, to: &mut Vec<u8>) {
        match self {
            Self::Stable => {
                let mut text = [b':'; 33];
                for (pair, byte) in text[1..].chunks_exact_mut(2).zip(digest) {
                    pair.copy_from_slice(&HEX[usize::from(*byte)]);
                }
                to.extend_from_slice(&text);
            }
            Self::Hash64 => {
                let bytes = digest.first_chunk().expect("a digest has more than 8 bytes");
                let number = u64::from_be_bytes(*bytes) & (u64::MAX >> 1);
                write!(to, ":{number}").expect("memory takes every byte");
            }
        }
    }
}
