//! Statistics: from what was recorded to one value per seed and component.
//!
//! A [`Statistic`] gets a [`Selection`] of the observations (one metric of one model in one variant group)
//! and gives [`Measured`] values, which claims hold against their thresholds. Each kind is one file here
//! and one line in [`crate::Kinds`].

mod arranged;
pub(crate) mod collapse;
pub(crate) mod delay;
pub(crate) mod delay_order;
mod delays;
pub(crate) mod explained_share;
mod explanations;
pub(crate) mod final_value;
pub(crate) mod half_time_agreement;
pub(crate) mod half_time_exponent;
pub(crate) mod half_time_law;
pub(crate) mod half_time_order;
mod knob_lines;
pub(crate) mod knob_ratio;
pub(crate) mod knob_slope;
pub(crate) mod knob_threshold;
pub(crate) mod largest_gap;
pub(crate) mod metric_correlation;
pub(crate) mod metric_slope;
pub(crate) mod rank_correlation;
pub(crate) mod rise;
pub(crate) mod saturation_ratio;
mod selection;
pub(crate) mod shape;
pub(crate) mod slope;
pub(crate) mod time_ratio;
mod times;

pub use arranged::{Along, Arranged};
pub use explanations::{Explanations, Score, explained_share, margin_bits};
pub use selection::{CellRows, RecordedRun, Selection};

/// A value per seed, which censoring may turn into a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sample {
    /// The value.
    Exact(f64),
    /// The value is this or more.
    AtLeast(f64),
    /// The value is this or less: what lies before the first record of a curve.
    AtMost(f64),
    /// No value for this seed.
    Missing,
}

/// One part of a statistic: a value per seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// What the part is (`skill 2`), empty when there is only one.
    pub label: String,
    /// One sample per seed, in seed order.
    pub samples: Vec<Sample>,
}

/// The range of rank correlations.
pub(crate) const CORRELATION: [f64; 2] = [-1.0, 1.0];

/// What a statistic found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measured {
    /// The parts; all must hold for a claim to hold.
    pub components: Vec<Component>,
    /// Anything a reader must know (how many curves were censored).
    pub notes: Vec<String>,
}

/// A rule from a recorded table to one value per seed and component.
pub trait Statistic: Send + Sync {
    /// The spec table with every default written out, `kind` included.
    fn resolved(&self) -> toml::Table;

    /// The knob of the grid that it goes along, if there is one.
    fn knob(&self) -> Option<&str> {
        None
    }

    /// All knobs that it goes along, each with its variant group (`None`: that of the claim).
    fn knobs(&self) -> Vec<(Option<&str>, &str)> {
        self.knob().map(|knob| (None, knob)).into_iter().collect()
    }

    /// The values of its knob that alone count; none where all do.
    fn knob_values(&self) -> &[f64] {
        &[]
    }

    /// Other variant groups that it compares with, cell by cell or seed by seed.
    fn groups(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Metrics of the model that it reads beside the one that it is asked about.
    fn reads(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Models and predictions that it compares with.
    fn sources(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Between which numbers it lies, whatever was recorded: an interval ends there at most.
    fn range(&self) -> Option<[f64; 2]> {
        None
    }

    /// Whether it depends on which index is which. If not, its data with permuted indices are no data in which
    /// a claim is not true: of the last value of one index, another index may well be true, and so may be a
    /// difference between two groups or two explanations, whatever the order of their indices.
    fn relates_indices(&self) -> bool {
        true
    }

    /// The statistic with its places along a knob or the indices apart, if it has such places.
    fn arranged<'t>(&'t self, _table: &Selection<'_>) -> Option<Arranged<'t>> {
        None
    }

    /// Computes it for one model and metric in one variant group.
    fn measure(&self, table: &Selection<'_>) -> Measured;
}
