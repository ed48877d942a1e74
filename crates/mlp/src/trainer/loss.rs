//! Gradients of the loss at the outputs, on one block of rows.

use super::functions::exp;
use super::lines::{LANES, Line};
use super::real::Real;
use super::simd::{Kernel, Simd};
use crate::Loss;

/// Weights of the rows of a block.
#[derive(Debug, Clone, Copy)]
pub(super) enum RowWeights<'a, T> {
    /// The same weight for all rows.
    Equal(T),
    /// `[rows]`
    Each(&'a [T]),
}

impl<T: Real> RowWeights<'_, T> {
    #[inline(always)]
    fn of(self, row: usize) -> T {
        match self {
            Self::Equal(weight) => weight,
            Self::Each(weights) => weights[row],
        }
    }
}

/// ∂L/∂z for f = α z − c in the place of z.
pub(super) struct LossGradient<'a, T> {
    pub(super) loss: Loss,
    /// α
    pub(super) output_factor: T,
    /// c, `[rows, K]`, if the outputs are centred.
    pub(super) centre: Option<&'a [Line<T>]>,
    /// y, `[rows, K]`
    pub(super) targets: &'a [Line<T>],
    pub(super) weights: RowWeights<'a, T>,
    /// K
    pub(super) outputs: usize,
    pub(super) rows: usize,
    /// z, `[rows, K]`
    pub(super) values: &'a mut [Line<T>],
}

impl<T: Real> Kernel<T> for LossGradient<'_, T> {
    #[inline(always)]
    fn run<S: Simd<T>>(self, simd: S) {
        shift_outputs(simd, self.output_factor, self.centre, self.values);
        let factor = T::from_f64(self.loss.flow_factor(self.outputs)) * self.output_factor;
        match self.loss {
            Loss::Mse { .. } => self.each(factor, |value, target| value - target),
            Loss::Hinge { .. } => self.each(factor, |value, target| {
                let margin = simd.mul_add(-target, value, T::ONE);
                // A selection preserves NaN, unlike max.
                let margin = if margin < T::ZERO { T::ZERO } else { margin };
                if margin > T::ZERO { -target } else { margin }
            }),
            Loss::CrossEntropy => {
                for row in 0..self.rows {
                    let factor = self.output_factor * self.weights.of(row);
                    softmax_row(
                        simd,
                        self.values,
                        self.targets,
                        row,
                        self.rows,
                        self.outputs,
                        factor,
                    );
                }
            }
        }
    }
}

impl<T: Real> LossGradient<'_, T> {
    /// factor · w · slope(f, y) in the place of f, output by output.
    #[inline(always)]
    fn each(self, factor: T, slope: impl Fn(T, T) -> T) {
        let targets = self.targets.chunks_exact(self.rows);
        for (values, targets) in self.values.chunks_exact_mut(self.rows).zip(targets) {
            for (row, (values, targets)) in values.iter_mut().zip(targets).enumerate() {
                let factor = factor * self.weights.of(row);
                for (value, target) in values.iter_mut().zip(targets) {
                    *value = factor * slope(*value, *target);
                }
            }
        }
    }
}

/// Replaces z by α z − c.
#[inline(always)]
pub(super) fn shift_outputs<T: Real, S: Simd<T>>(
    simd: S,
    factor: T,
    centre: Option<&[Line<T>]>,
    values: &mut [Line<T>],
) {
    let values = values.as_flattened_mut();
    match centre {
        Some(centre) => {
            for (value, centre) in values.iter_mut().zip(centre.as_flattened()) {
                *value = simd.mul_add(factor, *value, -*centre);
            }
        }
        None if factor == T::ONE => {}
        None => {
            for value in values {
                *value *= factor;
            }
        }
    }
}

/// factor · (softmax(f) Σ y − y) in the place of f, for one row.
#[inline(always)]
fn softmax_row<T: Real, S: Simd<T>>(
    simd: S,
    values: &mut [Line<T>],
    targets: &[Line<T>],
    row: usize,
    rows: usize,
    outputs: usize,
    factor: T,
) {
    let lines = || (row..).step_by(rows).zip((0..outputs).step_by(LANES));
    // Every lane starts at the first output, so that lanes beyond the last output never hold a
    // larger value.
    let mut largest = [values[row][0]; LANES];
    for (index, first) in lines() {
        let used = LANES.min(outputs - first);
        let padding = largest[0];
        for value in &mut values[index][used..] {
            *value = padding;
        }
        for (largest, value) in largest.iter_mut().zip(&values[index]) {
            *largest = if *value > *largest { *value } else { *largest };
        }
    }
    let largest = (largest.into_iter()).fold(
        largest[0],
        |top, value| if value > top { value } else { top },
    );
    let (mut sums, mut weights) = ([T::ZERO; LANES], [T::ZERO; LANES]);
    for (index, first) in lines() {
        let line = &mut values[index];
        for value in line.iter_mut() {
            *value = exp(simd, *value - largest);
        }
        for value in &mut line[LANES.min(outputs - first)..] {
            *value = T::ZERO;
        }
        for (sum, value) in sums.iter_mut().zip(&*line) {
            *sum += *value;
        }
        for (weight, target) in weights.iter_mut().zip(&targets[index]) {
            *weight += *target;
        }
    }
    // A NaN among the outputs makes the sum and thus the whole row NaN.
    let total = |lanes: [T; LANES]| lanes.into_iter().fold(T::ZERO, |sum, value| sum + value);
    let share = total(weights) / total(sums);
    for (index, _) in lines() {
        for (value, target) in values[index].iter_mut().zip(&targets[index]) {
            *value = factor * (*value * share - *target);
        }
    }
}

/// α z − c in the place of z, for evaluations.
pub(super) struct Outputs<'a, T> {
    /// α
    pub(super) output_factor: T,
    /// c, `[rows, K]`, if the outputs are centred.
    pub(super) centre: Option<&'a [Line<T>]>,
    /// z, `[rows, K]`
    pub(super) values: &'a mut [Line<T>],
}

impl<T: Real> Kernel<T> for Outputs<'_, T> {
    #[inline(always)]
    fn run<S: Simd<T>>(self, simd: S) {
        shift_outputs(simd, self.output_factor, self.centre, self.values);
    }
}
