//! The spec: what an experiment is, as data.
//!
//! A spec is one TOML file. [`crate::load`] reads it, applies `[quick]` and `-s` overrides, expands the
//! sweep, lets every kind check its own table, and writes every default back, so that a resolved spec
//! says everything and reads back to itself.

mod claim;
mod error;
mod leaderboard;
mod picture;
pub(crate) mod place;
mod schedule;
pub(crate) mod shared;
pub(crate) mod sweep;
mod training;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use claim::{Claim, Control, IntervalKind, Number, Origin, Outcome};
pub(crate) use error::Errors;
pub use error::SpecError;
pub use leaderboard::{Explanation, Leaderboard};
pub use models::{Decay, Loss, Optimizer, Precision, Reduction, Role};
pub use picture::{
    CrossingMark, Layer, LineStyle, Panel, PanelKind, Picture, Scale, Transform, VerdictTitles,
    XAxis,
};
pub use record::Threshold;
pub use schedule::Schedule;
pub use sweep::{Sweep, VariantChange};
pub use training::{LearningRateSchedule, StopWhen, Training};

/// An experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Short name, also that of the run folder; the name of the file if left out.
    #[schemars(default)]
    pub name: String,
    /// One line that says what the experiment shows; its name if left out.
    #[serde(default)]
    pub title: String,
    /// What the experiment shows, in a few sentences.
    #[serde(default)]
    pub summary: String,
    /// The figure or section that the experiment reproduces.
    #[serde(default)]
    pub source: String,
    /// Expected minutes on 2 cores; 0 where they are not known.
    #[serde(default)]
    pub minutes: f64,
    /// What the experiment is about ("Emergence", "Grokking"): pages over several experiments group by it.
    #[serde(default = "other")]
    pub phenomenon: String,
    /// Whether `reproduce` runs the experiment only when it is named.
    #[serde(default)]
    pub long: bool,
    /// The task: its `kind`, and the keys of the kind.
    #[schemars(schema_with = "shared::task")]
    pub task: toml::Table,
    /// The models that are trained, one table \[models.NAME\] each: the `kind`, and the keys of the kind.
    #[schemars(schema_with = "shared::models")]
    pub models: toml::Table,
    /// The closed forms that are laid over the models, one table \[predictions.NAME\] each: the `kind`, and the keys of the kind.
    #[serde(default)]
    #[schemars(schema_with = "shared::predictions")]
    pub predictions: toml::Table,
    /// How the models are trained.
    pub training: Training,
    /// What is measured when, one \[\[measure\]\] for each metric kind. If left out, losses, accuracies, skills, modes and neural
    /// collapse on log time, as far as the task and the models have them.
    #[serde(default)]
    #[schemars(schema_with = "shared::measure")]
    pub measure: Vec<toml::Table>,
    /// Variants of the spec that are run, too: named ones, and a grid of knobs.
    #[serde(default)]
    pub sweep: Sweep,
    /// The claims that are judged.
    #[serde(default)]
    pub claims: Vec<Claim>,
    /// Numbers that are reported with their interval and not judged; the values at the end if claims and pictures are left out, too.
    #[serde(default)]
    pub numbers: Vec<Number>,
    /// Explanations that compete on the curves of a model.
    #[serde(default)]
    pub leaderboards: Vec<Leaderboard>,
    /// The pictures that are drawn. If left out, the metrics that are measured by default.
    #[serde(default)]
    pub pictures: Vec<Picture>,
    /// What `--quick` changes, for a smoke test: dotted key = value.
    #[serde(default)]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub quick: toml::Table,
}

fn other() -> String {
    "Other".to_owned()
}

impl Spec {
    /// The spec as TOML text.
    ///
    /// # Panics
    /// Never for a spec that was read from TOML.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a spec that came from TOML goes back to TOML")
    }
}
