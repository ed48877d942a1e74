//! Metrics: what is read off a model while it trains, and what follows from its whole curves.
//!
//! A [`Metric`] gets a [`Snapshot`] (a model at one step, and the data) and gives [`Reading`]s. Each kind
//! is one file here and one line in [`crate::Kinds`].

pub(crate) mod accuracy;
pub(crate) mod amplification;
pub(crate) mod balance;
pub(crate) mod class_norms;
pub(crate) mod class_plane;
pub(crate) mod class_sum;
pub(crate) mod collapse;
pub(crate) mod compute;
pub(crate) mod conserved;
pub(crate) mod curvature;
pub(crate) mod features;
pub(crate) mod fourier;
pub(crate) mod gradients;
pub(crate) mod kernel;
pub(crate) mod key_frequencies;
pub(crate) mod linearised_gap;
pub(crate) mod logits;
pub(crate) mod loss;
pub(crate) mod mode_sizes;
pub(crate) mod modes;
pub(crate) mod outputs;
pub(crate) mod patterns;
pub(crate) mod ranks;
pub(crate) mod scales;
pub(crate) mod skills;
mod snapshot;
pub(crate) mod walsh;
pub(crate) mod weights;

use std::ops::RangeInclusive;

use metrics::MetricError;
use mlp::MlpError;
use models::Model;
use tasks::{KeyError, Task};
use thiserror::Error;

use crate::derived::{Derived, ModelCurves};

pub use snapshot::{ModelReader, Snapshot};

/// Why a metric could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// The model could not be read off its device.
    #[error("{0}")]
    Model(String),
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

/// Layers of the net that a model is on the host, where it is one.
fn layers(task: &dyn Task, model: &dyn Model) -> Option<u64> {
    let initial = model.initial(&*task.instance(0), task.shape(), 0);
    Some(model.host(&initial)?.net.layers.len() as u64)
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
pub trait Metric: Send + Sync {
    /// The spec table with every default written out, `kind` included.
    fn resolved(&self) -> toml::Table;

    /// The part of the table that decides what is measured, which is part of a cell's identity. Keys
    /// that only decide what is derived from the curves are left out: changing them never trains.
    fn identity(&self) -> toml::Table {
        self.resolved()
    }

    /// Names of the metrics that it gives.
    fn metrics(&self) -> &'static [&'static str];

    /// What an index of one of its metrics counts (`skill`, `layer`); empty where it has none.
    fn index_name(&self, _metric: &str) -> &'static str {
        ""
    }

    /// The indices that a metric has for a model on a task, first to last: what curves from elsewhere
    /// are checked against. `None` where only measuring tells, as it does of an index that this method
    /// does not know.
    fn indices(
        &self,
        metric: &str,
        task: &dyn Task,
        _model: &dyn Model,
    ) -> Option<RangeInclusive<u64>> {
        match self.index_name(metric) {
            "" => Some(0..=0),
            "skill" => Some(1..=task.instance(0).groups().len() as u64),
            "class" => Some(1..=task.shape().outputs as u64),
            _ => None,
        }
    }

    /// Names of the metrics that [`Self::derive`] gives.
    fn derived_metrics(&self) -> &'static [&'static str] {
        &[]
    }

    /// The metrics without which one of [`Metric::derived_metrics`] cannot be computed.
    fn derived_from(&self, _derived: &str) -> &'static [&'static str] {
        self.metrics()
    }

    /// What follows from the whole curves of one model in one cell: times at which they cross a level,
    /// say. A time that did not come before the last step is infinite.
    fn derive(&self, _curves: ModelCurves<'_>) -> Vec<Derived> {
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
