//! How late a net generalises, from the times that its accuracies reached their levels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CellRows, Sample, Selection};

/// The metrics that it follows from.
pub(super) const METRICS: [&str; 2] = ["t_fit", "t_gen"];

/// What is read off the two times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Quantity {
    /// Step at which the training rows are fitted: `t_fit`.
    Fit,
    /// Step at which the net generalises: `t_gen`.
    Generalised,
    /// Steps between the two: `delay_gap`.
    Gap,
    /// The later over the earlier: `delay_ratio`.
    Ratio,
    /// Test accuracy when the training rows are fitted: `test_accuracy_at_fit`.
    TestAtFit,
}

/// The quantity in one cell. A time that did not come within the run is a bound, and unknown in a
/// cell that was cut short; without a fit there is nothing to be late for.
pub(super) fn delay(table: &Selection<'_>, cell: &CellRows<'_>, of: Quantity) -> Sample {
    known(table, cell, of).unwrap_or(Sample::Missing)
}

fn known(table: &Selection<'_>, cell: &CellRows<'_>, of: Quantity) -> Option<Sample> {
    let last = cell.last_step();
    let time = |metric| {
        Some(match table.final_sample_of(cell, metric) {
            Sample::Exact(time) if !time.is_finite() => Sample::AtLeast(last),
            Sample::Missing => return None,
            known => known,
        })
    };
    let [fit, generalised] = METRICS.map(time);
    Some(match of {
        Quantity::Fit => fit?,
        Quantity::Generalised => generalised?,
        Quantity::Gap => since(generalised?, fit?, |time, fit| time - fit)?,
        Quantity::Ratio if fit? == Sample::Exact(0.0) => return None,
        Quantity::Ratio => since(generalised?, fit?, |time, fit| time / fit)?,
        Quantity::TestAtFit => match (fit?, table.final_sample_of(cell, "test_accuracy_at_fit")) {
            (Sample::Exact(_), accuracy) => accuracy,
            _ => return None,
        },
    })
}

/// What a time is from a fit on, which grows with the time and falls with the fit; `None` without a fit.
fn since(time: Sample, fit: Sample, to: impl Fn(f64, f64) -> f64) -> Option<Sample> {
    match (time, fit) {
        (Sample::Exact(time), Sample::Exact(fit)) => Some(Sample::Exact(to(time, fit))),
        (Sample::AtMost(time), Sample::Exact(fit)) => Some(Sample::AtMost(to(time, fit))),
        (Sample::AtLeast(time), Sample::Exact(fit))
        | (Sample::Exact(time) | Sample::AtLeast(time), Sample::AtMost(fit)) => {
            Some(Sample::AtLeast(to(time, fit)))
        }
        _ => None,
    }
}
