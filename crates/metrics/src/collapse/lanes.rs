//! Several rows side by side, so that one vector instruction works on all of them.
//!
//! Every row is computed by the same operations in the same order as it would be alone. The numbers do
//! therefore not depend on the instructions of the processor, nor on how rows are grouped.

use crate::Stored;

/// Rows side by side.
pub(super) const LANES: usize = 16;

/// Vectors that are multiplied with a block in one pass, as many as the registers of AVX2 hold.
const TOGETHER: usize = 3;

/// One number of each row.
pub(super) type Lanes = [f64; LANES];

/// Up to [`LANES`] rows, transposed: `[d][LANES]`. Lanes without a row are 0.
pub(super) struct Block {
    columns: Vec<Lanes>,
}

impl Block {
    pub(super) fn new(width: usize) -> Self {
        Self {
            columns: vec![[0.0; LANES]; width],
        }
    }

    /// Fills the block with `rows` `[≤ LANES, d]`.
    #[inline(always)]
    pub(super) fn fill<T: Stored>(&mut self, rows: &[T]) {
        let width = self.columns.len();
        for (lane, row) in rows.chunks_exact(width).enumerate() {
            for (column, number) in self.columns.iter_mut().zip(row) {
                column[lane] = number.wide();
            }
        }
        self.clear(rows.len() / width);
    }

    /// Fills the block with the differences of rows and their own means.
    #[inline(always)]
    pub(super) fn fill_differences<'a, T: Stored>(
        &mut self,
        rows: &[T],
        means: impl Iterator<Item = &'a [f64]>,
    ) {
        let width = self.columns.len();
        for ((lane, row), mean) in rows.chunks_exact(width).enumerate().zip(means) {
            for ((column, number), mean) in self.columns.iter_mut().zip(row).zip(mean) {
                column[lane] = number.wide() - mean;
            }
        }
        self.clear(rows.len() / width);
    }

    #[inline(always)]
    fn clear(&mut self, from: usize) {
        if from < LANES {
            for column in &mut self.columns {
                column[from..].fill(0.0);
            }
        }
    }

    /// Σ_j h_j² of every row.
    #[inline(always)]
    pub(super) fn squares(&self) -> Lanes {
        let mut sums = [-0.0; LANES];
        for column in &self.columns {
            for (sum, h) in sums.iter_mut().zip(column) {
                *sum += h * h;
            }
        }
        sums
    }

    /// Σ_j h_j v_j of every row with every vector `[d]`, into `sums` `[vectors][LANES]`.
    #[inline(always)]
    pub(super) fn dots(&self, vectors: &[&[f64]], sums: &mut [Lanes]) {
        self.sums(vectors, sums, |h, v| h * v);
    }

    /// Σ_j (h_j − v_j)² of every row with every vector `[d]`, into `sums` `[vectors][LANES]`.
    #[inline(always)]
    pub(super) fn distances(&self, vectors: &[&[f64]], sums: &mut [Lanes]) {
        self.sums(vectors, sums, |h, v| (h - v) * (h - v));
    }

    #[inline(always)]
    fn sums(&self, vectors: &[&[f64]], sums: &mut [Lanes], term: impl Fn(f64, f64) -> f64 + Copy) {
        let together = vectors.chunks_exact(TOGETHER);
        let alone = together.remainder();
        let (first, rest) = sums.split_at_mut(vectors.len() - alone.len());
        for (vectors, sums) in together.zip(first.chunks_exact_mut(TOGETHER)) {
            let found = self.pass([vectors[0], vectors[1], vectors[2]], term);
            sums.copy_from_slice(&found);
        }
        for (vector, sums) in alone.iter().zip(rest) {
            [*sums] = self.pass([vector], term);
        }
    }

    /// One pass over the block with V vectors.
    #[inline(always)]
    fn pass<const V: usize>(
        &self,
        vectors: [&[f64]; V],
        term: impl Fn(f64, f64) -> f64,
    ) -> [Lanes; V] {
        let width = self.columns.len();
        let vectors = vectors.map(|vector| &vector[..width]);
        // An empty sum of f64 is −0.
        let mut sums = [[-0.0; LANES]; V];
        for (at, column) in self.columns.iter().enumerate() {
            for (sums, vector) in sums.iter_mut().zip(&vectors) {
                let v = vector[at];
                for (sum, h) in sums.iter_mut().zip(column) {
                    *sum += term(*h, v);
                }
            }
        }
        sums
    }

    /// Takes the part along each of orthonormal `units` `[d]` out of every row, one after another, and
    /// writes the lengths of the parts into `along` `[units][LANES]`.
    #[inline(always)]
    pub(super) fn take_out(&mut self, units: &[&[f64]], along: &mut [Lanes]) {
        let Some(first) = units.first() else { return };
        [along[0]] = self.pass([first], |h, u| h * u);
        for at in 0..units.len() {
            let unit = &units[at][..self.columns.len()];
            let length = along[at];
            let Some(next) = units.get(at + 1) else {
                for (column, &u) in self.columns.iter_mut().zip(unit) {
                    let mut rest = *column;
                    for (h, length) in rest.iter_mut().zip(&length) {
                        *h -= length * u;
                    }
                    *column = rest;
                }
                return;
            };
            // One pass takes this part out and measures the next.
            let mut sums = [-0.0; LANES];
            for ((column, &u), &v) in self.columns.iter_mut().zip(unit).zip(*next) {
                // A copy in registers, because the compiler cannot know that the vectors are elsewhere.
                let mut rest = *column;
                for ((h, length), sum) in rest.iter_mut().zip(&length).zip(&mut sums) {
                    *h -= length * u;
                    *sum += *h * v;
                }
                *column = rest;
            }
            along[at + 1] = sums;
        }
    }
}

