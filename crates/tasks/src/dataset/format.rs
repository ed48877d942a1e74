//! Format of a user's table: separator, decimal mark, header and row numbers.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Separator between the fields of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Separator(u8);

impl Separator {
    pub(super) const COMMA: Self = Self(b',');
    /// Runs of blanks and tabs.
    pub(super) const BLANKS: Self = Self(b' ');
    /// Separators that detection tries, in addition to blanks.
    pub(super) const USUAL: [Self; 4] = [Self::COMMA, Self(b';'), Self(b'\t'), Self(b'|')];

    /// The character; a blank represents runs of blanks.
    pub(super) fn byte(self) -> u8 {
        self.0
    }
}

impl FromStr for Separator {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "comma" => Ok(Self::COMMA),
            "semicolon" => Ok(Self(b';')),
            "tab" | "\\t" => Ok(Self(b'\t')),
            "bar" | "pipe" => Ok(Self(b'|')),
            "blanks" | "blank" | "space" | "spaces" => Ok(Self::BLANKS),
            text => match text.as_bytes() {
                // Characters of numbers, quotes and line ends cannot be separators.
                [byte @ (b'\t' | b' ' | 0x21..=0x7e)]
                    if !byte.is_ascii_alphanumeric() && !b"\"'+-._".contains(byte) =>
                {
                    Ok(Self(*byte))
                }
                _ => Err(format!(
                    "{text:?} is not a separator, expected \",\", \";\", \"tab\", \"|\" or \
                     \"blanks\""
                )),
            },
        }
    }
}

impl TryFrom<String> for Separator {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Separator> for String {
    fn from(separator: Separator) -> Self {
        match separator.0 {
            b'\t' => "tab".to_owned(),
            b' ' => "blanks".to_owned(),
            byte => char::from(byte).to_string(),
        }
    }
}

/// Decimal mark of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum Decimal {
    /// 1.5
    Point,
    /// 1,5
    Comma,
}

impl FromStr for Decimal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "." | "point" => Ok(Self::Point),
            "," | "comma" => Ok(Self::Comma),
            _ => Err(format!(
                "{text:?} is not a decimal mark, expected \".\" or \",\""
            )),
        }
    }
}

impl TryFrom<String> for Decimal {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Decimal> for String {
    fn from(decimal: Decimal) -> Self {
        match decimal {
            Decimal::Point => ".".to_owned(),
            Decimal::Comma => ",".to_owned(),
        }
    }
}

impl Decimal {
    /// The field as a finite number.
    pub(super) fn number(self, field: &str) -> Option<f64> {
        let value: Option<f64> = match (self, field.split_once(',')) {
            (Self::Comma, _) if field.contains('.') => None,
            (Self::Comma, Some((whole, decimals))) => decimals
                .starts_with(|c: char| c.is_ascii_digit())
                .then(|| format!("{whole}.{decimals}").parse().ok())
                .flatten(),
            _ => field.parse().ok(),
        };
        value.filter(|value| value.is_finite())
    }
}

/// Treatment of a column of row numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RowNumbers {
    /// The column is left out.
    Drop,
    /// The column is a feature like any other.
    Keep,
}

/// Format of a table; every `None` is detected from the text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableFormat {
    /// Separator between fields.
    pub separator: Option<Separator>,
    /// Decimal mark.
    pub decimal: Option<Decimal>,
    /// Whether the first line holds column names. If not, columns are named by their numbers, from
    /// 1.
    pub header: Option<bool>,
    /// Treatment of a column of row numbers, which is left out by default.
    pub index: Option<RowNumbers>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_decimal_marks_come_back_from_their_text() {
        for (text, byte, written) in [
            (",", b',', ","),
            ("comma", b',', ","),
            (";", b';', ";"),
            ("tab", b'\t', "tab"),
            ("\t", b'\t', "tab"),
            ("\\t", b'\t', "tab"),
            ("|", b'|', "|"),
            (":", b':', ":"),
            (" ", b' ', "blanks"),
        ] {
            let separator: Separator = text.parse().unwrap();
            assert_eq!(separator.byte(), byte);
            assert_eq!(String::from(separator), written);
            assert_eq!(written.parse(), Ok(separator));
        }
        for text in ["", "a", "1", ".", "-", "\"", ";;", "\n", "ä"] {
            assert!(text.parse::<Separator>().is_err(), "{text:?}");
        }
        assert_eq!(",".parse(), Ok(Decimal::Comma));
        assert_eq!("point".parse(), Ok(Decimal::Point));
        assert!("'".parse::<Decimal>().is_err());
    }

    #[test]
    fn numbers_have_one_decimal_mark() {
        for (field, point, comma) in [
            ("1.5", Some(1.5), None),
            ("1,5", None, Some(1.5)),
            ("-,5", None, Some(-0.5)),
            ("+1e+01", Some(10.0), Some(10.0)),
            ("-2,5E-3", None, Some(-0.0025)),
            ("7", Some(7.0), Some(7.0)),
            ("1.234,5", None, None),
            ("1,234.5", None, None),
            ("1,2,3", None, None),
            ("1,", None, None),
            ("1e999", None, None),
            ("nan", None, None),
            ("inf", None, None),
            ("", None, None),
        ] {
            assert_eq!(Decimal::Point.number(field), point, "{field}");
            assert_eq!(Decimal::Comma.number(field), comma, "{field}");
        }
    }
}
