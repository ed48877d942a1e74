use plan::spec::{Origin, Outcome, Threshold};
use serde::{Deserialize, Serialize};

use crate::{leaderboard::LeaderboardVerdict, order_test::OrderInfo, seed_share::SeedShare};

/// The verdicts of one run, as written to `verdict.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VerdictFile {
    /// Experiment name.
    pub name: String,
    /// One entry per claim, in the order of the spec.
    pub claims: Vec<ClaimVerdict>,
    /// One entry per reported number, in the order of the spec.
    pub numbers: Vec<ReportedNumber>,
    /// One entry per leaderboard of explanations, in the order of the spec.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaderboards: Vec<LeaderboardVerdict>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The verdict of one claim and its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimVerdict {
    /// Short name (`E1`).
    pub id: String,
    /// The statement that was judged.
    pub statement: String,
    /// Where the statement comes from.
    pub source: String,
    /// The claimed side of the threshold.
    pub threshold: Threshold,
    /// The threshold at the time of the run, if it was changed later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold_at_run: Option<Threshold>,
    /// Where the threshold comes from, if the spec says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The verdict, which takes the controls into account.
    pub outcome: Outcome,
    /// The reason for the verdict, in one sentence with its numbers.
    pub reason: String,
    /// The claim's own measurement.
    pub measured: Judgement,
    /// The controls.
    pub controls: Vec<ControlVerdict>,
    /// The same rule applied to other models.
    pub compared: Vec<Judgement>,
    /// The same statistic on all other models and predictions that have the metric. It does not
    /// affect the verdict.
    #[serde(default)]
    pub alongside: Vec<Judgement>,
    /// p-value of the outcome at the threshold; `None` for an undecided claim.
    #[serde(default)]
    pub p_value: Option<f64>,
    /// The p-value after Holm's correction for all claims of the experiment.
    #[serde(default)]
    pub holm_p: Option<f64>,
    /// The nominal share of cases in which the claim would be supported by chance if it were just not
    /// true; 0 where so few seeds support nothing.
    #[serde(default)]
    pub false_support: Option<f64>,
    /// Whether the claim is about a solvable model (twin, linear, theory). It then verifies the
    /// mathematics and the program, and is no test of nets.
    #[serde(default)]
    pub verification: bool,
    /// Other models that pass the same test, so the test does not distinguish them from the model
    /// of the claim.
    pub shared_with: Vec<String>,
}

impl ClaimVerdict {
    /// The verdict in a word. What a threshold of a pilot supports was seen before: it is replicated.
    pub fn word(&self) -> &'static str {
        match (self.outcome, self.origin) {
            (Outcome::Supported, Some(Origin::Pilot)) => "replicated",
            (Outcome::Supported, _) => "supported",
            (Outcome::Contradicted, _) => "contradicted",
            (Outcome::Undecided, _) => "undecided",
        }
    }
}

/// A control, and whether it got the verdict that it must get.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlVerdict {
    /// What the control is.
    pub name: String,
    /// The required verdict.
    pub must: Outcome,
    /// Whether the control got the required verdict.
    pub met: bool,
    /// Its measurement.
    pub judgement: Judgement,
}

/// One statistic on one model and variant group, judged against a threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Model or prediction.
    pub model: String,
    /// Variant group.
    pub variant: String,
    /// Name of the statistic.
    pub statistic: String,
    /// The verdict of this measurement alone.
    pub outcome: Outcome,
    /// What an order or a slope is along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderInfo>,
    /// In how many seeds all parts lie on the claimed side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed_share: Option<SeedShare>,
    /// The parts, for example one per skill; all must hold.
    pub components: Vec<ComponentJudgement>,
    /// Notes for the reader about censored curves or missing seeds.
    pub notes: Vec<String>,
}

/// One part of a statistic: its value per seed, its centre and interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComponentJudgement {
    /// What the part is (`skill 2`), empty when there is only one.
    pub label: String,
    /// Number of seeds with a value.
    pub seeds: usize,
    /// Number of these seeds whose value is only a bound.
    pub censored: usize,
    /// Number of these bounds that are upper bounds, for times before the first record of a curve.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub at_most: usize,
    /// Median or mean; `None` if censored values leave it unknown.
    pub centre: Option<f64>,
    /// Lower end of the interval; `None` is minus infinity.
    pub low: Option<f64>,
    /// Upper end; `None` is plus infinity.
    pub high: Option<f64>,
    /// Coverage of the interval (0.95, or a little more for order statistics); `None` if there are
    /// too few seeds for an interval.
    pub coverage: Option<f64>,
    /// Effect size: how far the centre lies on the claimed side of the threshold, in standard
    /// deviations over seeds. `None` for bounds, and where all seeds agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<f64>,
    /// Two-sided p of an order over arrangements of its places, where the seeds alone would support
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_p: Option<f64>,
    /// Verdict of this part.
    pub outcome: Outcome,
    /// The values, one per seed, in the order of the seeds; `None` for a seed without a value.
    pub values: Vec<Option<f64>>,
}

/// A number that is reported, not judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportedNumber {
    /// Short name.
    pub id: String,
    /// Description with unit.
    pub statement: String,
    /// Model or prediction.
    pub model: String,
    /// Its parts.
    pub components: Vec<ComponentJudgement>,
}
