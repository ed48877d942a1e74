use thiserror::Error;

/// Why a data set cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DataError {
    /// No shipped set has this name.
    #[error("{name:?} is not a shipped data set. Choose one of: {known}.")]
    Unknown {
        /// The name.
        name: String,
        /// Names that exist.
        known: String,
    },
    /// A file was changed.
    #[error(
        "{file} was changed: its SHA-256 is {found}, but its card says {expected}. Restore the \
         file."
    )]
    Checksum {
        /// The file.
        file: String,
        /// SHA-256 of the card.
        expected: String,
        /// SHA-256 of the file.
        found: String,
    },
    /// A shipped file is missing or invalid.
    #[error("{file} {problem}. Restore it, or correct its card.")]
    File {
        /// The file.
        file: String,
        /// What is wrong, as the end of a sentence about it.
        problem: String,
    },
    /// A user's file is missing or invalid.
    #[error("{file} {problem}. {hint}")]
    Own {
        /// The file.
        file: String,
        /// What is wrong, as the end of a sentence about it.
        problem: String,
        /// What to do.
        hint: String,
    },
}
