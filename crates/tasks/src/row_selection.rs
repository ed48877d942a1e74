//! Selects the rows of a fixed set for each training step.

use std::sync::Arc;

use crate::{
    Batch, TrainingStream,
    constant::ConstantStream,
    row_order::RowOrder,
    stream::{StreamKey, below, permute},
};

/// A fixed set of rows, stored or generated on demand.
pub(crate) trait RowSource: Send + Sync + 'static {
    /// Number of rows.
    fn size(&self) -> u32;

    /// Writes the rows with these indices, and the indices themselves.
    fn write(&self, indices: &[u32], batch: &mut Batch);

    /// All rows in their own order.
    fn all(&self) -> Batch {
        let mut batch = Batch::empty();
        let indices: Vec<u32> = (0..self.size()).collect();
        self.write(&indices, &mut batch);
        batch
    }
}

impl RowSource for Batch {
    fn size(&self) -> u32 {
        u32::try_from(self.rows).expect("row indices are u32")
    }

    fn write(&self, indices: &[u32], batch: &mut Batch) {
        self.gather(indices, batch);
    }
}

/// A stream of the rows of `source` in this order, which `key` draws.
///
/// # Assumes
/// `order` has been checked for the size of `source`.
pub(crate) fn selected_rows<S: RowSource>(
    source: Arc<S>,
    order: RowOrder,
    key: StreamKey,
) -> Box<dyn TrainingStream> {
    match order {
        RowOrder::FullBatch => Box::new(ConstantStream(source.all())),
        RowOrder::Epochs { batch } => {
            let selection = Epochs::new(source.size(), batch, key);
            Box::new(SelectedRows::new(source, selection))
        }
        RowOrder::Replacement { batch } => {
            let selection = Replacement {
                key,
                size: source.size(),
                batch,
            };
            Box::new(SelectedRows::new(source, selection))
        }
    }
}

/// Chooses the indices of the rows of a step.
trait Selection: Send {
    /// Overwrites `indices` with those of `step`.
    fn select(&mut self, step: u64, indices: &mut Vec<u32>);
}

struct SelectedRows<S, Sel> {
    source: Arc<S>,
    selection: Sel,
    indices: Vec<u32>,
}

impl<S, Sel> SelectedRows<S, Sel> {
    fn new(source: Arc<S>, selection: Sel) -> Self {
        Self {
            source,
            selection,
            indices: Vec::new(),
        }
    }
}

impl<S: RowSource, Sel: Selection> TrainingStream for SelectedRows<S, Sel> {
    fn is_constant(&self) -> bool {
        false
    }

    fn fill(&mut self, step: u64, batch: &mut Batch) {
        self.selection.select(step, &mut self.indices);
        self.source.write(&self.indices, batch);
    }
}

/// Rows drawn anew at every step, with replacement.
struct Replacement {
    key: StreamKey,
    size: u32,
    batch: usize,
}

impl Selection for Replacement {
    fn select(&mut self, step: u64, indices: &mut Vec<u32>) {
        let mut rng = self.key.at(step);
        indices.clear();
        indices.extend((0..self.batch).map(|_| below(&mut rng, self.size)));
    }
}

/// All rows in a new order every epoch. The epochs are strung together and cut into batches, so
/// that a batch may hold the end of one and the start of the next.
struct Epochs {
    key: StreamKey,
    size: usize,
    batch: usize,
    /// The orders of the two epochs that a batch may touch, with even epochs first.
    orders: [EpochOrder; 2],
}

struct EpochOrder {
    epoch: Option<u64>,
    order: Vec<u32>,
}

impl Epochs {
    /// `batch` rows a step, at most `size`; `key` draws the order of each epoch.
    fn new(size: u32, batch: usize, key: StreamKey) -> Self {
        let size = size as usize;
        assert!(batch <= size, "a batch touches at most two epochs");
        let unknown = || EpochOrder {
            epoch: None,
            order: vec![0; size],
        };
        Self {
            key,
            size,
            batch,
            orders: [unknown(), unknown()],
        }
    }

    /// Draws the order of an epoch, if it has not been drawn yet.
    fn prepare(&mut self, epoch: u64) {
        let place = &mut self.orders[(epoch % 2) as usize];
        if place.epoch != Some(epoch) {
            permute(&mut self.key.at(epoch), &mut place.order);
            place.epoch = Some(epoch);
        }
    }
}

impl Selection for Epochs {
    fn select(&mut self, step: u64, indices: &mut Vec<u32>) {
        // The position of the first row, counted over all epochs, may exceed 64 bits.
        let first = u128::from(step) * self.batch as u128;
        let size = self.size as u128;
        let epoch = u64::try_from(first / size).expect("a batch is no larger than the set");
        let offset = (first % size) as usize;
        let now = self.batch.min(self.size - offset);
        let left = self.batch - now;
        self.prepare(epoch);
        if left > 0 {
            self.prepare(epoch + 1);
        }
        let place = (epoch % 2) as usize;
        indices.clear();
        indices.extend_from_slice(&self.orders[place].order[offset..offset + now]);
        // Empty unless the batch straddles two epochs.
        indices.extend_from_slice(&self.orders[place ^ 1].order[..left]);
    }
}