/// Runs `work` compiled for AVX2, if the processor has it. Multiplications and additions are never fused,
/// so the numbers are the same without it.
#[inline(always)]
pub(super) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = pulp::x86::V3::try_new() {
        return pulp::Simd::vectorize(avx2, Work(work));
    }
    work()
}

#[cfg(target_arch = "x86_64")]
struct Work<F>(F);

#[cfg(target_arch = "x86_64")]
impl<R, F: FnOnce() -> R> pulp::WithSimd for Work<F> {
    type Output = R;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> R {
        (self.0)()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collapse::dot::dot;

    #[test]
    fn rows_side_by_side_have_the_bits_of_rows_alone() {
        for (rows, width, count) in [(1, 1, 1), (16, 7, 3), (5, 33, 8), (15, 64, 13)] {
            let number = |seed: usize| (seed as f64 * 12.9898).sin() * 43_758.545_3;
            let values: Vec<f64> = (0..rows * width).map(number).collect();
            let others: Vec<f64> = (0..count * width).map(|i| number(i + 7)).collect();
            let vectors: Vec<&[f64]> = others.chunks_exact(width).collect();
            let mut block = Block::new(width);
            let (mut dots, mut distances) = (vec![[0.0; LANES]; count], vec![[0.0; LANES]; count]);
            let squares = vectorised(|| {
                block.fill(&values);
                block.dots(&vectors, &mut dots);
                block.distances(&vectors, &mut distances);
                block.squares()
            });
            let mut along = vec![[0.0; LANES]; count];
            vectorised(|| block.take_out(&vectors, &mut along));
            for (lane, row) in values.chunks_exact(width).enumerate() {
                assert_eq!(squares[lane], dot(row, row));
                let mut rest = row.to_vec();
                for (at, vector) in vectors.iter().enumerate() {
                    let apart = row.iter().zip(*vector).map(|(h, v)| (h - v) * (h - v));
                    assert_eq!(dots[at][lane], dot(row, vector));
                    assert_eq!(distances[at][lane], apart.sum::<f64>());
                    let length = dot(&rest, vector);
                    assert_eq!(along[at][lane], length);
                    rest.iter_mut()
                        .zip(*vector)
                        .for_each(|(h, v)| *h -= length * v);
                }
                let left: Vec<f64> = block.columns.iter().map(|column| column[lane]).collect();
                assert_eq!(left, rest);
            }
        }
    }
}
