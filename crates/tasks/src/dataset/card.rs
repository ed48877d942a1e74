use serde::{Deserialize, Serialize};

use super::DataError;

/// The card of a data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// One line.
    pub title: String,
    /// What the rows are.
    pub summary: String,
    /// Package, version and path within.
    pub source: String,
    /// Licence of the data, and of the package that carried them.
    pub licence: String,
    /// Attribution that the licence requires.
    pub attribution: String,
    /// Publication to cite.
    pub citation: String,
    /// Changes to the source.
    pub transform: String,
    /// N.
    pub rows: usize,
    /// D.
    pub features: usize,
    /// Names of the features, in order; empty if they have no names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feature_names: Vec<String>,
    /// Height and width, if the features are pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<[usize; 2]>,
    /// Upper bound of the absolute values of all inputs.
    pub largest: f64,
    /// Names of the classes, in the order of the labels.
    pub classes: Vec<String>,
    /// The files that hold the rows.
    pub files: Vec<CardFile>,
    /// File of the card, for messages.
    #[serde(skip)]
    pub(super) file: String,
}

/// One file of a data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardFile {
    /// Path relative to the card.
    pub path: String,
    /// What it holds.
    pub holds: Holds,
    /// Size.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// CSV: features, and the label in the last column.
    Rows,
    /// IDX: features.
    Features,
    /// IDX: labels.
    Labels,
}

impl Card {
    /// Reads the text of `file`.
    pub(super) fn read(text: &str, file: &str) -> Result<Self, DataError> {
        match toml::from_str::<Self>(text) {
            Ok(card) => Ok(Self {
                file: file.to_owned(),
                ..card
            }),
            Err(error) => Err(DataError::File {
                file: file.to_owned(),
                problem: format!("is not a card: {}", error.message().trim()),
            }),
        }
    }
}
