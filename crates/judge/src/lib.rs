//! Turns observations into verdicts: derives numbers and predictions, computes statistics with
//! intervals, judges claims, and compares runs.
//!
//! The input is the cells of a run on disk. [`gather`] reads them, derives rows ([`derive()`]),
//! judges the claims of the plan ([`judge`]) and writes the tables and verdicts. [`Run`] is a
//! gathered run, read back from its folder.
//!
//! ```
//! use layerwise_judge::{holm, interval};
//! use plan::{Sample, spec::IntervalKind};
//!
//! // Eight seeds: the exact interval around the median is the whole range, at 99.2 %.
//! let seeds: Vec<Sample> = (1..=8).map(|seed| Sample::Exact(f64::from(seed))).collect();
//! let found = interval(&seeds, IntervalKind::Order, 0.95);
//! assert_eq!((found.low, found.centre, found.high), (1.0, Some(4.5), 8.0));
//! // Two claims: the smaller p counts twice.
//! assert_eq!(holm(&[0.01, 0.9]), [0.02, 0.9]);
//! ```

mod arrangements;
mod beyond;
mod calibrate;
mod compare;
mod contradiction;
mod derive;
mod gather;
mod holm;
mod interval;
mod judge;
mod leaderboard;
mod multiplicity;
mod order_test;
mod p_value;
mod parity;
mod parts;
mod reason;
mod run;
mod seed_share;
mod verdict;

pub use calibrate::{
    Calibration, ClaimCalibration, Effort, GeneratorRate, Null, NullRate, PowerPoint, TOLERATED,
    calibrate,
};
pub use compare::{
    Comparison, CurveDifference, KeyDifference, PointDifference, VerdictDifference, compare,
    spec_differences,
};
pub use derive::{DerivedCount, derive};
pub use gather::{Gathered, Making, gather};
pub use holm::holm;
pub use interval::{Interval, interval};
pub use judge::judge;
pub use leaderboard::{Estimate, LeaderboardEntry, LeaderboardVerdict, Part, Standing};
pub use multiplicity::Multiplicity;
pub use order_test::OrderInfo;
pub use parity::{MetricParity, Parity, VerdictChange, numbers_apart, parity};
pub use run::Run;
pub use seed_share::SeedShare;
pub use verdict::{
    ClaimVerdict, ComponentJudgement, ControlVerdict, Judgement, ReportedNumber, VerdictFile,
};
