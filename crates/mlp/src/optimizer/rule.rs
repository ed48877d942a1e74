//! The trait that each optimizer implements, and the arithmetic in which its formula is written.

use std::ops::Div;

use crate::error::{MlpError, require};

/// A parameter, or a tensor of parameters, to which a formula is applied elementwise.
pub trait UpdateAlgebra: Clone + Div<Output = Self> {
    /// Learning rates η: one for all elements, or one for each member of a batch.
    type Rate;

    /// c x.
    fn scaled(self, factor: f64) -> Self;

    /// x + c y.
    fn plus(self, factor: f64, y: &Self) -> Self;

    /// x + c y².
    fn plus_square(self, factor: f64, y: &Self) -> Self;

    /// c √x + d.
    fn scaled_root(self, factor: f64, term: f64) -> Self;

    /// 1 or −1 with the sign of x; 0 for 0, NaN for NaN.
    fn signum(self) -> Self;

    /// x − η/c y.
    fn descend(self, rate: &Self::Rate, divisor: f64, y: Self) -> Self;

    /// (1 − η λ) x.
    fn decayed(self, rate: &Self::Rate, decay: f64) -> Self;
}

/// An optimizer: its formula and its properties.
pub(crate) trait Rule {
    /// `Ok` if all constants are in their domains.
    fn check(&self) -> Result<(), MlpError>;

    /// Number of moments per parameter: 0, 1 or 2.
    fn moments(&self) -> usize;

    /// Flow time of one step with learning rate 1, in units of the loss's own gradient; `None` if
    /// the optimizer does not follow gradient flow.
    fn flow_factor(&self) -> Option<f64>;

    /// L2 decay λ in that flow, θ' = −∇L − λ θ; 0 for optimizers that have no flow.
    fn flow_decay(&self) -> f64 {
        0.0
    }

    /// The parameter after step number `step` (from 1). `moments` has [`Rule::moments`] entries,
    /// which are `None` before the first step and are replaced by the new moments. Tensors count
    /// steps only for rules with two moments, so other rules must not use `step`.
    ///
    /// It must be `#[inline(always)]`, because code that is not inlined into a kernel of the
    /// trainer is compiled without the wider instructions.
    fn update<A: UpdateAlgebra>(
        &self,
        step: i32,
        rate: &A::Rate,
        parameter: A,
        gradient: A,
        moments: &mut [Option<A>],
    ) -> A;
}

/// `Ok` if `value` is at least 0 and below 1.
pub(super) fn require_fraction(name: &'static str, value: f64) -> Result<(), MlpError> {
    require(
        (0.0..1.0).contains(&value),
        name,
        value,
        "from 0 to below 1",
    )
}

/// `Ok` if `value` is finite and at least 0.
pub(super) fn require_not_negative(name: &'static str, value: f64) -> Result<(), MlpError> {
    let inside = value.is_finite() && value >= 0.0;
    require(inside, name, value, "finite and at least 0")
}
