//! JSON files that carry a checksum of their content: `{"blake3":"…","content":…}`.

use std::{fs, path::Path};

use serde::{Serialize, de::DeserializeOwned};

use crate::RunFolderError;

const HEAD: &str = "{\"blake3\":\"";
const MIDDLE: &str = "\",\"content\":";
const TAIL: &str = "}\n";
/// Hexadecimal digits of a BLAKE3 hash.
const DIGITS: usize = 64;

/// The bytes of the sealed file.
pub(crate) fn seal<T: Serialize>(value: &T) -> serde_json::Result<Vec<u8>> {
    let content = serde_json::to_string(value)?;
    let hash = blake3::hash(content.as_bytes()).to_hex();
    Ok(format!("{HEAD}{hash}{MIDDLE}{content}{TAIL}").into_bytes())
}

/// The content of a sealed file, after checking all its bytes.
pub(crate) fn unseal<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let damaged = || "is damaged: its checksum does not match its content".to_owned();
    let content = || -> Option<&[u8]> {
        let rest = bytes.strip_prefix(HEAD.as_bytes())?;
        let (hash, rest) = rest.split_at_checked(DIGITS)?;
        let content = rest.strip_prefix(MIDDLE.as_bytes())?;
        let content = content.strip_suffix(TAIL.as_bytes())?;
        let found = blake3::hash(content).to_hex();
        (found.as_bytes() == hash).then_some(content)
    };
    let content = content().ok_or_else(damaged)?;
    serde_json::from_slice(content).map_err(|error| error.to_string())
}

/// Reads a sealed file.
pub(crate) fn read_sealed<T: DeserializeOwned>(path: &Path) -> Result<T, RunFolderError> {
    let bytes = fs::read(path).map_err(|error| RunFolderError::read(path, error))?;
    unseal(&bytes).map_err(|problem| RunFolderError::damaged(path, problem))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let value = (7_u64, 0.1, "text, \"quoted\"".to_owned(), f64::MIN_POSITIVE);
        let bytes = seal(&value).unwrap();
        assert_eq!(unseal::<(u64, f64, String, f64)>(&bytes).unwrap(), value);
        serde_json::from_slice::<serde_json::Value>(&bytes).unwrap();
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(unseal::<serde_json::Value>(&flipped).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            let cut = unseal::<serde_json::Value>(&bytes[..length]);
            assert!(cut.is_err(), "{length} bytes");
        }
    }
}
