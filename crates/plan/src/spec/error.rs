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
        error: Box<KeyError>,
    },
    /// Several keys do not fit.
    #[error("{}", listed(.0))]
    Several(Vec<SpecError>),
}

/// As many as a reader mends at once.
const SHOWN: usize = 10;

/// One error per line.
fn listed(errors: &[SpecError]) -> String {
    let shown = errors.iter().take(SHOWN).map(ToString::to_string);
    let mut lines: Vec<String> = shown.collect();
    if let more @ 1.. = errors.len().saturating_sub(SHOWN) {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n       ")
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
            Self::Several(errors) => {
                let placed = errors.into_iter();
                Self::Several(placed.map(|e| e.in_source(origin, source)).collect())
            }
            other => other,
        }
    }
}

impl From<KeyError> for SpecError {
    fn from(mut error: KeyError) -> Self {
        let others = std::mem::take(&mut error.others);
        let mut errors = Errors::default();
        errors.add(Self::Key {
            place: String::new(),
            error: Box::new(error),
        });
        others
            .into_iter()
            .for_each(|other| errors.add(other.into()));
        errors.into_one().expect("there is a first")
    }
}

/// What is wrong with a spec, gathered over its tables.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<SpecError>);

impl Errors {
    /// The value, or else its error is kept.
    pub(crate) fn take<T>(&mut self, result: Result<T, impl Into<SpecError>>) -> Option<T> {
        result.map_err(|error| self.add(error.into())).ok()
    }

    fn add(&mut self, error: SpecError) {
        match error {
            SpecError::Several(errors) => self.0.extend(errors),
            error => self.0.push(error),
        }
    }

    /// All of them as one, if there are any.
    fn into_one(mut self) -> Option<SpecError> {
        match self.0.len() {
            0 | 1 => self.0.pop(),
            _ => Some(SpecError::Several(self.0)),
        }
    }

    /// An error if there are any.
    ///
    /// # Errors
    /// All that were kept.
    pub(crate) fn none(self) -> Result<(), SpecError> {
        self.into_one().map_or(Ok(()), Err)
    }
}
