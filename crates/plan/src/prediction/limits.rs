use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, parse_table, stream, table_of};

use super::{CellView, Prediction};
use crate::derived::Derived;

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Limits>("data = [100, 1_000_000]\nparameters = [1, 10_000]").giving(&[&[
Quantity::new("loss_at_data", "target²", "Test loss against the number D of samples (the index); the skills that go unseen are drawn per seed").from("[Nam2024]"),
Quantity::new("loss_at_parameters", "target²", "Test loss against the number N of parameters (the index), an exact sum").from("[Nam2024]"),
]]);

/// The skill model in the limit of long training from small weights, against data and parameters \[Nam2024\].
///
/// With D samples a skill is learned if and only if one of them shows it; with room for N skills the N most frequent ones are
/// learned. It is for tasks of skills, `skill-spectrum` above all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Limits {
    /// Smallest and largest D.
    data: [u64; 2],
    /// Smallest and largest N.
    parameters: [u64; 2],
    /// Number of points on each axis, evenly spaced in the logarithm.
    #[serde(default = "thirty")]
    points: usize,
    /// Number of data sets that are drawn and averaged for every D and seed.
    #[serde(default = "one")]
    draws: u64,
}

fn one() -> u64 {
    1
}

fn thirty() -> usize {
    30
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    let limits: Limits = parse_table(table)?;
    range("data", limits.data)?;
    range("parameters", limits.parameters)?;
    if limits.draws == 0 {
        return Err(KeyError::new(
            "draws",
            0,
            "must be 1 or more",
            "Write for example 100.",
        ));
    }
    if limits.points < 2 {
        let hint = "Write for example 30.";
        return Err(KeyError::new(
            "points",
            limits.points,
            "must be 2 or more",
            hint,
        ));
    }
    Ok(Box::new(limits))
}

/// Checks the two ends of a logarithmic grid.
pub(super) fn range(key: &str, [low, high]: [u64; 2]) -> Result<(), KeyError> {
    if low > 0 && high > low {
        return Ok(());
    }
    Err(KeyError::new(
        key,
        format!("[{low}, {high}]"),
        "must be two increasing numbers above 0",
        "Write for example [10, 1000].",
    ))
}

/// `points` whole numbers from `low` to `high`, evenly spaced in the logarithm.
pub(super) fn log_grid([low, high]: [u64; 2], points: usize) -> Vec<u64> {
    let ratio = high as f64 / low as f64;
    let mut grid: Vec<u64> = (0..points)
        .map(|i| (low as f64 * ratio.powf(i as f64 / (points - 1) as f64)).round() as u64)
        .collect();
    grid.dedup();
    grid
}

impl Prediction for Limits {
    fn resolved(&self) -> toml::Table {
        table_of("resource-limits", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["loss_at_data", "loss_at_parameters"]
    }

    fn index_name(&self, metric: &str) -> &'static str {
        match metric {
            "loss_at_data" => "data size",
            _ => "number of parameters",
        }
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        let Some(&step) = cell.clock.steps().last() else {
            return;
        };
        let mut push = |metric, index, value| {
            out.push(Derived {
                metric,
                index,
                step,
                flow_time: None,
                value,
            });
        };
        for (at, data) in log_grid(self.data, self.points).into_iter().enumerate() {
            let mut rng = stream::keyed(cell.seed, "unseen skills", at as u64);
            let loss = cell
                .groups
                .iter()
                .map(|group| {
                    // (1 − P)^D, without losing small P.
                    let unseen = (data as f64 * (-group.probability).ln_1p()).exp();
                    let trials = group.multiplicity as u64 * self.draws;
                    let count = stream::binomial(&mut rng, trials, unseen) as f64;
                    let mean = count / self.draws as f64;
                    0.5 * mean * group.probability * group.target * group.target
                })
                .sum();
            push("loss_at_data", data, loss);
        }
        for parameters in log_grid(self.parameters, self.points) {
            let mut room = parameters as f64;
            let loss = cell
                .groups
                .iter()
                .map(|group| {
                    let learned = room.min(group.multiplicity);
                    room -= learned;
                    let left = group.multiplicity - learned;
                    0.5 * left * group.probability * group.target * group.target
                })
                .sum();
            push("loss_at_parameters", parameters, loss);
        }
    }
}
