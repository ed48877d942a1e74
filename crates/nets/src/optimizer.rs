use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Optimizers with PyTorch's formulas. No constant is inherited from a framework (burn's Adam
/// has another epsilon than PyTorch's, and keeps its constants in f32, which f64 runs would feel).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Optimizer {
    /// Stochastic gradient descent.
    Sgd {
        /// Momentum factor.
        #[serde(default)]
        momentum: f64,
        /// Dampening of the gradient in the momentum buffer.
        #[serde(default)]
        dampening: f64,
        /// Nesterov's form.
        #[serde(default)]
        nesterov: bool,
        /// L2 coefficient, added to the gradient.
        #[serde(default)]
        weight_decay: f64,
    },
    /// Adam.
    Adam {
        /// Decay of the first moment.
        #[serde(default = "beta1")]
        beta1: f64,
        /// Decay of the second moment.
        #[serde(default = "beta2")]
        beta2: f64,
        /// Added to the root of the second moment.
        #[serde(default = "epsilon")]
        epsilon: f64,
        /// Decay coefficient.
        #[serde(default)]
        weight_decay: f64,
        /// Coupled (L2 in the gradient, Adam) or decoupled (`AdamW`).
        #[serde(default)]
        decay: Decay,
    },
}

/// Where weight decay enters Adam.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decay {
    /// L2: added to the gradient.
    #[default]
    Coupled,
    /// `AdamW`: shrinks the weights directly.
    Decoupled,
}

fn beta1() -> f64 {
    0.9
}

fn beta2() -> f64 {
    0.999
}

fn epsilon() -> f64 {
    1e-8
}

impl Default for Optimizer {
    /// Plain gradient descent, the discretisation of gradient flow.
    fn default() -> Self {
        Self::Sgd {
            momentum: 0.0,
            dampening: 0.0,
            nesterov: false,
            weight_decay: 0.0,
        }
    }
}

impl Optimizer {
    /// Flow time of one step of learning rate 1 in units of the loss's own gradient; `None` where
    /// the optimizer does not follow the gradient flow. Momentum μ with dampening δ moves
    /// (1 − δ)/(1 − μ) times as far.
    pub fn flow_factor(self) -> Option<f64> {
        match self {
            Self::Sgd {
                momentum,
                dampening,
                ..
            } if momentum > 0.0 => Some((1.0 - dampening) / (1.0 - momentum)),
            Self::Sgd { .. } => Some(1.0),
            Self::Adam { .. } => None,
        }
    }
}

/// Learning rates of the members.
#[derive(Debug, Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one per step, so that nothing is gained by a box"
)]
pub(crate) enum Rate {
    /// The same for all.
    Same(f64),
    /// One each, `[M, 1, 1]`.
    Each(Tensor<3>),
}

impl Rate {
    /// lr · factor · x.
    fn times(&self, x: Tensor<3>, factor: f64) -> Tensor<3> {
        match self {
            Self::Same(lr) => x.mul_scalar(lr * factor),
            Self::Each(lr) => x * lr.clone().mul_scalar(factor),
        }
    }

    /// (1 − lr · decay) x.
    fn shrink(&self, x: Tensor<3>, decay: f64) -> Tensor<3> {
        match self {
            Self::Same(lr) => x.mul_scalar(1.0 - lr * decay),
            Self::Each(lr) => x * lr.clone().mul_scalar(-decay).add_scalar(1.0),
        }
    }
}

/// Moments of one parameter.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) first: Option<Tensor<3>>,
    pub(crate) second: Option<Tensor<3>>,
    pub(crate) steps: i32,
}

impl Optimizer {
    /// The parameter after one step.
    ///
    /// # Shapes
    /// - `parameter`, `gradient` and the result have the same shape.
    pub(crate) fn step(
        self,
        state: &mut State,
        parameter: Tensor<3>,
        gradient: Tensor<3>,
        lr: &Rate,
    ) -> Tensor<3> {
        match self {
            Self::Sgd {
                momentum,
                dampening,
                nesterov,
                weight_decay,
            } => {
                let gradient = add_decay(gradient, &parameter, weight_decay);
                if momentum == 0.0 {
                    return parameter - lr.times(gradient, 1.0);
                }
                // PyTorch: the first buffer is the gradient itself, undampened.
                let buffer = match state.first.take() {
                    Some(buffer) => {
                        buffer.mul_scalar(momentum) + gradient.clone().mul_scalar(1.0 - dampening)
                    }
                    None => gradient.clone(),
                };
                state.first = Some(buffer.clone());
                let direction = if nesterov {
                    gradient + buffer.mul_scalar(momentum)
                } else {
                    buffer
                };
                parameter - lr.times(direction, 1.0)
            }
            Self::Adam {
                beta1,
                beta2,
                epsilon,
                weight_decay,
                decay,
            } => {
                let (parameter, gradient) = match decay {
                    Decay::Coupled => {
                        let gradient = add_decay(gradient, &parameter, weight_decay);
                        (parameter, gradient)
                    }
                    Decay::Decoupled => (lr.shrink(parameter, weight_decay), gradient),
                };
                state.steps += 1;
                let squared = gradient.clone().square().mul_scalar(1.0 - beta2);
                let fresh = gradient.mul_scalar(1.0 - beta1);
                let first = match state.first.take() {
                    Some(first) => first.mul_scalar(beta1) + fresh,
                    None => fresh,
                };
                let second = match state.second.take() {
                    Some(second) => second.mul_scalar(beta2) + squared,
                    None => squared,
                };
                let correction1 = 1.0 - beta1.powi(state.steps);
                let correction2 = 1.0 - beta2.powi(state.steps);
                let denominator = second
                    .clone()
                    .sqrt()
                    .mul_scalar(1.0 / correction2.sqrt())
                    .add_scalar(epsilon);
                let update = lr.times(first.clone() / denominator, 1.0 / correction1);
                state.first = Some(first);
                state.second = Some(second);
                parameter - update
            }
        }
    }
}

fn add_decay(gradient: Tensor<3>, parameter: &Tensor<3>, weight_decay: f64) -> Tensor<3> {
    if weight_decay == 0.0 {
        gradient
    } else {
        gradient + parameter.clone().mul_scalar(weight_decay)
    }
}
