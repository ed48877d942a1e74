//! Metrics of a net while it trains. A metric kind is one file and one line in [`kinds`].

mod accuracy;
mod amplification;
mod balance;
mod class_norms;
mod class_plane;
mod collapse;
mod compute;
mod conserved;
pub(crate) mod curve_times;
mod entry;
mod features;
mod fourier;
mod kernel;
mod key_frequencies;
mod linearised_gap;
mod logits;
mod loss;
mod modes;
mod outputs;
mod patterns;
mod ranks;
mod scales;
mod skills;
mod snapshot;
mod walsh;
mod weights;

use metrics::MetricError;
use mlp::MlpError;
use nets::{LearnerError, Model};
use tasks::{KeyError, Registry, Task};
use thiserror::Error;

use crate::record::Observation;

pub use entry::{MeasureEntry, entry};
pub use snapshot::Snapshot;
pub(crate) use snapshot::{Reads, in_blocks};

/// Why a metric could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// The device failed.
    #[error("{0}")]
    Learner(#[from] LearnerError),
    /// The metric is not defined on what was found.
    #[error("{0}")]
    Metric(#[from] MetricError),
    /// The host net does not fit its data (a bug of ours).
    #[error("{0}")]
    Host(#[from] MlpError),
}

/// The error of a metric `kind` that cannot be read here, because it `needs` something.
fn lacks(kind: &str, needs: &str) -> KeyError {
    let hint = "Leave this metric out, or choose another task or model.";
    KeyError::new("kind", format!("{kind:?}"), format!("needs {needs}"), hint)
}

/// Checks a number of rows, which a metric may leave out.
fn at_least(key: &str, value: Option<u32>, least: u32) -> Result<(), KeyError> {
    match value.filter(|&value| value < least) {
        None => Ok(()),
        Some(value) => Err(KeyError::new(
            key,
            value,
            format!("must be {least} or more"),
            format!("Write {least} or more, or leave it out for all."),
        )),
    }
}

/// One number read off a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Metric.
    pub metric: &'static str,
    /// Skill, mode or class, counted from 1; 0 where the metric has none.
    pub index: u64,
    /// The value.
    pub value: f64,
}

/// A metric kind: what it reads off a model at one step. Pure in (parameters now, initial
/// parameters, data).
pub trait Measure: Send + Sync {
    /// The spec table with every default written out, `kind` included.
    fn resolved(&self) -> toml::Table;

    /// Names of the metrics that it gives.
    fn metrics(&self) -> &'static [&'static str];

    /// Names of the metrics that [`Self::derive`] gives.
    fn derived_metrics(&self) -> &'static [&'static str] {
        &[]
    }

    /// What follows from the whole curves of one model in one cell, once it has ended: times at
    /// which they cross a level, say. A time that did not come before the last step is infinite.
    fn derive(&self, _curves: &[Observation]) -> Vec<Observation> {
        Vec::new()
    }

    /// Other models of the spec that it reads.
    fn reads(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Whether it compares with the parameters at the step at which it was read before.
    fn remembers(&self) -> bool {
        false
    }

    /// Checks that it can be read off these models on this task.
    ///
    /// # Errors
    /// What it lacks.
    fn check(&self, _task: &dyn Task, _models: &[&dyn Model]) -> Result<(), KeyError> {
        Ok(())
    }

    /// Reads the metrics.
    ///
    /// # Errors
    /// The device failed, or the metric is not defined there.
    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError>;
}

/// The metric kinds of this crate.
pub fn kinds() -> Registry<dyn Measure> {
    Registry::new(
        "metric kind",
        [
            ("skills", skills::build),
            ("loss", loss::build),
            ("weights", weights::build),
            ("walsh", walsh::build),
            ("compute", compute::build),
            ("kernel", kernel::build),
            ("modes", modes::build),
            ("outputs", outputs::build),
            ("amplification", amplification::build),
            ("features", features::build),
            ("patterns", patterns::build),
            ("accuracy", accuracy::build),
            ("logits", logits::build),
            ("fourier", fourier::build),
            ("fourier-spectrum", fourier::build_spectrum),
            ("key-frequencies", key_frequencies::build),
            ("conserved", conserved::build),
            ("scales", scales::build),
            ("collapse", collapse::build),
            ("collapse-layers", collapse::build_layers),
            ("class-plane", class_plane::build),
            ("class-norms", class_norms::build),
            ("balance", balance::build),
            ("ranks", ranks::build),
            ("linearised-gap", linearised_gap::build),
        ],
    )
}
