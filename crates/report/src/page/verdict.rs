//! A verdict, as text.

use judge::ClaimVerdict;
use plan::spec::Outcome;
use serde::Serialize;

/// A verdict as a word and a symbol, never only as a colour.
#[derive(Serialize)]
pub(super) struct Verdict {
    word: String,
    symbol: &'static str,
}

/// A verdict as a symbol.
pub(crate) fn symbol(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Supported => "✓",
        Outcome::Contradicted => "✗",
        Outcome::Undecided => "?",
    }
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        Self {
            word: outcome.to_string(),
            symbol: symbol(outcome),
        }
    }
}

impl From<&ClaimVerdict> for Verdict {
    /// The verdict on a claim, which may be one that replicates its pilot.
    fn from(claim: &ClaimVerdict) -> Self {
        Self {
            word: claim.word().to_owned(),
            ..claim.outcome.into()
        }
    }
}
