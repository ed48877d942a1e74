use serde::{Deserialize, Serialize};
use tasks::KeyError;

/// Steps at which something is measured. Step 0 and the last step are always among them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// Every `every` steps.
    Linear {
        /// Steps between two measurements.
        every: u64,
    },
    /// About `points` steps, evenly spaced in log step from `first` to the last step.
    Log {
        /// Number of measurements.
        points: u64,
        /// The first step after 0.
        #[serde(default = "one")]
        first: u64,
    },
    /// Only the first and last step.
    Ends,
    /// Only the last step.
    Last,
}

fn one() -> u64 {
    1
}

/// More steps than these are not recorded: their list alone would fill the memory.
const MOST_LOOKS: u64 = 10_000_000;

impl Schedule {
    /// Whether the steps of a run of `last` steps can be listed.
    ///
    /// # Errors
    /// The key that asks for more than ten million.
    pub fn check(&self, last: u64) -> Result<(), KeyError> {
        let (key, value, looks) = match *self {
            Self::Linear { every } => ("every", every, last / every.max(1)),
            Self::Log { points, .. } => ("points", points, points),
            Self::Ends | Self::Last => return Ok(()),
        };
        if looks <= MOST_LOOKS {
            return Ok(());
        }
        Err(KeyError::new(
            format!("schedule.{key}"),
            value,
            format!("measures {looks} times in {last} steps, more often than {MOST_LOOKS} times"),
            "Measure less often, or train fewer steps.",
        ))
    }

    /// The steps, increasing, for a run of `last` steps.
    pub fn steps(&self, last: u64) -> Vec<u64> {
        let mut steps =
            match *self {
                Self::Linear { every } => (0..=last).step_by(every.max(1) as usize).collect(),
                Self::Log { points, first } => {
                    let (low, high) = ((first.max(1)) as f64, last.max(1) as f64);
                    let ratio = (high / low).max(1.0);
                    let intervals = points.max(2) - 1;
                    std::iter::once(0)
                        .chain((0..=intervals).map(|i| {
                            (low * ratio.powf(i as f64 / intervals as f64)).round() as u64
                        }))
                        .filter(|&step| step <= last)
                        .collect()
                }
                Self::Ends => vec![0],
                Self::Last => Vec::new(),
            };
        steps.push(last);
        steps.sort_unstable();
        steps.dedup();
        steps
    }
}
