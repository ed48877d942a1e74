//! Forward and backward passes of one layer on one block of rows.

use super::activate::{activate, multiply, times_slope, value};
use super::lines::{LANES, Line};
use super::products::{
    add_lines, dense_panel, gram_panel, sparse_gram_panel, sparse_panel, table_panel,
};
use super::real::Real;
use super::simd::{Kernel, Simd};
use super::sparse::SparseRows;
use super::tables::TableRows;
use crate::Activation;
use crate::activation::{Formula, with_formula};

/// Rows that enter a layer.
#[derive(Debug, Clone, Copy)]
pub(super) enum LayerInput<'a, T> {
    /// Panels of the block's rows.
    Dense(&'a [Line<T>]),
    /// The first layer's, where most inputs are zero.
    Sparse(SparseRows<'a, T>),
    /// The first layer's where there is no way back: sums of products that are known.
    Tables(TableRows<'a, T>),
}

impl<T: Real> LayerInput<'_, T> {
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
    pub(super) input: LayerInput<'a, T>,
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
            // The usual case: sums start at the bias, need no multiplication, and no slope is kept.
            let fused = self.weight_multiplier == T::ONE
                && self.slopes.is_empty()
                && with_formula!(self.activation, F => {
                    if F::IN_REGISTERS {
                        (self.input).times(
                            simd,
                            panel,
                            weight,
                            &bias,
                            out,
                            #[inline(always)]
                            |sum, line, part| {
                                simd.store(value::<F, T, S>(simd, sum), line, part);
                            },
                        );
                    }
                    F::IN_REGISTERS
                });
            if fused {
                continue;
            }
            let factor = simd.splat(self.weight_multiplier);
            let zero = [T::ZERO; LANES];
            (self.input).times(
                simd,
                panel,
                weight,
                &zero,
                out,
                #[inline(always)]
                |sum, line, part| {
                    let affine = simd.fma(factor, sum, simd.load(&bias, part));
                    simd.store(affine, line, part);
                },
            );
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
                #[inline(always)]
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
    pub(super) input: LayerInput<'a, T>,
    pub(super) inputs: usize,
    /// `[in, out]`
    pub(super) weight: &'a mut [Line<T>],
    /// `[out]`, which gets the sum over rows.
    pub(super) bias: Option<&'a mut [Line<T>]>,
}

impl<T: Real> LayerGradient<'_, T> {
    /// Adds one panel of Xᵀ G.
    #[inline(always)]
    pub(super) fn add_panel<S: Simd<T>>(&mut self, simd: S, panel: usize, at_output: &[Line<T>]) {
        let weight = &mut self.weight[panel * self.inputs..][..self.inputs];
        match self.input {
            LayerInput::Dense(lines) => gram_panel(simd, lines, at_output, weight),
            LayerInput::Sparse(rows) => sparse_gram_panel(simd, rows, at_output, weight),
            LayerInput::Tables(_) => unreachable!("steps read the rows themselves"),
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
pub(super) struct BackwardInput<'a, T> {
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

impl<T: Real> Kernel<T> for BackwardInput<'_, T> {
    #[inline(always)]
    fn run<S: Simd<T>>(self, simd: S) {
        let weights = self.transposed.chunks_exact(self.outputs);
        let features = self.features.chunks_exact_mut(self.rows);
        for (panel, (weight, features)) in weights.zip(features).enumerate() {
            let (at_output, zero) = (self.at_output, [T::ZERO; LANES]);
            if self.slopes.is_empty() {
                with_formula!(self.activation, F => if F::SLOPE_FROM_VALUE {
                    dense_panel(
                        simd,
                        at_output,
                        weight,
                        &zero,
                        features,
                        #[inline(always)]
                        |sum, line, part| {
                            simd.store(times_slope::<F, T, S>(simd, sum, line, part), line, part);
                        },
                    );
                });
            } else {
                dense_panel(
                    simd,
                    at_output,
                    weight,
                    &zero,
                    features,
                    #[inline(always)]
                    |sum, line, part| simd.store(sum, line, part),
                );
                multiply(features, &self.slopes[panel * self.rows..][..self.rows]);
            }
        }
    }
}
