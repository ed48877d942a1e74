use record::{Curve, Observations};

/// A number that is derived from the rows of a cell: from a prediction, or from whole curves.
#[derive(Debug, Clone, PartialEq)]
pub struct Derived {
    /// Metric.
    pub metric: &'static str,
    /// Skill, mode or class, counted from 1; 0 if the metric has no index.
    pub index: u64,
    /// Training step of the number. For a number derived from a whole curve it is the last step of
    /// the curve, and for a time before the first record it is the step of that record.
    pub step: u64,
    /// Flow time on the model's own clock, if the optimizer has flow time.
    pub flow_time: Option<f64>,
    /// The value.
    pub value: f64,
}

/// The curves of one model or prediction in one cell.
#[derive(Clone, Copy)]
pub struct ModelCurves<'a> {
    /// The rows of the cell.
    pub observations: &'a Observations,
    /// Variant.
    pub variant: &'a str,
    /// Seed.
    pub seed: u64,
    /// Model or prediction.
    pub model: &'a str,
}

impl ModelCurves<'_> {
    /// Steps and values of one index of a metric, in recording order.
    pub fn curve(&self, metric: &str, index: u64) -> Curve {
        let cell = (self.variant, self.seed);
        self.observations.curve((self.model, metric), cell, index)
    }

    /// The indices at which a metric is recorded, increasing.
    pub fn indices(&self, metric: &str) -> Vec<u64> {
        let cell = (self.variant, self.seed);
        let rows = self.observations.of_cell((self.model, metric), cell);
        let mut indices: Vec<u64> = rows.map(|row| row.index).collect();
        indices.sort_unstable();
        indices.dedup();
        indices
    }

    /// Step and flow time of the first and the last record of one index of a metric.
    pub fn ends(&self, metric: &str, index: u64) -> Option<[(u64, Option<f64>); 2]> {
        let cell = (self.variant, self.seed);
        let rows = self.observations.of_cell((self.model, metric), cell);
        let mut rows = (rows.filter(|row| row.index == index)).map(|row| (row.step, row.flow_time));
        let first = rows.next()?;
        Some([first, rows.next_back().unwrap_or(first)])
    }
}
