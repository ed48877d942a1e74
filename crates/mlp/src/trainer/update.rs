//! Optimizer updates of one layer's weight or bias, in one pass.

use super::real::Real;
use super::simd::{Kernel, Simd};
use crate::MlpError;
use crate::error::require;
use crate::optimizer::{require_momentum, require_not_negative};

/// How parameters follow their gradients: PyTorch's formulas, without the learning rate, which
/// every step gets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum UpdateRule {
    /// As [`crate::Sgd`].
    Sgd {
        /// Momentum μ ≥ 0; 0 for plain gradient descent.
        momentum: f64,
        /// Dampening d of the momentum.
        dampening: f64,
        /// Nesterov's look-ahead; needs μ > 0 and d = 0.
        nesterov: bool,
        /// Coupled weight decay λ ≥ 0.
        weight_decay: f64,
    },
    /// As [`crate::Adam`].
    Adam {
        /// Decay β1 of the mean of gradients, from 0 to below 1.
        beta1: f64,
        /// Decay β2 of the mean of squared gradients, from 0 to below 1.
        beta2: f64,
        /// ε ≥ 0.
        epsilon: f64,
        /// Weight decay λ ≥ 0.
        weight_decay: f64,
        /// False: Adam, true: AdamW.
        decoupled: bool,
    },
}

impl UpdateRule {
    /// Plain gradient descent.
    pub const PLAIN: Self = Self::Sgd {
        momentum: 0.0,
        dampening: 0.0,
        nesterov: false,
        weight_decay: 0.0,
    };

    /// `Ok` if all constants are in their domains.
    pub(super) fn check(self) -> Result<(), MlpError> {
        match self {
            Self::Sgd {
                momentum,
                dampening,
                nesterov,
                weight_decay,
            } => {
                require_momentum(momentum, dampening, nesterov)?;
                require_not_negative("weight_decay", weight_decay)
            }
            Self::Adam {
                beta1,
                beta2,
                epsilon,
                weight_decay,
                ..
            } => {
                for (name, beta) in [("beta1", beta1), ("beta2", beta2)] {
                    require((0.0..1.0).contains(&beta), name, beta, "from 0 to below 1")?;
                }
                require_not_negative("epsilon", epsilon)?;
                require_not_negative("weight_decay", weight_decay)
            }
        }
    }

    /// Moments that it keeps of every parameter.
    pub(super) fn moments(self) -> usize {
        match self {
            Self::Sgd { momentum, .. } => usize::from(momentum != 0.0),
            Self::Adam { .. } => 2,
        }
    }

    /// The constants of step number `step` (from 1).
    pub(super) fn at<T: Real>(self, step: u64, learning_rate: f64) -> Step<T> {
        let t = T::from_f64;
        match self {
            Self::Sgd {
                momentum,
                dampening,
                nesterov,
                weight_decay,
            } => {
                if momentum == 0.0 {
                    return Step::Plain {
                        rate: t(learning_rate),
                        decay: t(weight_decay),
                    };
                }
                // PyTorch: the first buffer is the gradient itself, undampened.
                let (kept, fresh) = if step == 1 {
                    (0.0, 1.0)
                } else {
                    (momentum, 1.0 - dampening)
                };
                Step::Momentum {
                    rate: t(learning_rate),
                    decay: t(weight_decay),
                    kept: t(kept),
                    fresh: t(fresh),
                    // The direction: g + μ b, or b.
                    ahead: nesterov.then(|| t(momentum)),
                }
            }
            Self::Adam {
                beta1,
                beta2,
                epsilon,
                weight_decay,
                decoupled,
            } => {
                // Beyond 2^31 steps both corrections are 1 anyway.
                let power = i32::try_from(step).unwrap_or(i32::MAX);
                let (shrink, decay) = if decoupled {
                    (1.0 - learning_rate * weight_decay, 0.0)
                } else {
                    (1.0, weight_decay)
                };
                Step::Adam {
                    rate: t(learning_rate / (1.0 - beta1.powi(power))),
                    shrink: t(shrink),
                    decay: t(decay),
                    kept1: t(beta1),
                    fresh1: t(1.0 - beta1),
                    kept2: t(beta2),
                    fresh2: t(1.0 - beta2),
                    correction: t(1.0 / (1.0 - beta2.powi(power)).sqrt()),
                    epsilon: t(epsilon),
                }
            }
        }
    }
}

/// Constants of one update.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<T> {
    Plain {
        rate: T,
        decay: T,
    },
    Momentum {
        rate: T,
        decay: T,
        kept: T,
        fresh: T,
        ahead: Option<T>,
    },
    Adam {
        rate: T,
        shrink: T,
        decay: T,
        kept1: T,
        fresh1: T,
        kept2: T,
        fresh2: T,
        correction: T,
        epsilon: T,
    },
}

impl<T: Real> Step<T> {
    /// Whether parameters without gradient become 0/0.
    pub(super) fn spoils_padding(self) -> bool {
        matches!(self, Self::Adam { epsilon, .. } if epsilon == T::ZERO)
    }
}

/// One update of some parameters.
pub(super) struct Update<'a, T> {
    pub(super) step: Step<T>,
    /// What `gradients` must be multiplied with.
    pub(super) multiplier: T,
    pub(super) parameters: &'a mut [T],
    pub(super) gradients: &'a [T],
    /// Empty where the rule keeps none.
    pub(super) first: &'a mut [T],
    pub(super) second: &'a mut [T],
}

impl<T: Real> Kernel<T> for Update<'_, T> {
    #[inline(always)]
    fn run<S: Simd<T>>(self, simd: S) {
        let multiplier = self.multiplier;
        let parameters = self.parameters.iter_mut().zip(self.gradients);
        let (first, second) = (self.first, self.second);
        match self.step {
            Step::Plain { rate, decay } => {
                for (parameter, gradient) in parameters {
                    let gradient = simd.mul_add(decay, *parameter, multiplier * *gradient);
                    *parameter = simd.mul_add(-rate, gradient, *parameter);
                }
            }
            Step::Momentum {
                rate,
                decay,
                kept,
                fresh,
                ahead,
            } => {
                let (of_gradient, of_buffer) = match ahead {
                    Some(momentum) => (T::ONE, momentum),
                    None => (T::ZERO, T::ONE),
                };
                for ((parameter, gradient), buffer) in parameters.zip(first) {
                    let gradient = simd.mul_add(decay, *parameter, multiplier * *gradient);
                    *buffer = simd.mul_add(fresh, gradient, kept * *buffer);
                    let direction = simd.mul_add(of_buffer, *buffer, of_gradient * gradient);
                    *parameter = simd.mul_add(-rate, direction, *parameter);
                }
            }
            Step::Adam {
                rate,
                shrink,
                decay,
                kept1,
                fresh1,
                kept2,
                fresh2,
                correction,
                epsilon,
            } => {
                let moments = first.iter_mut().zip(second);
                for ((parameter, gradient), (mean, square)) in parameters.zip(moments) {
                    let gradient = simd.mul_add(decay, *parameter, multiplier * *gradient);
                    *mean = simd.mul_add(fresh1, gradient, kept1 * *mean);
                    *square = simd.mul_add(fresh2 * gradient, gradient, kept2 * *square);
                    let size = simd.mul_add(square.sqrt(), correction, epsilon);
                    *parameter = simd.mul_add(-rate, *mean / size, shrink * *parameter);
                }
            }
        }
    }
}
