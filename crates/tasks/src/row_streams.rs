//! Training streams over a fixed set of rows, and the `data` table that chooses among them.
//!
//! The table is one of
//!
//! * `{ order = "full-batch" }` (the default): all rows at every step;
//! * `{ order = "epochs", batch }`: the rows in a new order every epoch;
//! * `{ order = "replacement", batch }`: draws from the rows.

use std::sync::Arc;

use crate::{Batch, TrainingStream, row_selection, stream::StreamKey};

pub use crate::row_order::{RawRows, RowOrder};

/// The training stream over `rows` in this order, which `key` draws. The index of a row is its
/// position in `rows`.
///
/// # Panics
/// If an epoch has fewer rows than a batch, which [`RawRows::check`] rejects.
pub fn row_stream(rows: Arc<Batch>, order: RowOrder, key: StreamKey) -> Box<dyn TrainingStream> {
    row_selection::selected_rows(rows, order, key)
}

#[cfg(test)]
mod tests {
    use crate::{Basis, KeyError, TaskShape, table::parse_table};

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
                "batch = 4000000000: would make 4000000000 rows of 4 numbers, more than 67108864 \
                 numbers. Use fewer rows or a smaller task.",
            ),
            (
                "order = 'shuffled'",
                "order = \"shuffled\": is unknown here. \
                 Choose one of: full-batch, epochs, replacement.",
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
