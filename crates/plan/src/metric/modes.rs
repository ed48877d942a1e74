use std::ops::RangeInclusive;

use models::Model;
use nalgebra::DMatrix;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{Batch, KeyError, Quantity, Reference, Task, parse_table, table_of};
use theory::full_svd;

use super::{MeasureError, Metric, Reading, Snapshot, lacks};
use crate::{
    derived::{Derived, ModelCurves},
    times,
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Modes>("").giving(&[&[
Quantity::new("skill_strength", "target", "u_αᵀ E[f xᵀ] v_α / S_α of mode α on the training rows, where E[y xᵀ] = Σ_α S_α u_α v_αᵀ: 0 at a start without output, 1 when learned").from("[Saxe2014]"),
], &times::QUANTITIES]);

/// How far each singular mode of a linear task is learned, and the steps at which it is.
///
/// Can be read on tasks with whitened inputs that are the same at every step: `linear-map`, `random-regression` with
/// whiten = true, `dataset` with components and a full batch. With any model.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Modes {}

/// A mode this much weaker than the first is rounding, and has no strength relative to itself.
pub(super) const NO_MODE: f64 = 1e-12;

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Modes>(table)?))
}

impl Metric for Modes {
    fn resolved(&self) -> toml::Table {
        table_of("modes", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["skill_strength"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "mode"
    }

    fn indices(&self, _: &str, task: &dyn Task, _: &dyn Model) -> Option<RangeInclusive<u64>> {
        let shape = task.shape();
        Some(1..=shape.inputs.min(shape.outputs) as u64)
    }

    fn derived_metrics(&self) -> &'static [&'static str] {
        &times::METRICS
    }

    fn derived_from(&self, _: &str) -> &'static [&'static str] {
        &[times::STRENGTH]
    }

    fn derive(&self, curves: ModelCurves<'_>) -> Vec<Derived> {
        times::derive_times(curves)
    }

    fn check(&self, task: &dyn Task, _: &[&dyn Model]) -> Result<(), KeyError> {
        if task.instance(0).whitened() {
            return Ok(());
        }
        Err(lacks("modes", "a linear task with whitened inputs"))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let rows = at.training_rows();
        let of = |values: &[f64]| correlation(rows, values);
        let svd = full_svd(&of(&rows.targets));
        let function = of(at.training_outputs()?);
        let strongest = svd.values.first().copied().unwrap_or(0.0);
        for (mode, &target) in svd.values.iter().enumerate() {
            if target > NO_MODE * strongest {
                let along = svd
                    .left
                    .column(mode)
                    .dot(&(&function * svd.right.column(mode)));
                out.push(Reading {
                    metric: "skill_strength",
                    index: mode as u64 + 1,
                    value: along / target,
                });
            }
        }
        Ok(())
    }
}

/// E[f xᵀ] of values `[N, K]` on the rows, `[K, D]`.
pub(super) fn correlation(rows: &Batch, values: &[f64]) -> DMatrix<f64> {
    let products = rows.correlation(values);
    DMatrix::from_row_slice(rows.shape.outputs, rows.shape.inputs, &products)
}
