//! The `data` and `test` tables of the parity tasks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    KeyError, check,
    row_order::{OrderName, RowOrder},
};

const DEFAULT_BATCH: u32 = 500;
const DEFAULT_TEST_PER_SKILL: u32 = 400;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// New rows are drawn at every step.
    Fresh,
    /// A training set of `size` rows is drawn once.
    Fixed,
    /// The exact population, which is its own test set.
    Population,
}

/// Rows of a population.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Over {
    /// One row per skill, and no inputs: for models on skills.
    Skills,
    /// Every input of every skill, up to 12 bits.
    Inputs,
}

/// The `data` table as written. It is a flat struct instead of an enum tagged by `mode`, because
/// serde loses the path of a wrong value inside a tagged enum.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawData {
    /// Where training rows come from.
    mode: Mode,
    /// Number of rows of the training set, for mode = "fixed".
    size: Option<u32>,
    /// Order in which training takes the rows, for mode = "fixed".
    order: Option<OrderName>,
    /// Rows of one step: 500 unless given for mode = "fresh"; needed with order = "epochs" or "replacement".
    batch: Option<u32>,
    /// What the rows are, for mode = "population".
    over: Option<Over>,
}

impl Default for RawData {
    fn default() -> Self {
        Self {
            mode: Mode::Fresh,
            size: None,
            order: None,
            batch: None,
            over: None,
        }
    }
}

/// Where the training rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Data {
    /// New samples at every step.
    Fresh { batch: usize },
    /// A training set that is drawn once.
    Fixed { size: usize, order: RowOrder },
    /// The exact population.
    Population(Over),
}

impl RawData {
    /// The checked data, and the table with its defaults written out. Keys of errors are relative
    /// to the `data` table.
    pub(crate) fn check(self) -> Result<(Self, Data), KeyError> {
        match self.mode {
            Mode::Fresh => {
                self.refuse(&["size", "order", "over"], "mode = \"fresh\"")?;
                let batch = positive("batch", self.batch.unwrap_or(DEFAULT_BATCH))?;
                Ok((
                    Self {
                        batch: self.batch.or(Some(DEFAULT_BATCH)),
                        ..self
                    },
                    Data::Fresh { batch },
                ))
            }
            Mode::Fixed => {
                self.refuse(&["over"], "mode = \"fixed\"")?;
                let Some(size) = self.size else {
                    return Err(missing(
                        "size",
                        "Write how many samples the training set has.",
                    ));
                };
                let size = positive("size", size)?;
                let Some(order) = self.order else {
                    let hint = "Write \"full-batch\", \"epochs\" or \"replacement\".";
                    return Err(missing("order", hint));
                };
                let order = RowOrder::new(order, self.batch, size)?;
                Ok((self, Data::Fixed { size, order }))
            }
            Mode::Population => {
                self.refuse(&["size", "order", "batch"], "mode = \"population\"")?;
                match self.over {
                    Some(over) => Ok((self, Data::Population(over))),
                    None => Err(missing("over", "Write \"skills\" or \"inputs\".")),
                }
            }
        }
    }

    /// Checks that none of `keys` is given, because they would have no effect.
    fn refuse(&self, keys: &[&str], beside: &str) -> Result<(), KeyError> {
        let given = [
            ("size", self.size.map(|size| size.to_string())),
            ("order", self.order.map(|order| quoted(&order))),
            ("batch", self.batch.map(|batch| batch.to_string())),
            ("over", self.over.map(|over| quoted(&over))),
        ];
        for (key, value) in given {
            if let (true, Some(value)) = (keys.contains(&key), value) {
                let problem = format!("has no effect with {beside}");
                return Err(KeyError::new(key, value, problem, "Remove it."));
            }
        }
        Ok(())
    }
}

impl Data {
    /// Samples that are drawn once, before training.
    pub(crate) fn fixed_size(self) -> Option<usize> {
        match self {
            Self::Fixed { size, .. } => Some(size),
            Self::Fresh { .. } | Self::Population(_) => None,
        }
    }
}

/// The `test` table as written.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTest {
    /// Test rows of each skill; 400 unless given. A population takes none.
    per_skill: Option<u32>,
}

impl RawTest {
    /// Test rows of each skill, and the table with its default written out; neither for a
    /// population, which is its own test set. Keys of errors are relative to the `test` table.
    pub(crate) fn check(
        test: Option<&Self>,
        data: Data,
    ) -> Result<(Option<Self>, usize), KeyError> {
        let per_skill = test.and_then(|test| test.per_skill);
        if let Data::Population(_) = data {
            return match per_skill {
                None => Ok((None, 0)),
                Some(value) => Err(KeyError::new(
                    "per_skill",
                    value,
                    "has no effect with data.mode = \"population\", which is its own test set",
                    "Remove it.",
                )),
            };
        }
        let per_skill = per_skill.unwrap_or(DEFAULT_TEST_PER_SKILL);
        let rows = positive("per_skill", per_skill)?;
        Ok((
            Some(Self {
                per_skill: Some(per_skill),
            }),
            rows,
        ))
    }
}

fn positive(key: &str, value: u32) -> Result<usize, KeyError> {
    check::within(key, u64::from(value), 1, u64::from(u32::MAX))?;
    Ok(value as usize)
}

fn missing(key: &str, hint: &str) -> KeyError {
    KeyError::new(key, "(missing)", "is required", hint)
}

/// A plain enum as written in a spec, including quotation marks.
fn quoted<T: Serialize>(value: &T) -> String {
    toml::Value::try_from(value)
        .expect("a plain enum is a TOML string")
        .to_string()
}
