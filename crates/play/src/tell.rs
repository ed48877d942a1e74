//! What the numbers of a run say, for the sentences beside its figures.

use judge::Run;
use report::live::significant;

use crate::values::Values;

/// A run as far as it is recorded, and where the dials of its scene stand.
pub struct Shown<'a> {
    /// The run.
    pub run: &'a Run,
    /// The dials.
    pub values: &'a Values,
    /// Whether training has ended.
    pub is_over: bool,
}

impl Shown<'_> {
    /// Median over seeds of the last recorded value of an index of a metric; `None` where there is none.
    /// A time that was not reached is infinite.
    pub fn last(&self, model: &str, metric: &str, index: u64) -> Option<f64> {
        self.of_seeds(|cell| {
            let rows = self.run.observations.of_cell((model, metric), cell);
            rows.filter(|row| row.index == index)
                .map(|row| row.value)
                .next_back()
        })
    }

    /// Median over seeds of the first recorded value of an index of a metric.
    pub fn first(&self, model: &str, metric: &str, index: u64) -> Option<f64> {
        self.of_seeds(|cell| {
            let mut rows = self.run.observations.of_cell((model, metric), cell);
            rows.find(|row| row.index == index).map(|row| row.value)
        })
    }

    fn of_seeds(&self, value: impl Fn((&str, u64)) -> Option<f64>) -> Option<f64> {
        let variant = &self.run.manifest.variants.first()?.name;
        let seeds = self.run.manifest.seeds.iter();
        let mut values: Vec<f64> = seeds.filter_map(|&seed| value((variant, seed))).collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        match values.len() {
            0 => None,
            count if count % 2 == 1 => Some(values[middle]),
            _ => Some(f64::midpoint(values[middle - 1], values[middle])),
        }
        .filter(|value| !value.is_nan())
    }
}

/// A number as a reader takes it in: three digits.
pub(crate) fn three(value: f64) -> String {
    significant(value, 3)
}

/// A share as a percentage.
pub(crate) fn percent(value: f64) -> String {
    format!("{} %", significant(100.0 * value, 2))
}
