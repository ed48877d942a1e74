//! Training streams of the parity tasks.

use std::sync::Arc;

use rand_core::Rng;

use crate::{
    Batch, TrainingStream,
    parity::ParityRows,
    row_selection::RowSource,
    stream::{StreamKey, uniform},
};

/// Largest number of interval ends that are counted instead of searched, because counting has no
/// branches to mispredict.
const COUNTED: usize = 16;

/// Draws samples: a skill from the law of the skills, then uniform bits.
#[derive(Debug)]
pub(crate) struct Sampler {
    /// Upper end of each skill's interval of `[0, 1)`.
    cumulative: Vec<f64>,
    /// Mask of the bits of a sample.
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
            self.skill(uniform(rng))
        };
        (skill, self.word(rng))
    }

    /// The skill whose interval holds `place`.
    fn skill(&self, place: f64) -> u32 {
        if self.cumulative.len() > COUNTED {
            return self.cumulative.partition_point(|&end| end <= place) as u32;
        }
        let below = self.cumulative.iter().map(|&end| u32::from(end <= place));
        below.sum()
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

impl RowSource for TrainingSet {
    fn size(&self) -> u32 {
        u32::try_from(self.samples.len()).expect("data.size is a u32")
    }

    fn write(&self, indices: &[u32], batch: &mut Batch) {
        let samples = indices.iter().map(|&index| self.samples[index as usize]);
        self.rows.write(batch, indices.len(), samples);
        batch.index.extend_from_slice(indices);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_finds_the_skill_that_searching_finds() {
        for skills in [2, 5, COUNTED, COUNTED + 1, 40] {
            let sampler = Sampler::new(&vec![1.0 / skills as f64; skills], 4);
            let ends = sampler.cumulative.iter().copied();
            let below = ends.clone().map(f64::next_down);
            let places = ends.filter(|&end| end < 1.0).chain(below).chain([0.0]);
            for place in places {
                let first = sampler.cumulative.iter().position(|&end| end > place);
                assert_eq!(sampler.skill(place) as usize, first.unwrap(), "{place}");
            }
        }
    }
}
