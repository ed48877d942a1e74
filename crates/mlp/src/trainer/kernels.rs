//! Forward and backward passes of one layer on one block of rows.

use super::activate::activate;
use super::lines::{LANES, Line, panels};
use super::products::{
    add_lines, dense_panel, gram_panel, sparse_gram_panel, sparse_panel, table_panel,
};
use super::real::Real;
use super::simd::{Kernel, Simd};
use super::sparse::SparseRows;
use super::tables::TableRows;
use crate::Activation;

/// Rows that enter a layer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Entering<'a, T> {
    /// Panels of the block's rows.
    Dense(&'a [Line<T>]),
    /// The first layer's, where most inputs are zero.
    Sparse(SparseRows<'a, T>),
    /// The first layer's where there is no way back: sums of products that are known.
    Tables(TableRows<'a, T>),
}

impl<T: Real> Entering<'_, T> {
    /// One panel of the product with a weight; see [`dense_panel`].
    #[inline(always)]
    fn times<S: Simd<T>>(
        self,
        simd: S,
        panel: usize,
        weight: &[Line<T>],
        start: &Line<T>,
        out: &mut [Line<T>],
        finish: impl Fn(S::V, &mut Line<T>, usize) + Copy,
    ) {
        match self {
            Self::Dense(lines) => dense_panel(simd, lines, weight, start, out, finish),
            Self::Sparse(rows) => sparse_panel(simd, rows, weight, start, out, finish),
            Self::Tables(rows) => table_panel(simd, rows, panel, start, out, finish),
        }
    }
}

/// φ(m X W + n b).
pub(super) struct Forward<'a, T> {
    pub(super) entering: Entering<'a, T>,
    /// `[in, out]`
    pub(super) weight: &'a [Line<T>],
    pub(super) bias: Option<&'a [Line<T>]>,
    pub(super) weight_multiplier: T,
    pub(super) bias_multiplier: T,
    pub(super) inputs: usize,
    pub(super) rows: usize,
    pub(super) activation: Activation,
    /// `[rows, out]`
    pub(super) out: &'a mut [Line<T>],
    /// `[rows, out]` where the derivative must be kept, else empty.
    pub(super) slopes: &'a mut [Line<T>],
}

impl<T: Real> Kernel<T> for Forward<'_, T> {
    #[inline(always)]
    fn run<S: Simd<T>>(self, simd: S) {
        let weights = self.weight.chunks_exact(self.inputs);
        let outs = self.out.chunks_exact_mut(self.rows);
        for (panel, (weight, out)) in weights.zip(outs).enumerate() {
            let mut bias = self.bias.map_or([T::ZERO; LANES], |bias| bias[panel]);
            for value in &mut bias {
                *value *= self.bias_multiplier;
            }
            if self.activation == Activation::Relu && self.weight_multiplier == T::ONE {
                // The usual case: sums start at the bias and need no multiplication.
                (self.entering).times(simd, panel, weight, &bias, out, |sum, line, part| {
                    simd.store(simd.relu(sum), line, part);
                });
                continue;
            }
            let factor = simd.splat(self.weight_multiplier);
            let zero = [T::ZERO; LANES];
            (self.entering).times(simd, panel, weight, &zero, out, |sum, line, part| {
                let affine = simd.fma(factor, sum, simd.load(&bias, part));
                simd.store(affine, line, part);
            });
            let slopes = self.slopes.chunks_exact_mut(self.rows).nth(panel);
            let slopes = slopes.map_or(&mut [][..], |slopes| slopes.as_flattened_mut());
            activate(simd, self.activation, out.as_flattened_mut(), slopes);
        }
    }
}

/// P W for a table of patterns P.
pub(super) struct TableProduct<'a, T> {
    pub(super) patterns: SparseRows<'a, T>,
    /// Lines of a panel of `out`: patterns.
    pub(super) height: usize,
    /// `[in, out]`
    pub(super) weight: &'a [Line<T>],
    pub(super) inputs: usize,
    /// `[patterns, out]`
    pub(super) out: &'a mut [Line<T>],
}

impl<T: Real> Kernel<T> for TableProduct<'_, T> {
    #[inline(always)]
    fn run<S: Simd<T>>(self, simd: S) {
        let weights = self.weight.chunks_exact(self.inputs);
        for (weight, out) in weights.zip(self.out.chunks_exact_mut(self.height)) {
            let zero = [T::ZERO; LANES];
            sparse_panel(
                simd,
                self.patterns,
                weight,
                &zero,
                out,
                |sum, line, part| {
                    simd.store(sum, line, part);
                },
            );
        }
    }
}

/// m Wᵀ: panels of the inputs from panels of the outputs.
pub(super) struct Transpose<'a, T> {
    pub(super) weight: &'a [Line<T>],
    pub(super) multiplier: T,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) out: &'a mut [Line<T>],
}

impl<T: Real> Kernel<T> for Transpose<'_, T> {
    #[inline(always)]
    fn run<S: Simd<T>>(self, _simd: S) {
        let outs = self.out.chunks_exact_mut(self.outputs);
        for (panel, out) in outs.enumerate() {
            let first = panel * LANES;
            let count = LANES.min(self.inputs - first);
            let weights = self.weight.chunks_exact(self.inputs);
            for (weight, out) in weights.zip(out.chunks_mut(LANES)) {
                let lines = &weight[first..first + count];
                for (output, line) in out.iter_mut().enumerate() {
                    for (slot, weight) in line.iter_mut().zip(lines) {
                        *slot = self.multiplier * weight[output % LANES];
                    }
                }
            }
        }
    }
}

