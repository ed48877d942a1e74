//! Training streams over a fixed set of rows, and the `data` table that chooses among them.
//!
//! The table is one of
//!
//! * `{ order = "full-batch" }` (the default): all rows at every step;
//! * `{ order = "epochs", batch }`: the rows in a new order every epoch;
//! * `{ order = "replacement", batch }`: draws from the rows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Batch, KeyError, TrainingStream, check, row_selection, stream::StreamKey};

/// How a spec names the order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OrderName {
    FullBatch,
    Epochs,
    Replacement,
}

/// The `data` table of a task with a fixed set of rows, as written. The default is a full batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRows {
    order: Option<OrderName>,
    batch: Option<u32>,
}

/// The order in which training takes the rows of a fixed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    /// All of them at every step.
    FullBatch,
    /// All of them in a new order every epoch, cut into batches.
    Epochs {
        /// Rows of a step.
        batch: usize,
    },
    /// Drawn with replacement.
    Replacement {
        /// Rows of a step.
        batch: usize,
    },
}

impl RawRows {
    /// The checked order for a training set of `size` rows of `row_len` numbers, and the table with
    /// its defaults written out. Keys of errors are relative to the `data` table.
    ///
    /// # Errors
    /// A `batch` that is missing, has no effect, is 0, is larger than an epoch, or does not fit
    /// into memory.
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

/// The training stream over `rows` in this order. `key` draws the order; the index of a row is its
/// place in `rows`.
///
/// # Panics
/// If the rows of an epoch are fewer than its batch, which [`RawRows::check`] refuses.
pub fn row_stream(rows: Arc<Batch>, order: RowOrder, key: StreamKey) -> Box<dyn TrainingStream> {
    row_selection::selected_rows(rows, order, key)
}

#[cfg(test)]
mod tests {
    use crate::{Basis, TaskShape, table::parse_table};

    use super::*;

    const SHAPE: TaskShape = TaskShape {
        inputs: 2,
        basis: 1,
        outputs: 1,
    };

    /// Seven rows whose numbers say which row they are.
    fn rows() -> Arc<Batch> {
        let mut rows = Batch::zeros(SHAPE, 7);
        rows.index = (0..7).collect();
        rows.group = (10..17).collect();
        rows.inputs = (0..14).map(f64::from).collect();
        rows.basis = Basis::Dense((20..27).map(f64::from).collect());
        rows.targets = (30..37).map(f64::from).collect();
        Arc::new(rows)
    }

    fn check(text: &str) -> Result<(RawRows, RowOrder), KeyError> {
        parse_table::<RawRows>(text.parse().unwrap())?.check(7, 4)
    }

    fn stream(text: &str, seed: u64) -> Box<dyn TrainingStream> {
        row_stream(rows(), check(text).unwrap().1, StreamKey::new(seed, "rows"))
    }

    #[test]
    fn a_full_batch_is_constant_and_holds_the_rows_as_they_are() {
        let mut stream = stream("", 0);
        let mut batch = Batch::empty();
        stream.fill(5, &mut batch);
        assert!(stream.is_constant());
        assert_eq!(batch, *rows());
    }

    #[test]
    fn batches_hold_whole_rows_and_come_again_for_the_same_step() {
        for order in ["epochs", "replacement"] {
            let text = format!("order = '{order}'\nbatch = 3");
            let mut forward = stream(&text, 1);
            assert!(!forward.is_constant());
            let mut batch = Batch::empty();
            let batches: Vec<Batch> = (0..9)
                .map(|step| {
                    forward.fill(step, &mut batch);
                    batch.clone()
                })
                .collect();
            for batch in &batches {
                assert_eq!((batch.rows, batch.index.len(), batch.shape), (3, 3, SHAPE));
                for (row, &index) in batch.index.iter().enumerate() {
                    let i = f64::from(index);
                    assert_eq!(batch.inputs[2 * row..2 * row + 2], [2.0 * i, 2.0 * i + 1.0]);
                    assert_eq!(batch.basis_row(row), [20.0 + i]);
                    assert_eq!(batch.targets[row], 30.0 + i);
                    assert_eq!(batch.group[row], 10 + index);
                }
            }
            let mut backward = stream(&text, 1);
            for step in (0..9).rev() {
                backward.fill(step, &mut batch);
                assert_eq!(batch, batches[step as usize], "{order} {step}");
            }
            let mut other = stream(&text, 2);
            let differs = (0..9).any(|step| {
                other.fill(step, &mut batch);
                batch != batches[step as usize]
            });
            assert!(differs, "{order}");
        }
    }

    #[test]
    fn every_epoch_takes_each_row_once() {
        let mut stream = stream("order = 'epochs'\nbatch = 3", 4);
        let mut batch = Batch::empty();
        let visited: Vec<u32> = (0..14)
            .flat_map(|step| {
                stream.fill(step, &mut batch);
                batch.index.clone()
            })
            .collect();
        for epoch in visited.chunks_exact(7) {
            let mut sorted = epoch.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6]);
        }
    }

    #[test]
    fn the_default_is_written_out_and_sizes_follow_the_order() {
        let (raw, order) = check("").unwrap();
        assert_eq!(raw, check("order = 'full-batch'").unwrap().0);
        assert_eq!(order.batch_rows(7), 7);
        let (_, order) = check("order = 'replacement'\nbatch = 20").unwrap();
        assert_eq!(order.batch_rows(7), 20);
    }

    #[test]
    fn wrong_keys_say_what_to_do() {
        let cases = [
            (
                "batch = 3",
                "batch = 3: has no effect with order = \"full-batch\". Remove it.",
            ),
            (
                "order = 'epochs'",
                "batch = (missing): is required. Write how many samples a step takes.",
            ),
            (
                "order = 'epochs'\nbatch = 8",
                "batch = 8: is larger than the training set of 7 samples. \
                 Write a batch of at most 7, or order = \"replacement\".",
            ),
            (
                "order = 'replacement'\nbatch = 0",
                "batch = 0: must be at least 1. Write 1 or more.",
            ),
            (
                "order = 'replacement'\nbatch = 4_000_000_000",
                "batch = 4000000000: makes 4000000000 rows of 4 numbers, more than 67108864 \
                 numbers. Use fewer rows or a smaller task.",
            ),
            (
                "order = 'shuffled'",
                "order = \"shuffled\": unknown variant `shuffled`. \
                 Write one of `full-batch`, `epochs`, `replacement`.",
            ),
            (
                "size = 3",
                "size = 3: is not a key of this table. Remove it, or use `order` or `batch`.",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(check(text).unwrap_err().to_string(), message, "{text}");
        }
    }
}
