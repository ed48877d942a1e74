//! Computes outputs on all corners of a cube, for nets with one hidden layer and one output.
//!
//! The pre-activation of a hidden unit at a corner is a sum over axes. All sums over the lower half
//! and over the upper half of the axes are computed once. Each corner then needs one addition, the
//! activation and one multiply-add per hidden unit, whatever the number of inputs.

use super::activate::{activate, value};
use super::column::sum_of;
use super::layer::Layer;
use super::lines::{LANES, Line, Lines, panels};
use super::real::Real;
use super::simd::{Kernel, Simd};
use crate::activation::{Formula, with_formula};
use crate::error::{require, require_length};
use crate::{Activation, MlpError};

/// Largest number of axes, with 2^24 corners.
const MOST_AXES: usize = 24;

/// Number of corners whose outputs are summed at the same time.
const TILE: usize = 4;

/// All rows between the corners of a cube: row i is `origin` with `change` added to `column` for
/// every axis j (`(column, change)`) whose bit j of i is set.
#[derive(Debug, Clone, Copy)]
pub struct Cube<'a> {
    /// The row of index 0, `[D]`.
    pub origin: &'a [f64],
    /// `(column, change)` of every bit, the lowest first.
    pub axes: &'a [(usize, f64)],
}

impl Cube<'_> {
    /// `Ok` if it is a cube of rows of D columns.
    pub(super) fn check(&self, columns: usize) -> Result<(), MlpError> {
        require_length("origin", self.origin.len(), columns)?;
        let axes = self.axes.len();
        require(axes <= MOST_AXES, "axes", axes as f64, "at most 24")?;
        for &(column, _) in self.axes {
            let inside = column < columns;
            require(inside, "column of an axis", column as f64, "in the origin")?;
        }
        Ok(())
    }
}

/// Pre-activations m x W + n b at all corners, as sums of one line for the lower half and one for
/// the upper half of the axes.
pub(super) struct Halves<T> {
    /// `[2^lower axes, H]`, each row's panels side by side.
    low: Lines<T>,
    /// `[2^upper axes, H]`, with origin and bias.
    high: Lines<T>,
}

impl<T: Real> Halves<T> {
    pub(super) fn new(cube: &Cube<'_>, layer: &Layer<T>, parameters: &[Line<T>]) -> Self {
        let width = panels(layer.outputs);
        let weight = &parameters[layer.weight.clone()];
        let add = |row: &mut [Line<T>], column: usize, factor: f64| {
            let factor = T::from_f64(factor) * layer.weight_multiplier;
            let lines = weight[column..].iter().step_by(layer.inputs);
            for (sum, line) in row.iter_mut().zip(lines) {
                for (sum, weight) in sum.iter_mut().zip(line) {
                    *sum += factor * *weight;
                }
            }
        };
        let corners = |first: Vec<Line<T>>, axes: &[(usize, f64)]| {
            let mut lines = Lines::zeros(width << axes.len());
            let rows = lines.all_mut();
            rows[..width].copy_from_slice(&first);
            for (bit, &(column, change)) in axes.iter().enumerate() {
                // The corners with this bit are the earlier corners, moved along its axis.
                let (without, with) = rows.split_at_mut(width << bit);
                let with = &mut with[..without.len()];
                with.copy_from_slice(without);
                for row in with.chunks_exact_mut(width) {
                    add(row, column, change);
                }
            }
            lines
        };
        let zeros = vec![[T::ZERO; LANES]; width];
        let mut origin = zeros.clone();
        for (column, &value) in cube.origin.iter().enumerate() {
            add(&mut origin, column, value);
        }
        for (sum, bias) in (origin.iter_mut()).zip(layer.bias.iter().flat_map(Clone::clone)) {
            for (sum, bias) in sum.iter_mut().zip(&parameters[bias]) {
                *sum += layer.bias_multiplier * *bias;
            }
        }
        let (low, high) = cube.axes.split_at(cube.axes.len() / 2);
        Self {
            low: corners(zeros, low),
            high: corners(origin, high),
        }
    }
}

/// m wᵀ φ(z) + n b at all corners.
pub(super) struct CubeOutputs<'a, T> {
    pub(super) halves: &'a Halves<T>,
    pub(super) activation: Activation,
    /// `[H]`, one panel wide.
    pub(super) weight: &'a [Line<T>],
    pub(super) multiplier: T,
    /// n b
    pub(super) bias: T,
    /// `[2^axes]`
    pub(super) out: &'a mut [T],
}

impl<T: Real> Kernel<T> for CubeOutputs<'_, T> {
    #[inline(always)]
    fn run<S: Simd<T>>(self, simd: S) {
        let width = self.weight.len();
        let low = self.halves.low.all();
        let highs = self.halves.high.all().chunks_exact(width);
        let mut sums = [[T::ZERO; LANES]; TILE];
        let mut scratch = vec![[T::ZERO; LANES]; width];
        let corners = low.len() / width;
        for (high, out) in highs.zip(self.out.chunks_exact_mut(corners)) {
            let lows = low.chunks(TILE * width);
            for (low, out) in lows.zip(out.chunks_mut(TILE)) {
                let fused = low.len() == TILE * width
                    && with_formula!(self.activation, F => {
                        if F::IN_REGISTERS {
                            tile::<F, T, S>(simd, low, high, self.weight, &mut sums);
                        }
                        F::IN_REGISTERS
                    });
                if !fused {
                    for (low, sum) in low.chunks_exact(width).zip(&mut sums) {
                        let rows = low.as_flattened().iter().zip(high.as_flattened());
                        let values = scratch.as_flattened_mut();
                        for (z, (low, high)) in values.iter_mut().zip(rows) {
                            *z = *low + *high;
                        }
                        activate(simd, self.activation, values, &mut []);
                        *sum = dot(simd, &scratch, self.weight);
                    }
                }
                for (out, sum) in out.iter_mut().zip(sums) {
                    *out = simd.mul_add(self.multiplier, sum_of(sum), self.bias);
                }
            }
        }
    }
}

/// Products of the weight with φ(low + high) of some corners, to be summed over the lanes.
#[inline(always)]
fn tile<F: Formula, T: Real, S: Simd<T>>(
    simd: S,
    low: &[Line<T>],
    high: &[Line<T>],
    weight: &[Line<T>],
    sums: &mut [Line<T>; TILE],
) {
    let width = weight.len();
    for part in 0..T::PARTS {
        let mut tile = [simd.zero(); TILE];
        for (panel, (high, weight)) in high.iter().zip(weight).enumerate() {
            let (high, weight) = (simd.load(high, part), simd.load(weight, part));
            for (row, sum) in tile.iter_mut().enumerate() {
                let z = simd.add(simd.load(&low[row * width + panel], part), high);
                *sum = simd.fma(value::<F, T, S>(simd, z), weight, *sum);
            }
        }
        for (sum, line) in tile.into_iter().zip(&mut *sums) {
            simd.store(sum, line, part);
        }
    }
}

/// Products of two rows, to be summed over the lanes.
#[inline(always)]
fn dot<T: Real, S: Simd<T>>(simd: S, row: &[Line<T>], weight: &[Line<T>]) -> Line<T> {
    let mut line = [T::ZERO; LANES];
    for part in 0..T::PARTS {
        let mut sum = simd.zero();
        for (row, weight) in row.iter().zip(weight) {
            sum = simd.fma(simd.load(row, part), simd.load(weight, part), sum);
        }
        simd.store(sum, &mut line, part);
    }
    line
}
