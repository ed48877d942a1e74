//! The `data` table, which chooses the order in which training takes the rows of a fixed set.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{KeyError, check};

/// Names of the orders in a spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OrderName {
    /// All rows at every step.
    FullBatch,
    /// Batches of the rows, in a new order every epoch.
    Epochs,
    /// Batches of rows drawn with replacement.
    Replacement,
}

/// The `data` table of a task with a fixed set of rows, as written. The default is a full batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawRows {
    /// Order of the rows; "full-batch" unless given.
    order: Option<OrderName>,
    /// Rows of one step, for order = "epochs" or "replacement".
    batch: Option<u32>,
}

/// The order in which training takes the rows of a fixed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    /// All rows at every step.
    FullBatch,
    /// All rows in a new order every epoch, cut into batches.
    Epochs {
        /// Number of rows per step.
        batch: usize,
    },
    /// Rows are drawn with replacement.
    Replacement {
        /// Number of rows per step.
        batch: usize,
    },
}

impl RawRows {
    /// The checked order for a training set of `size` rows of `row_len` numbers, and the table with
    /// its defaults written out. Keys of errors are relative to the `data` table.
    ///
    /// # Errors
    /// `batch` is missing, has no effect, is 0, is larger than an epoch, or does not fit into
    /// memory.
    pub fn check(self, size: usize, row_len: usize) -> Result<(Self, RowOrder), KeyError> {
        let order = self.order.unwrap_or(OrderName::FullBatch);
        let checked = RowOrder::new(order, self.batch, size)?;
        if let Some(batch) = self.batch {
            check::fits("batch", &batch, batch as usize, row_len)?;
        }
        let resolved = Self {
            order: Some(order),
            ..self
        };
        Ok((resolved, checked))
    }
}

impl RowOrder {
    /// Checks the keys `order` and `batch` for a training set of `size` rows.
    pub(crate) fn new(order: OrderName, batch: Option<u32>, size: usize) -> Result<Self, KeyError> {
        let batch = match (order, batch) {
            (OrderName::FullBatch, None) => return Ok(Self::FullBatch),
            (OrderName::FullBatch, Some(batch)) => {
                let problem = "has no effect with order = \"full-batch\"";
                return Err(KeyError::new("batch", batch, problem, "Remove it."));
            }
            (_, None) => {
                let hint = "Write how many samples a step takes.";
                return Err(KeyError::new("batch", "(missing)", "is required", hint));
            }
            (_, Some(batch)) => check::within("batch", u64::from(batch), 1, u64::from(u32::MAX))?,
        };
        let batch = batch as usize;
        if order == OrderName::Replacement {
            return Ok(Self::Replacement { batch });
        }
        if batch > size {
            let problem = format!("is larger than the training set of {size} samples");
            let hint = format!("Write a batch of at most {size}, or order = \"replacement\".");
            return Err(KeyError::new("batch", batch, problem, hint));
        }
        Ok(Self::Epochs { batch })
    }

    /// Rows of one step, for a training set of `size` rows.
    pub fn batch_rows(self, size: usize) -> usize {
        match self {
            Self::FullBatch => size,
            Self::Epochs { batch } | Self::Replacement { batch } => batch,
        }
    }
}
