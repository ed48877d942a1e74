use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::KeyError;

/// Steps at which something is measured. The last step is always among them, and so is step 0, except for "last".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// A measurement every `every` steps.
    Linear {
        /// Steps between two measurements. 1 or more.
        every: u64,
    },
    /// About `points` measurements, evenly spaced in the logarithm of the step from `first` to the last step.
    Log {
        /// Number of measurements. 1 or more; those at the same step count once.
        points: u64,
        /// First step after 0 at which is measured.
        #[serde(default = "one")]
        first: u64,
    },
    /// Measurements at step 0 and at the last step only.
    Ends,
    /// A measurement at the last step only.
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
