use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::polar::polar_factor;
use super::rule::{Rule, UpdateAlgebra, require_fraction, require_not_negative};
use super::sign::accumulated;
use crate::error::MlpError;

/// Muon \[Jordan2024\] with the exact polar factor: all singular values of a weight's step are the
/// learning rate, so that every direction of its gradient moves at one rate.
///
/// b ← μ b + g; θ ← (1 − η λ) θ − η U Vᵀ, where b = U Σ Vᵀ. It is steepest descent in the spectral norm
/// of a step. Against the published optimizer, U Vᵀ is computed to rounding in f64 and not by five steps
/// of a Newton-Schulz iteration; there is no factor for the shape of the matrix and no Nesterov
/// momentum.
///
/// Singular values of b below 16 max(D, H) ε of the largest, with the ε of the precision of training,
/// are rounding and do not move: a gradient of low rank keeps its rank. In f32 that bound is near 1e-4,
/// and what lies just above it is partly rounding, which moves as fast as everything else. Train in f64
/// where small directions matter.
///
/// It is for models whose weights are matrices: `mlp`, `deep-linear`, `linear-basis` and
/// `unconstrained-features`. Biases are vectors and take the step η b of plain gradient descent, with the
/// same momentum and decay.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Muon {
    /// Momentum μ, from 0 (the gradient itself) to below 1.
    pub momentum: f64,
    /// Decoupled weight decay λ ≥ 0.
    pub weight_decay: f64,
}

impl Muon {
    /// Roundings by which a singular value of a gradient may be off, in units of the largest, per row
    /// or column of its longer side. A gradient is a sum over rows of data whose terms may be larger
    /// than the sum.
    const ROUNDINGS: f64 = 16.0;

    /// U Vᵀ of a gradient or its momentum `[rows, columns]`, row-major, computed with the relative
    /// spacing `epsilon` of its numbers. Singular values that are rounding count as 0.
    #[must_use]
    pub fn direction(matrix: &[f64], rows: usize, columns: usize, epsilon: f64) -> Vec<f64> {
        let floor = Self::ROUNDINGS * rows.max(columns) as f64 * epsilon;
        polar_factor(matrix, rows, columns, floor)
    }

    /// The weight after a step; `direction` gives U Vᵀ of the momentum. `moments` is as in
    /// [`Optimizer::update`](crate::Optimizer::update).
    #[inline(always)]
    pub fn update_weight<A: UpdateAlgebra>(
        &self,
        rate: &A::Rate,
        weight: A,
        gradient: A,
        moments: &mut [Option<A>],
        direction: impl FnOnce(A) -> A,
    ) -> A {
        let buffer = accumulated(self.momentum, gradient, moments);
        (weight.decayed(rate, self.weight_decay)).descend(rate, 1.0, direction(buffer))
    }
}

impl Rule for Muon {
    fn check(&self) -> Result<(), MlpError> {
        require_fraction("momentum", self.momentum)?;
        require_not_negative("weight_decay", self.weight_decay)
    }

    fn moments(&self) -> usize {
        usize::from(self.momentum != 0.0)
    }

    /// Steps do not shrink with the gradient.
    fn flow_factor(&self) -> Option<f64> {
        None
    }

    /// The step of a bias: that of plain gradient descent.
    #[inline(always)]
    fn update<A: UpdateAlgebra>(
        &self,
        _: i32,
        rate: &A::Rate,
        parameter: A,
        gradient: A,
        moments: &mut [Option<A>],
    ) -> A {
        self.update_weight(rate, parameter, gradient, moments, |buffer| buffer)
    }
}
