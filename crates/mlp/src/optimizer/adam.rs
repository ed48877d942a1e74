use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule::{Rule, UpdateAlgebra, require_fraction, require_not_negative};
use crate::error::MlpError;

/// Adam \[Kingma2015\] and `AdamW` \[Loshchilov2019\], as `torch.optim.Adam` and `torch.optim.AdamW`
/// (without `amsgrad`).
///
/// Coupled decay first adds it to the gradient, g ← g + λ θ; decoupled decay shrinks the parameter,
/// θ ← (1 − η λ) θ. Then m ← β1 m + (1 − β1) g; v ← β2 v + (1 − β2) g²;
/// θ ← θ − η/(1 − β1^t) · m/(√v/√(1 − β2^t) + ε), t = 1, 2, …
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Adam {
    /// Decay β1 of the mean of gradients, from 0 to below 1.
    pub beta1: f64,
    /// Decay β2 of the mean of squared gradients, from 0 to below 1.
    pub beta2: f64,
    /// ε ≥ 0, added to the root of the corrected second moment.
    pub epsilon: f64,
    /// Weight decay λ ≥ 0.
    pub weight_decay: f64,
    /// Coupled (Adam) or decoupled (`AdamW`).
    pub decay: Decay,
}

/// Where weight decay enters Adam.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decay {
    /// L2: added to the gradient, so that it enters the moments.
    #[default]
    Coupled,
    /// `AdamW`: shrinks the weights directly.
    Decoupled,
}

impl Adam {
    /// PyTorch's constants without weight decay; burn has a different ε.
    pub const PYTORCH: Self = Self {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weight_decay: 0.0,
        decay: Decay::Coupled,
    };
}

impl Default for Adam {
    fn default() -> Self {
        Self::PYTORCH
    }
}

impl Rule for Adam {
    fn check(&self) -> Result<(), MlpError> {
        require_fraction("beta1", self.beta1)?;
        require_fraction("beta2", self.beta2)?;
        require_not_negative("epsilon", self.epsilon)?;
        require_not_negative("weight_decay", self.weight_decay)
    }

    fn moments(&self) -> usize {
        2
    }

    fn flow_factor(&self) -> Option<f64> {
        None
    }

    #[inline(always)]
    fn update<A: UpdateAlgebra>(
        &self,
        step: i32,
        rate: &A::Rate,
        parameter: A,
        gradient: A,
        moments: &mut [Option<A>],
    ) -> A {
        let Self {
            beta1,
            beta2,
            epsilon,
            weight_decay,
            decay,
        } = *self;
        let (parameter, gradient) = match decay {
            Decay::Coupled => {
                let gradient = gradient.plus(weight_decay, &parameter);
                (parameter, gradient)
            }
            Decay::Decoupled => (parameter.decayed(rate, weight_decay), gradient),
        };
        let zero = || gradient.clone().scaled(0.0);
        let [first, second] = moments else {
            unreachable!("Adam keeps two moments");
        };
        let mean = first.take().unwrap_or_else(zero).scaled(beta1);
        let mean = mean.plus(1.0 - beta1, &gradient);
        let square = second.take().unwrap_or_else(zero).scaled(beta2);
        let square = square.plus_square(1.0 - beta2, &gradient);
        *first = Some(mean.clone());
        *second = Some(square.clone());
        let root = square.scaled_root(1.0 / (1.0 - beta2.powi(step)).sqrt(), epsilon);
        parameter.descend(rate, 1.0 - beta1.powi(step), mean / root)
    }
}
