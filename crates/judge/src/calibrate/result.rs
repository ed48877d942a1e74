use plan::spec::{Outcome, Threshold};
use record::RunFolderError;
use serde::{Deserialize, Serialize};

use super::TOLERATED;
use crate::run::Run;

/// How often the claims of a run are supported by null data, by curves of other laws, and with
/// other numbers of seeds, as written to `calibration.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Experiment name.
    pub name: String,
    /// What was trained, as in the manifest.
    pub spec_hash: String,
    /// Seeds of the run.
    pub seeds: Vec<u64>,
    /// Number of draws for each share that is not exact.
    pub draws: u64,
    /// One entry per claim, in the order of the spec.
    pub claims: Vec<ClaimCalibration>,
}

impl Calibration {
    /// Reads the calibration in the folder of a run, and keeps the claims that have not changed.
    /// `None` if the folder has no calibration of this run.
    pub fn of_run(run: &Run) -> Option<Self> {
        let mut found: Self = record::read_calibration(&run.path)?;
        let manifest = &run.manifest;
        let claims = &run.spec.claims;
        found.claims.retain(|known| {
            let mut claims = claims.iter();
            claims.any(|claim| claim.id == known.id && claim.threshold == known.threshold)
        });
        (found.spec_hash == manifest.spec_hash && found.seeds == manifest.seeds).then_some(found)
    }

    /// Writes `calibration.json` into the folder of a run, and changes nothing else.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, run: &Run) -> Result<(), RunFolderError> {
        record::write_calibration(&run.path, self)
    }

    /// The calibration of a claim.
    pub fn claim(&self, id: &str) -> Option<&ClaimCalibration> {
        self.claims.iter().find(|claim| claim.id == id)
    }
}

/// The calibration of one claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimCalibration {
    /// Short name.
    pub id: String,
    /// The statement.
    pub statement: String,
    /// The threshold, with its claimed side.
    pub threshold: Threshold,
    /// Whether the claim is about a solvable model.
    pub verification: bool,
    /// The verdict on the recorded data, without controls.
    pub outcome: Outcome,
    /// Shares of *supported* on null data.
    pub nulls: Vec<NullRate>,
    /// Shares of *supported* on generated curves; empty if the claim is not about curves of an
    /// indexed metric.
    pub generators: Vec<GeneratorRate>,
    /// Power by number of seeds.
    pub power: Vec<PowerPoint>,
}

impl ClaimCalibration {
    /// The null data that support the claim most often; `None` if no kind of null data applies.
    pub fn worst(&self) -> Option<&NullRate> {
        let counting = self.nulls.iter().filter(|null| null.counts);
        // Among equal shares, take the first.
        counting.reduce(|worst, null| match null.supported > worst.supported {
            true => null,
            false => worst,
        })
    }

    /// Whether null data support the claim too often.
    pub fn is_lax(&self) -> bool {
        self.worst().is_some_and(|null| null.supported > TOLERATED)
    }

    /// Wrong generators that support the claim in more than 5 % of draws.
    pub fn not_told_apart(&self) -> impl Iterator<Item = &GeneratorRate> {
        let wrong = self.generators.iter().filter(|generator| !generator.right);
        wrong.filter(|generator| generator.supported > TOLERATED)
    }

    /// The share of *supported* with a number of seeds.
    pub fn power_at(&self, seeds: usize) -> Option<f64> {
        let point = self.power.iter().find(|point| point.seeds == seeds);
        point.map(|point| point.supported)
    }
}

/// Kinds of null data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Null {
    /// Knob values are permuted, in the same way for all seeds.
    CommonKnob,
    /// Knob values are permuted, independently for each seed.
    KnobPerSeed,
    /// Indices are permuted, in the same way for all seeds.
    CommonIndices,
    /// Indices are permuted, independently for each seed.
    IndicesPerSeed,
    /// Values lie at the threshold, with the deviations of the seeds and random signs.
    AtThreshold,
}

impl Null {
    /// The kind in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::CommonKnob => "knob values permuted",
            Self::KnobPerSeed => "knob values permuted per seed",
            Self::CommonIndices => "indices permuted",
            Self::IndicesPerSeed => "indices permuted per seed",
            Self::AtThreshold => "values at the threshold",
        }
    }
}

/// The share of *supported* on one kind of null data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NullRate {
    /// The kind of null data.
    pub null: Null,
    /// Share that is supported.
    pub supported: f64,
    /// Share that would be supported by the intervals alone, without the permutation test that
    /// claims of an order must pass.
    pub by_interval: f64,
    /// Number of null data sets.
    pub of: u64,
    /// Whether all possible data sets were enumerated, so that the shares are exact.
    pub exact: bool,
    /// Whether the share counts for or against the claim. It does not count if the claim is that
    /// nothing depends on the places. With fewer than 20 arrangements, the recorded one alone makes
    /// up more than 5 %, so the share counts only for a claim of an order.
    pub counts: bool,
}

/// The share of *supported* on curves of one generator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GeneratorRate {
    /// The generator.
    pub generator: String,
    /// Whether this is the law of the claim's model: the linear law for a plain linear model, the
    /// layered law otherwise.
    pub right: bool,
    /// Share that is supported.
    pub supported: f64,
}

/// The share of *supported* with a number of seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PowerPoint {
    /// Number of seeds, drawn with replacement from the recorded ones.
    pub seeds: usize,
    /// Share that is supported.
    pub supported: f64,
}
