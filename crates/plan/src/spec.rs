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
mod sweep;
mod training;

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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Short name, also the name of its run folder; that of the file where it is left out.
    pub name: String,
    /// One line.
    #[serde(default)]
    pub title: String,
    /// What it shows, in a few sentences.
    #[serde(default)]
    pub summary: String,
    /// The figure or section it reproduces.
    #[serde(default)]
    pub source: String,
    /// Expected minutes on 2 cores; 0 where that is not known.
    #[serde(default)]
    pub minutes: f64,
    /// What the experiment is about (`Emergence`, `Grokking`): pages over many runs group by it.
    #[serde(default = "other")]
    pub phenomenon: String,
    /// Whether `reproduce` leaves it out unless it is named.
    #[serde(default)]
    pub long: bool,
    /// The task: `kind` and its own keys.
    pub task: toml::Table,
    /// The models that are trained, by name: `kind` and its own keys each.
    pub models: toml::Table,
    /// The closed forms laid over them, by name: `kind` and its own keys each.
    #[serde(default)]
    pub predictions: toml::Table,
    /// How models are trained.
    pub training: Training,
    /// What is measured when: `metric`, `schedule` and the metric's own keys each. Where it is left
    /// out, losses, accuracies, skills, modes and collapse on log time, as far as they are defined.
    #[serde(default)]
    pub measure: Vec<toml::Table>,
    /// Variants of the spec that are run beside it.
    #[serde(default)]
    pub sweep: Sweep,
    /// What is judged.
    #[serde(default)]
    pub claims: Vec<Claim>,
    /// What is reported without judging.
    #[serde(default)]
    pub numbers: Vec<Number>,
    /// Explanations that compete on the curves of a model.
    #[serde(default)]
    pub leaderboards: Vec<Leaderboard>,
    /// What is drawn; where it is left out, what is measured of those.
    #[serde(default)]
    pub pictures: Vec<Picture>,
    /// Overrides for `--quick`: dotted key = value.
    #[serde(default)]
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