/// Where the gradient of a layer is summed up, and the rows that entered the layer.
pub(super) struct LayerGradient<'a, T> {
    pub(super) entering: Entering<'a, T>,
    pub(super) inputs: usize,
    /// `[in, out]`
    pub(super) weight: &'a mut [Line<T>],
    /// `[out]`, which gets the sum over rows.
    pub(super) bias: Option<&'a mut [Line<T>]>,
}

impl<T: Real> LayerGradient<'_, T> {
    /// Adds one panel of Xᵀ G.
    #[inline(always)]
    fn add_panel<S: Simd<T>>(&mut self, simd: S, panel: usize, at_output: &[Line<T>]) {
        let weight = &mut self.weight[panel * self.inputs..][..self.inputs];
        match self.entering {
            Entering::Dense(lines) => gram_panel(simd, lines, at_output, weight),
            Entering::Sparse(rows) => sparse_gram_panel(simd, rows, at_output, weight),
            Entering::Tables(_) => unreachable!("steps read the rows themselves"),
        }
        if let Some(bias) = &mut self.bias {
            add_lines(simd, at_output, &mut bias[panel]);
        }
    }
}

/// Adds Xᵀ G to the gradient of a layer.
pub(super) struct WeightGradient<'a, T> {
    /// `[rows, out]`
    pub(super) at_output: &'a [Line<T>],
    pub(super) rows: usize,
    pub(super) gradient: LayerGradient<'a, T>,
}

impl<T: Real> Kernel<T> for WeightGradient<'_, T> {
    #[inline(always)]
    fn run<S: Simd<T>>(mut self, simd: S) {
        let at_outputs = self.at_output.chunks_exact(self.rows);
        for (panel, at_output) in at_outputs.enumerate() {
            self.gradient.add_panel(simd, panel, at_output);
        }
    }
}

/// (G m Wᵀ) ∘ φ'(Z) in the place of φ(Z).
pub(super) struct PullBack<'a, T> {
    /// `[rows, out]`
    pub(super) at_output: &'a [Line<T>],
    /// From [`Transpose`].
    pub(super) transposed: &'a [Line<T>],
    pub(super) outputs: usize,
    pub(super) rows: usize,
    pub(super) activation: Activation,
    /// `[rows, in]`, φ(Z).
    pub(super) features: &'a mut [Line<T>],
    pub(super) slopes: &'a [Line<T>],
}

impl<T: Real> Kernel<T> for PullBack<'_, T> {
    #[inline(always)]
    fn run<S: Simd<T>>(self, simd: S) {
        let weights = self.transposed.chunks_exact(self.outputs);
        let features = self.features.chunks_exact_mut(self.rows);
        for (panel, (weight, features)) in weights.zip(features).enumerate() {
            let slopes = self.slopes.chunks_exact(self.rows).nth(panel);
            let (at_output, zero) = (self.at_output, [T::ZERO; LANES]);
            match (self.activation, slopes) {
                (Activation::Relu, _) => {
                    dense_panel(
                        simd,
                        at_output,
                        weight,
                        &zero,
                        features,
                        |sum, line, part| {
                            simd.store(simd.gate(simd.load(line, part), sum), line, part);
                        },
                    );
                }
                (Activation::Tanh, _) => {
                    dense_panel(
                        simd,
                        at_output,
                        weight,
                        &zero,
                        features,
                        |sum, line, part| {
                            simd.store(tanh_slope(simd, line, part, sum), line, part);
                        },
                    );
                }
                (_, None) => {
                    dense_panel(
                        simd,
                        at_output,
                        weight,
                        &zero,
                        features,
                        |sum, line, part| {
                            simd.store(sum, line, part);
                        },
                    );
                }
                (_, Some(slopes)) => {
                    dense_panel(
                        simd,
                        at_output,
                        weight,
                        &zero,
                        features,
                        |sum, line, part| {
                            simd.store(sum, line, part);
                        },
                    );
                    for (value, slope) in
                        (features.as_flattened_mut().iter_mut()).zip(slopes.as_flattened())
                    {
                        *value *= *slope;
                    }
                }
            }
        }
    }
}

/// g (1 − h²) with h = tanh z in the line.
#[inline(always)]
fn tanh_slope<T: Real, S: Simd<T>>(simd: S, line: &Line<T>, part: usize, gradient: S::V) -> S::V {
    let h = simd.load(line, part);
    let minus_h = simd.mul(h, simd.splat(-T::ONE));
    simd.mul(gradient, simd.fma(minus_h, h, simd.splat(T::ONE)))
}

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
            match self.activation {
                Activation::Relu => {
                    outer_panel(
                        simd,
                        at_output,
                        &scaled,
                        features,
                        gradient,
                        |sum, line, part| simd.gate(simd.load(line, part), sum),
                    );
                }
                Activation::Tanh => {
                    outer_panel(
                        simd,
                        at_output,
                        &scaled,
                        features,
                        gradient,
                        |sum, line, part| tanh_slope(simd, line, part, sum),
                    );
                }
                _ => {
                    outer_panel(simd, at_output, &scaled, features, gradient, |sum, _, _| {
                        sum
                    });
                    let slopes = self.slopes.chunks_exact(self.rows).nth(panel);
                    let slopes = slopes.map_or(&[][..], |slopes| slopes.as_flattened());
                    for (value, slope) in features.as_flattened_mut().iter_mut().zip(slopes) {
                        *value *= *slope;
                    }
                }
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

/// Lines of a `[rows, columns]` matrix.
pub(super) fn lines_of(rows: usize, columns: usize) -> usize {
    rows * panels(columns)
}
