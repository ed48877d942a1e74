use std::path::PathBuf;

use tasks::KeyError;
use thiserror::Error;

/// Why a spec cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The file cannot be read.
    #[error("{}: {problem}. {hint}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        problem: String,
        /// What to do.
        hint: String,
    },
    /// The file is not TOML.
    #[error("{place}: not valid TOML: {problem}")]
    Syntax {
        /// File and line.
        place: String,
        /// What the parser says.
        problem: String,
    },
    /// A key does not fit.
    #[error("{place}{error}")]
    Key {
        /// File and line with a colon and a space, or nothing before they are known.
        place: String,
        /// The key, its value, the problem and what to do.
        error: KeyError,
    },
}

impl SpecError {
    /// An error about a key whose place in the file is not known yet.
    pub fn key(
        key: impl Into<String>,
        value: impl ToString,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        KeyError::new(key, value, problem, hint).into()
    }

    /// The same error with the file, and the line of the key where `source` has it.
    #[must_use]
    pub fn in_source(self, origin: &str, source: &str) -> Self {
        match self {
            Self::Key { place, error } if place.is_empty() => {
                let line = super::place::line_of(source, &error.key);
                let place = match line {
                    Some(line) => format!("{origin}:{line}: "),
                    None => format!("{origin}: "),
                };
                Self::Key { place, error }
            }
            other => other,
        }
    }
}

impl From<KeyError> for SpecError {
    fn from(error: KeyError) -> Self {
        Self::Key {
            place: String::new(),
            error,
        }
    }
}
