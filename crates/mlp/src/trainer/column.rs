//! Forward and backward passes of a layer with one output, whose weight is kept along the lanes.

use super::activate::{multiply, times_slope};
use super::kernels::LayerGradient;
use super::lines::{LANES, Line};
use super::products::add_lines;
use super::real::Real;
use super::simd::{Kernel, Simd};
use crate::Activation;
use crate::activation::{Formula, with_formula};

/// The affine map of a layer with one output: a product with a vector, which is kept along the
/// lanes. The result is lane 0 of `out`.
pub(super) struct ColumnForward<'a, T> {
    /// `[rows, in]`
    pub(super) features: &'a [Line<T>],
    /// `[in]`, one panel wide.
    pub(super) weight: &'a [Line<T>],
    pub(super) multiplier: T,
    /// n b
    pub(super) bias: T,
    pub(super) rows: usize,
    pub(super) out: &'a mut [Line<T>],
}

/// Rows that are summed side by side.
const COLUMN_TILE: usize = 4;

impl<T: Real> Kernel<T> for ColumnForward<'_, T> {
    #[inline(always)]
    fn run<S: Simd<T>>(self, simd: S) {
        let out = &mut self.out[..self.rows];
        let (tiles, rest) = out.as_chunks_mut::<COLUMN_TILE>();
        let mut first = 0;
        for out in tiles {
            column_rows(simd, self.features, self.rows, first, self.weight, out);
            first += COLUMN_TILE;
        }
        for out in rest.as_chunks_mut::<1>().0 {
            column_rows(simd, self.features, self.rows, first, self.weight, out);
            first += 1;
        }
        for out in &mut *self.out {
            let sum = sum_of(*out);
            *out = [T::ZERO; LANES];
            out[0] = simd.mul_add(self.multiplier, sum, self.bias);
        }
    }
}

/// Sum of the lanes, by halves.
#[inline(always)]
pub(super) fn sum_of<T: Real>(mut line: Line<T>) -> T {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            line[lane] += line[lane + half];
        }
        half /= 2;
    }
    line[0]
}

/// Products of M rows with the weight, to be summed over the lanes.
#[inline(always)]
fn column_rows<T: Real, S: Simd<T>, const M: usize>(
    simd: S,
    features: &[Line<T>],
    rows: usize,
    first: usize,
    weight: &[Line<T>],
    out: &mut [Line<T>; M],
) {
    for part in 0..T::PARTS {
        let mut sums = [simd.zero(); M];
        for (features, weight) in features.chunks_exact(rows).zip(weight) {
            let weight = simd.load(weight, part);
            let features: &[Line<T>; M] = features[first..].first_chunk().expect("rows");
            for (sum, line) in sums.iter_mut().zip(features) {
                *sum = simd.fma(simd.load(line, part), weight, *sum);
            }
        }
        for (sum, out) in sums.into_iter().zip(out.iter_mut()) {
            simd.store(sum, out, part);
        }
    }
}

/// Gradient of the weight of a layer with one output, (g m wᵀ) ∘ φ'(Z) in the place of φ(Z), and the
/// gradient of the layer below, panel by panel while they are in the fastest cache.
pub(super) struct ColumnBackward<'a, T> {
    /// `[rows]`, in lane 0.
    pub(super) at_output: &'a [Line<T>],
    /// `[in]`, one panel wide.
    pub(super) weight: &'a [Line<T>],
    pub(super) multiplier: T,
    pub(super) rows: usize,
    pub(super) activation: Activation,
    /// `[rows, in]`, φ(Z).
    pub(super) features: &'a mut [Line<T>],
    pub(super) slopes: &'a [Line<T>],
    /// `[in]`, one panel wide; is added to.
    pub(super) gradient: &'a mut [Line<T>],
    /// `[1]`, in lane 0; is added to.
    pub(super) bias_gradient: Option<&'a mut [Line<T>]>,
    /// Of the layer below.
    pub(super) below: LayerGradient<'a, T>,
}

impl<T: Real> Kernel<T> for ColumnBackward<'_, T> {
    #[inline(always)]
    fn run<S: Simd<T>>(mut self, simd: S) {
        if let Some([bias, ..]) = self.bias_gradient {
            add_lines(simd, self.at_output, bias);
        }
        let weights = self.weight.iter().zip(self.gradient);
        let features = self.features.chunks_exact_mut(self.rows);
        for (panel, ((weight, gradient), features)) in weights.zip(features).enumerate() {
            let mut scaled = *weight;
            for value in &mut scaled {
                *value *= self.multiplier;
            }
            let at_output = self.at_output;
            if self.slopes.is_empty() {
                with_formula!(self.activation, F => if F::SLOPE_FROM_VALUE {
                    outer_panel(
                        simd,
                        at_output,
                        &scaled,
                        features,
                        gradient,
                        #[inline(always)]
                        |sum, line, part| times_slope::<F, T, S>(simd, sum, line, part),
                    );
                });
            } else {
                outer_panel(
                    simd,
                    at_output,
                    &scaled,
                    features,
                    gradient,
                    #[inline(always)]
                    |sum, _, _| sum,
                );
                multiply(features, &self.slopes[panel * self.rows..][..self.rows]);
            }
            self.below.add_panel(simd, panel, features);
        }
    }
}

/// Adds Σ g h to `gradient` and replaces h by what `back` makes of g w, for one panel.
#[inline(always)]
fn outer_panel<T: Real, S: Simd<T>>(
    simd: S,
    at_output: &[Line<T>],
    weight: &Line<T>,
    features: &mut [Line<T>],
    gradient: &mut Line<T>,
    back: impl Fn(S::V, &Line<T>, usize) -> S::V,
) {
    for part in 0..T::PARTS {
        let weight = simd.load(weight, part);
        // Two sums, so that additions need not wait for each other.
        let mut sums = [simd.zero(); 2];
        let (pairs, rest) = features.as_chunks_mut::<2>();
        let (output_pairs, output_rest) = at_output.as_chunks::<2>();
        for (at_output, lines) in output_pairs.iter().zip(pairs) {
            for ((sum, at_output), line) in sums.iter_mut().zip(at_output).zip(lines) {
                let at_output = simd.splat(at_output[0]);
                *sum = simd.fma(at_output, simd.load(line, part), *sum);
                simd.store(back(simd.mul(at_output, weight), line, part), line, part);
            }
        }
        for (at_output, line) in output_rest.iter().zip(rest) {
            let at_output = simd.splat(at_output[0]);
            sums[0] = simd.fma(at_output, simd.load(line, part), sums[0]);
            simd.store(back(simd.mul(at_output, weight), line, part), line, part);
        }
        let sum = simd.add(sums[0], sums[1]);
        let sum = simd.add(simd.load(gradient, part), sum);
        simd.store(sum, gradient, part);
    }
}
