//! What many claims make of their p-values and rates.

use plan::spec::Outcome;

use crate::{calibrate::Calibration, verdict::VerdictFile};

/// Rate of Holm's correction.
const RATE: f64 = 0.05;

/// What the number of claims makes of their verdicts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Multiplicity {
    /// All claims.
    pub claims: usize,
    /// Claims about solvable models.
    pub verifications: usize,
    /// Supported or contradicted.
    pub decided: usize,
    /// Decided, and after Holm's correction within their experiment still at p ≤ .05.
    pub kept: usize,
    /// Number of false supports to be expected if all claims were just not true.
    pub false_supports: f64,
    /// Claims whose share of it is calibrated on null data; of the others it is nominal.
    pub calibrated: usize,
    /// Supported claims of calibrated runs.
    pub supported: usize,
    /// How many of them a repetition with as many seeds is expected to support again.
    pub replicated: f64,
}

impl Multiplicity {
    /// Of all claims of several runs, with the calibrations of those that have one.
    pub fn of<'a>(runs: impl Iterator<Item = (&'a VerdictFile, Option<&'a Calibration>)>) -> Self {
        let mut all = Self::default();
        for (verdict, calibration) in runs {
            for claim in &verdict.claims {
                let calibrated = calibration.and_then(|known| known.claim(&claim.id));
                let worst = calibrated.and_then(|known| known.worst());
                let rate = worst.map_or(claim.false_support, |null| Some(null.supported));
                all.claims += 1;
                all.verifications += usize::from(claim.verification);
                all.decided += usize::from(claim.outcome != Outcome::Undecided);
                all.kept += usize::from(claim.holm_p.is_some_and(|p| p <= RATE));
                all.false_supports += rate.unwrap_or(0.0);
                all.calibrated += usize::from(worst.is_some());
                let seeds = claim
                    .measured
                    .components
                    .first()
                    .map(|part| part.values.len());
                let power = calibrated
                    .zip(seeds)
                    .and_then(|(known, seeds)| known.power_at(seeds));
                if let (Outcome::Supported, Some(power)) = (claim.outcome, power) {
                    all.supported += 1;
                    all.replicated += power;
                }
            }
        }
        all
    }
}
