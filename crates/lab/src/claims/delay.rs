//! How late a net generalises, from the times that its accuracies reached their levels.

use serde::{Deserialize, Serialize};

use super::{Cell, Sample, Table};

/// The metrics that it follows from.
pub(super) const METRICS: [&str; 2] = ["t_fit", "t_gen"];

/// What is read off the two times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Quantity {
    /// Step at which the training rows are fitted.
    Fit,
    /// Step at which the test rows are.
    Generalised,
    /// Steps between the two.
    Gap,
    /// The later over the earlier.
    Ratio,
    /// Test accuracy when the training rows are fitted.
    TestAtFit,
}

/// The quantity in one cell. A time that did not come within the run is a bound; without a fit
/// there is nothing to be late for.
pub(super) fn delay(table: &Table<'_>, cell: &Cell<'_>, of: Quantity) -> Sample {
    let value = |metric| table.final_value_of(cell, metric);
    let [Some(fit), Some(generalised)] = METRICS.map(value) else {
        return Sample::Missing;
    };
    let last = cell.last_step();
    let bounded = |time: f64, to: &dyn Fn(f64) -> f64| {
        if time.is_finite() {
            Sample::Exact(to(time))
        } else {
            Sample::AtLeast(to(last))
        }
    };
    match of {
        Quantity::Fit => bounded(fit, &|time| time),
        Quantity::Generalised => bounded(generalised, &|time| time),
        _ if fit.is_infinite() => Sample::Missing,
        Quantity::Gap => bounded(generalised, &|time| time - fit),
        Quantity::Ratio if fit == 0.0 => Sample::Missing,
        Quantity::Ratio => bounded(generalised, &|time| time / fit),
        Quantity::TestAtFit => value("test_accuracy_at_fit").map_or(Sample::Missing, Sample::Exact),
    }
}
