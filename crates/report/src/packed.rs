//! Many numbers in little room: single precision, little-endian, in base64.

use serde::{Serialize, Serializer, ser::SerializeSeq};

/// Numbers that are embedded in a page: a string of base64 over 32-bit floats (about seven digits),
/// or, where a number is too large or too small for those, a list. In a list "∞" and "−∞" stand
/// for infinite values, and `null` for what is not a number.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Packed(pub(crate) Vec<f64>);

impl Packed {
    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every number survives the rounding.
    fn fits(&self) -> bool {
        self.0.iter().all(|&value| {
            let kept = value as f32;
            !value.is_finite() || value == 0.0 || (kept.is_finite() && kept.is_normal())
        })
    }
}

impl FromIterator<f64> for Packed {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.fits() {
            let bytes = self.0.iter().flat_map(|&v| (v as f32).to_le_bytes());
            return serializer.serialize_str(&base64(&bytes.collect::<Vec<u8>>()));
        }
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for &value in &self.0 {
            if value.is_infinite() {
                list.serialize_element(if value > 0.0 { "∞" } else { "−∞" })?;
            } else {
                // Not a number becomes `null`.
                list.serialize_element(&value)?;
            }
        }
        list.end()
    }
}

/// Base64 with padding [RFC 4648, Sec. 4].
pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            if place > chunk.len() {
                text.push('=');
            } else {
                let six = (bits >> (18 - 6 * place)) & 63;
                text.push(char::from(LETTERS[six as usize]));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        let pairs = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, coded) in pairs {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn what_single_precision_would_lose_is_a_list() {
        let text = |values: &[f64]| {
            let packed: Packed = values.iter().copied().collect();
            serde_json::to_string(&packed).unwrap()
        };
        assert_eq!(text(&[1.0, f64::INFINITY]), "\"AACAPwAAgH8=\"");
        assert_eq!(
            text(&[1e-60, 0.5, f64::NAN, f64::NEG_INFINITY]),
            "[1e-60,0.5,null,\"−∞\"]"
        );
    }
}
