//! Turns a spec into a plan: everything that a run does, checked once and built.
//!
//! The input is a spec, a TOML file. [`load`] reads it, lets every kind check its own table, and
//! returns a [`Plan`]: variants with their tasks, models, metrics and predictions, and claims with
//! their statistics. The kinds that a spec can name are a value ([`Kinds`]), so that a crate
//! outside this workspace can add its own:
//!
//! | to add | write | and one line in |
//! |---|---|---|
//! | a metric | [`Metric`], in `src/metric/` | `kinds.rs` |
//! | a closed form laid over runs | [`Prediction`], in `src/prediction/` | `kinds.rs` |
//! | a statistic of claims | [`Statistic`], in `src/statistic/` | `kinds.rs` |
//! | a model | `Model` in `layerwise-models`, its function in `layerwise-nets` | `kinds.rs` there, `forward.rs` |
//! | a task | `Task` in `layerwise-tasks` | `lib.rs` there |
//!
//! What `layerwise show` prints of a kind, and what the JSON schema of specs says, is its [`tasks::Reference`]; see
//! [mod@reference].
//!
//! ```
//! use layerwise_plan::{Kinds, Options, load_source};
//!
//! let spec = r#"
//!     name = "tiny"
//!     title = "A net on one parity"
//!     summary = "An example."
//!     source = "none"
//!     minutes = 0.1
//!     [task]
//!     kind = "sparse-parity"
//!     bits = 6
//!     parity = 2
//!     [models.net]
//!     kind = "mlp"
//!     widths = [16]
//!     [training]
//!     seeds = 2
//!     steps = 100
//!     lr = 0.1
//!     [[measure]]
//!     kind = "loss"
//!     schedule = { kind = "linear", every = 10 }
//! "#;
//! let plan = load_source(spec, "tiny.toml", &Options::default(), &Kinds::default())?;
//! assert_eq!(plan.cells("flex", "auto").len(), 2);
//! assert_eq!(plan.variants[0].recorded_steps(0).len(), 11);
//! # Ok::<(), layerwise_plan::SpecError>(())
//! ```
//!
//! This crate trains nothing. It and all crates that judge and draw build without a deep-learning
//! framework.

mod check;
mod clock;
mod derived;
mod expand;
mod external;
mod identity;
mod kinds;
mod load;
mod log_time;
mod metric;
mod names;
mod plan;
mod prediction;
pub mod reference;
pub mod spec;
mod statistic;
mod tables;
mod times;

pub use ::metrics::Crossing;

pub use clock::Clock;
pub use derived::{Derived, ModelCurves};
pub use external::{CurveRow, Curves, Said, attach_checkpoints, attach_curves, check_model};
pub use identity::PlannedCell;
pub use kinds::Kinds;
pub use load::{Options, load, load_source, value_of};
pub use metric::{MeasureError, Metric, ModelReader, Reading, Snapshot};
pub use plan::{
    Claims, ExternalContent, ExternalModel, Plan, PlannedClaim, PlannedLeaderboard, PlannedMetric,
    PlannedModel, PlannedNumber, PlannedPrediction, Variant,
};
pub use prediction::{CellView, Prediction};
pub use spec::{Spec, SpecError};
pub use statistic::{
    Along, Arranged, CellRows, Component, Explanations, Measured, RecordedRun, Sample, Score,
    Selection, Statistic, explained_share, margin_bits,
};
pub use times::{STRENGTH, derive_times, half_time};
