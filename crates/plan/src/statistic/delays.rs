//! How late a net generalises, from the times that its accuracies reached their levels.

use serde::{Deserialize, Serialize};

use super::{CellRows, Sample, Selection};

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

/// The quantity in one cell. A time that did not come within the run is a bound, and unknown in a
/// cell that was cut short; without a fit there is nothing to be late for.
pub(super) fn delay(table: &Selection<'_>, cell: &CellRows<'_>, of: Quantity) -> Sample {
    known(table, cell, of).unwrap_or(Sample::Missing)
}

fn known(table: &Selection<'_>, cell: &CellRows<'_>, of: Quantity) -> Option<Sample> {
    let value = |metric| table.final_value_of(cell, metric);
    let [fit, generalised] = METRICS.map(value);
    let last = cell.last_step();
    let bounded = |time: f64, to: &dyn Fn(f64) -> f64| {
        if time.is_finite() {
            Sample::Exact(to(time))
        } else {
            Sample::AtLeast(to(last))
        }
    };
    let fitted = || fit.filter(|time| time.is_finite());
    Some(match of {
        Quantity::Fit => bounded(fit?, &|time| time),
        Quantity::Generalised => bounded(generalised?, &|time| time),
        Quantity::Gap => {
            let fit = fitted()?;
            bounded(generalised?, &|time| time - fit)
        }
        Quantity::Ratio => {
            let fit = fitted().filter(|time| *time != 0.0)?;
            bounded(generalised?, &|time| time / fit)
        }
        Quantity::TestAtFit => {
            fitted()?;
            Sample::Exact(value("test_accuracy_at_fit")?)
        }
    })
}
