//! Training streams of the parity tasks.

use std::sync::Arc;

use rand_core::Rng;

use crate::{
    Batch, TrainingStream,
    parity::ParityRows,
    stream::{StreamKey, below, permute, uniform},
};

/// Draws samples: a skill from the law of the skills, then uniform bits.
#[derive(Debug)]
pub(crate) struct Sampler {
    /// Upper end of each skill's interval of `[0, 1)`.
    cumulative: Vec<f64>,
    /// The bits that a sample has.
    word_mask: u64,
}

impl Sampler {
    /// A sampler of skills with these probabilities and of `bits` bits each.
    pub(crate) fn new(probabilities: &[f64], bits: usize) -> Self {
        let mut cumulative: Vec<f64> = probabilities
            .iter()
            .scan(0.0, |sum, p| {
                *sum += p;
                Some(*sum)
            })
            .collect();
        if let Some(last) = cumulative.last_mut() {
            // Rounding must not leave a gap below 1.
            *last = 1.0;
        }
        Self {
            cumulative,
            word_mask: u64::MAX >> (64 - bits),
        }
    }

    /// One sample: a skill (not drawn if there is only one) and its word of bits.
    pub(crate) fn draw(&self, rng: &mut impl Rng) -> (u32, u64) {
        let skill = if self.cumulative.len() == 1 {
            0
        } else {
            let place = uniform(rng);
            self.cumulative.partition_point(|&end| end <= place) as u32
        };
        (skill, self.word(rng))
    }

    /// Uniform bits.
    pub(crate) fn word(&self, rng: &mut impl Rng) -> u64 {
        rng.next_u64() & self.word_mask
    }
}

/// New samples at every step.
pub(crate) struct FreshStream {
    pub(crate) rows: Arc<ParityRows>,
    pub(crate) sampler: Arc<Sampler>,
    pub(crate) key: StreamKey,
    pub(crate) batch: usize,
}

impl TrainingStream for FreshStream {
    fn is_constant(&self) -> bool {
        false
    }

    fn fill(&mut self, step: u64, batch: &mut Batch) {
        let mut rng = self.key.at(step);
        let samples = std::iter::repeat_with(|| self.sampler.draw(&mut rng));
        self.rows.write(batch, self.batch, samples);
    }
}

/// A fixed training set: samples drawn once.
pub(crate) struct TrainingSet {
    pub(crate) rows: Arc<ParityRows>,
    pub(crate) samples: Vec<(u32, u64)>,
}

impl TrainingSet {
    /// Writes the samples with these indices, and the indices.
    pub(crate) fn write(&self, batch: &mut Batch, indices: impl Iterator<Item = u32> + Clone) {
        let rows = indices.clone().count();
        let samples = indices.clone().map(|index| self.samples[index as usize]);
        self.rows.write(batch, rows, samples);
        batch.index.extend(indices);
    }

    /// Number of samples.
    pub(crate) fn size(&self) -> u32 {
        u32::try_from(self.samples.len()).expect("data.size is a u32")
    }
}

/// Samples of a training set, drawn anew at every step with replacement.
pub(crate) struct ReplacementStream {
    set: Arc<TrainingSet>,
    key: StreamKey,
    indices: Vec<u32>,
}

impl ReplacementStream {
    /// `batch` samples of the set a step.
    pub(crate) fn new(set: Arc<TrainingSet>, key: StreamKey, batch: usize) -> Self {
        Self {
            set,
            key,
            indices: vec![0; batch],
        }
    }
}

impl TrainingStream for ReplacementStream {
    fn is_constant(&self) -> bool {
        false
    }

    fn fill(&mut self, step: u64, batch: &mut Batch) {
        let mut rng = self.key.at(step);
        let size = self.set.size();
        self.indices.fill_with(|| below(&mut rng, size));
        self.set.write(batch, self.indices.iter().copied());
    }
}

/// A training set in a new order every epoch. The epochs are strung together and cut into batches,
/// so that a batch may hold the end of one and the start of the next.
pub(crate) struct EpochStream {
    set: Arc<TrainingSet>,
    key: StreamKey,
    batch: usize,
    /// The orders of the two epochs that a batch may touch: even epochs in the first place.
    orders: [EpochOrder; 2],
}

struct EpochOrder {
    epoch: Option<u64>,
    order: Vec<u32>,
}

impl EpochStream {
    /// `batch` samples a step, at most the size of the set; `key` draws the order of each epoch.
    pub(crate) fn new(set: Arc<TrainingSet>, key: StreamKey, batch: usize) -> Self {
        assert!(
            batch <= set.samples.len(),
            "a batch touches at most two epochs"
        );
        let unknown = || EpochOrder {
            epoch: None,
            order: vec![0; set.samples.len()],
        };
        Self {
            key,
            batch,
            orders: [unknown(), unknown()],
            set,
        }
    }

    /// Makes sure that the order of an epoch is there.
    fn prepare(&mut self, epoch: u64) {
        let place = &mut self.orders[(epoch % 2) as usize];
        if place.epoch != Some(epoch) {
            permute(&mut self.key.at(epoch), &mut place.order);
            place.epoch = Some(epoch);
        }
    }
}

impl TrainingStream for EpochStream {
    fn is_constant(&self) -> bool {
        false
    }

    fn fill(&mut self, step: u64, batch: &mut Batch) {
        let size = self.set.samples.len();
        // The first sample of the step, counted over all epochs, can exceed 64 bits.
        let first = u128::from(step) * self.batch as u128;
        let epoch = u64::try_from(first / size as u128).expect("a batch is no larger than the set");
        let offset = (first % size as u128) as usize;
        let now = self.batch.min(size - offset);
        let left = self.batch - now;
        self.prepare(epoch);
        if left > 0 {
            self.prepare(epoch + 1);
        }
        let this = &self.orders[(epoch % 2) as usize].order[offset..offset + now];
        // Empty unless the batch straddles two epochs.
        let next = &self.orders[(epoch % 2) as usize ^ 1].order[..left];
        self.set.write(batch, this.iter().chain(next).copied());
    }
}
