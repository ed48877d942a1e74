//! Parities of subsets of up to 64 bits, and their encoding as rows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Basis, Batch, CubeAxes, TaskShape};

/// Encoding of a bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Encoding {
    /// Bit 0 is 0 and bit 1 is 1.
    ZeroOne,
    /// Bit 0 is 1 and bit 1 is −1, so that a parity is the product of its inputs.
    PlusMinus,
}

impl Encoding {
    /// Input values for bit 0 and bit 1.
    fn values(self) -> [f64; 2] {
        match self {
            Self::ZeroOne => [0.0, 1.0],
            Self::PlusMinus => [1.0, -1.0],
        }
    }
}

/// Bits of a nibble, the unit in which inputs are copied from a table.
const NIBBLE: usize = 4;

/// Writes samples, each a skill and a word of bits (bit `j` of the word is bit `j` of the sample),
/// as rows of a batch.
///
/// The inputs are the one-hot key of the skill (if the task has keys), then the bits. Basis column
/// `k` holds the parity `g_k = (-1)^(sum of the bits of subset k)` where the skill is `k` and 0
/// elsewhere, and the target is `S g_k`.
#[derive(Debug)]
pub(crate) struct ParityRows {
    key_columns: usize,
    bits: usize,
    target: f64,
    /// Bits of each skill's subset, as a mask of the word.
    masks: Vec<u64>,
    /// Inputs of the 16 possible nibbles. Copying four inputs at a time is several times faster
    /// than shifting the word bit by bit.
    nibbles: [[f64; NIBBLE]; 1 << NIBBLE],
}

impl ParityRows {
    /// Rows with or without key columns for the skills whose subsets are given.
    ///
    /// # Assumes
    /// `1 <= bits <= 64`, and the subsets hold distinct bits below `bits`.
    pub(crate) fn new(
        has_keys: bool,
        bits: usize,
        encoding: Encoding,
        target: f64,
        subsets: &[Vec<usize>],
    ) -> Self {
        let mut nibbles = [[0.0; NIBBLE]; 1 << NIBBLE];
        for (nibble, inputs) in nibbles.iter_mut().enumerate() {
            for (j, input) in inputs.iter_mut().enumerate() {
                *input = encoding.values()[nibble >> j & 1];
            }
        }
        let mask = |subset: &Vec<usize>| subset.iter().fold(0, |mask, bit| mask | 1_u64 << bit);
        Self {
            key_columns: if has_keys { subsets.len() } else { 0 },
            bits,
            target,
            masks: subsets.iter().map(mask).collect(),
            nibbles,
        }
    }

    /// Widths of the rows.
    pub(crate) fn shape(&self) -> TaskShape {
        TaskShape {
            inputs: self.key_columns + self.bits,
            basis: self.masks.len(),
            outputs: 1,
        }
    }

    /// Number of skills.
    pub(crate) fn skills(&self) -> usize {
        self.masks.len()
    }

    /// The parity of one sample, +1 or -1.
    pub(crate) fn parity(&self, skill: u32, word: u64) -> f64 {
        1.0 - 2.0 * f64::from((word & self.masks[skill as usize]).count_ones() & 1)
    }

    /// Overwrites `batch` with `rows` samples.
    pub(crate) fn write(
        &self,
        batch: &mut Batch,
        rows: usize,
        samples: impl Iterator<Item = (u32, u64)>,
    ) {
        let shape = self.shape();
        batch.resize(shape, rows);
        let Basis::Dense(basis) = &mut batch.basis else {
            unreachable!("a resized batch has a dense basis")
        };
        let rows = batch
            .inputs
            .chunks_exact_mut(shape.inputs)
            .zip(basis.chunks_exact_mut(shape.basis))
            .zip(batch.targets.iter_mut().zip(&mut batch.group));
        for (((inputs, basis), (target, group)), (skill, word)) in rows.zip(samples) {
            let (key, bits) = inputs.split_at_mut(self.key_columns);
            key.fill(0.0);
            if let Some(own) = key.get_mut(skill as usize) {
                *own = 1.0;
            }
            self.write_bits(word, bits);
            let parity = self.parity(skill, word);
            basis.fill(0.0);
            basis[skill as usize] = parity;
            *target = self.target * parity;
            *group = skill;
        }
    }

    /// All `2^bits` samples of one skill in counting order.
    pub(crate) fn counting(&self, skill: u32) -> impl Iterator<Item = (u32, u64)> + use<> {
        (0..1 << self.bits).map(move |word| (skill, word))
    }

    /// The inputs of [`ParityRows::counting`] as corners of a cube.
    pub(crate) fn axes(&self, skill: u32) -> CubeAxes {
        let [zero, one] = [0, 1].map(|nibble: usize| self.nibbles[nibble][0]);
        let mut origin = vec![0.0; self.key_columns];
        if let Some(own) = origin.get_mut(skill as usize) {
            *own = 1.0;
        }
        origin.resize(self.key_columns + self.bits, zero);
        let columns = self.key_columns..origin.len();
        CubeAxes {
            origin,
            axes: columns.map(|column| (column, one - zero)).collect(),
        }
    }

    fn write_bits(&self, word: u64, bits: &mut [f64]) {
        let mut rest = word;
        let mut chunks = bits.chunks_exact_mut(NIBBLE);
        for chunk in &mut chunks {
            chunk.copy_from_slice(&self.nibbles[(rest & 0xF) as usize]);
            rest >>= NIBBLE;
        }
        let tail = chunks.into_remainder();
        tail.copy_from_slice(&self.nibbles[(rest & 0xF) as usize][..tail.len()]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parity_is_the_product_of_the_plus_minus_inputs(
            (bits, words, subset) in (1_usize..=64).prop_flat_map(|bits| (
                Just(bits),
                prop::collection::vec(any::<u64>(), 1..5),
                prop::collection::btree_set(0..bits, 1..=bits),
            )),
            has_keys in any::<bool>(),
        ) {
            let subset: Vec<usize> = subset.into_iter().collect();
            let subsets = [vec![0], subset.clone()];
            let rows = ParityRows::new(has_keys, bits, Encoding::PlusMinus, 3.0, &subsets);
            let mut batch = Batch::zeros(rows.shape(), 0);
            rows.write(&mut batch, words.len(), words.iter().map(|&word| (1, word)));
            let width = rows.shape().inputs;
            for (row, inputs) in batch.inputs.chunks_exact(width).enumerate() {
                let (key, inputs) = inputs.split_at(width - bits);
                prop_assert_eq!(key, if has_keys { &[0.0, 1.0][..] } else { &[] });
                for (j, &input) in inputs.iter().enumerate() {
                    let expected = if (words[row] >> j) % 2 == 0 { 1.0 } else { -1.0 };
                    prop_assert_eq!(input, expected);
                }
                let product: f64 = subset.iter().map(|&bit| inputs[bit]).product();
                prop_assert_eq!(batch.basis_row(row), [0.0, product]);
                prop_assert_eq!(batch.targets[row], 3.0 * product);
            }
        }
    }

    #[test]
    fn zero_one_inputs_are_the_bits() {
        let rows = ParityRows::new(false, 6, Encoding::ZeroOne, 1.0, &[vec![0, 5]]);
        let mut batch = Batch::zeros(rows.shape(), 0);
        rows.write(&mut batch, 1, [(0, 0b10_0110)].into_iter());
        assert_eq!(batch.inputs, [0.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
        assert_eq!(batch.targets, [-1.0]);
    }
}
