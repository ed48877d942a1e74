//! Claims and what became of them.
//!
//! A [`Statistic`] turns a recorded table into one value per seed and component; [`interval`]
//! turns the values into a 95 % interval; [`judge`] holds it against the threshold, judges the
//! controls by the same rule, and gives the verdict. A statistic is one file and one line in
//! [`kinds`].

mod curves;
mod delay;
mod interval;
mod judge;
mod p_value;
mod statistics;
mod table;
mod verdict;

use tasks::Registry;

pub use interval::{Interval, interval};
pub use judge::judge;
pub use p_value::false_discovery_rate;
pub use table::{Cell, Index, Table};
pub use verdict::{
    ClaimVerdict, ComponentJudgement, ControlVerdict, Judgement, ReportedNumber, VerdictFile,
};

/// A value per seed, which censoring may turn into a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sample {
    /// The value.
    Exact(f64),
    /// The value is this or more.
    AtLeast(f64),
    /// The seed says nothing.
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

/// Where rank correlations lie.
const CORRELATION: [f64; 2] = [-1.0, 1.0];

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

    /// Metrics of the model that it reads beside the one that it is asked about.
    fn reads(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Between which numbers it lies, whatever was recorded: an interval ends there at most.
    fn range(&self) -> Option<[f64; 2]> {
        None
    }

    /// Computes it for one model and metric in one variant group.
    fn measure(&self, table: &Table<'_>) -> Measured;
}

/// The statistics of this crate.
pub fn kinds() -> Registry<dyn Statistic> {
    use statistics::{
        collapse, delay, delay_order, final_value, half_time_agreement, half_time_law,
        half_time_order, knob_ratio, knob_slope, knob_threshold, largest_gap, rank_correlation,
        rise, saturation_ratio, shape, slope, time_ratio,
    };
    Registry::new(
        "statistic",
        [
            ("half-time-order", half_time_order::build),
            ("half-time-law", half_time_law::build),
            ("half-time-constant", half_time_law::build_constant),
            ("shape", shape::build),
            ("knob-threshold-spread", knob_threshold::build_spread),
            ("knob-threshold-order", knob_threshold::build_order),
            ("knob-threshold", knob_threshold::build),
            ("slope", slope::build),
            ("final-value", final_value::build),
            ("largest-gap", largest_gap::build),
            ("knob-ratio", knob_ratio::build),
            ("rank-correlation", rank_correlation::build),
            ("time-ratio", time_ratio::build),
            ("delay", delay::build),
            ("delay-order", delay_order::build),
            ("collapse", collapse::build),
            ("rise", rise::build),
            ("half-time-agreement", half_time_agreement::build),
            ("knob-slope", knob_slope::build),
            ("saturation-ratio", saturation_ratio::build),
        ],
    )
}
