//! Optimizer updates of one layer's weight or bias, in one pass.

use super::element::{Element, Scalar};
use super::real::Real;
use super::simd::{Kernel, Simd};
use crate::Optimizer;
use crate::optimizer::{Rule, with_rule};

/// One update of some parameters.
pub(super) struct Update<'a, T> {
    pub(super) optimizer: Optimizer,
    /// Number of the step, from 1.
    pub(super) step: u64,
    pub(super) rate: f64,
    /// Factor on `gradients`.
    pub(super) multiplier: T,
    pub(super) parameters: &'a mut [T],
    pub(super) gradients: &'a [T],
    /// First moments; empty if the optimizer has none.
    pub(super) first: &'a mut [T],
    pub(super) second: &'a mut [T],
}

impl<T: Real> Kernel<T> for Update<'_, T> {
    #[inline(always)]
    fn run<S: Simd<T>>(self, simd: S) {
        with_rule!(self.optimizer, rule => self.by(&rule, simd));
    }
}

impl<T: Real> Update<'_, T> {
    #[inline(always)]
    fn by<S: Simd<T>>(self, rule: &impl Rule, simd: S) {
        let (rate, multiplier) = (self.rate, self.multiplier);
        // Beyond 2^31 steps no constant changes.
        let step = i32::try_from(self.step).unwrap_or(i32::MAX);
        let lanes = Scalar(simd);
        let of = |value: T| Element { lanes, value };
        let old = |moment: &T| (step > 1).then_some(of(*moment));
        let new = |moment: Option<Element<T, _>>| moment.map_or(T::ZERO, |moment| moment.value);
        let update = |parameter: &mut T, gradient: &T, moments: &mut [_]| {
            let gradient = of(multiplier * *gradient);
            let moved = rule.update(step, &rate, of(*parameter), gradient, moments);
            *parameter = moved.value;
        };
        let (first, second) = (self.first, self.second);
        let pairs = self.parameters.iter_mut().zip(self.gradients);
        // The number of moments is constant in each loop, so the loops have no branch on it.
        match rule.moments() {
            0 => {
                for (parameter, gradient) in pairs {
                    update(parameter, gradient, &mut []);
                }
            }
            1 => {
                for ((parameter, gradient), first) in pairs.zip(first) {
                    let mut moments = [old(first)];
                    update(parameter, gradient, &mut moments);
                    [*first] = moments.map(new);
                }
            }
            _ => {
                for (((parameter, gradient), first), second) in pairs.zip(first).zip(second) {
                    let mut moments = [old(first), old(second)];
                    update(parameter, gradient, &mut moments);
                    [*first, *second] = moments.map(new);
                }
            }
        }
    }
}

/// Whether parameters that are 0 and have no gradient stay 0, as padding must.
pub(super) fn keeps_zeros<T: Real>(optimizer: Optimizer, step: u64, rate: f64) -> bool {
    let [mut parameter, mut first, mut second] = [[T::ZERO]; 3];
    T::run_portable(Update {
        optimizer,
        step,
        rate,
        multiplier: T::ONE,
        parameters: &mut parameter,
        gradients: &[T::ZERO],
        first: &mut first,
        second: &mut second,
    });
    parameter == [T::ZERO]
}
