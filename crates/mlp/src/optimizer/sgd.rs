use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule::{Rule, UpdateAlgebra, require_fraction, require_not_negative};
use crate::error::{MlpError, require};

/// Stochastic gradient descent with momentum, as `torch.optim.SGD`.
///
/// g ← g + λ θ; b ← μ b + (1 − d) g, at the first step b ← g; θ ← θ − η b, with Nesterov
/// θ ← θ − η (g + μ b).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sgd {
    /// Momentum μ, from 0 (plain gradient descent) to below 1.
    pub momentum: f64,
    /// Dampening d of the momentum, from 0 to below 1: new gradients enter with factor 1 − d, except
    /// the first.
    pub dampening: f64,
    /// Nesterov's look-ahead; needs μ > 0 and d = 0.
    pub nesterov: bool,
    /// Coupled weight decay λ ≥ 0.
    pub weight_decay: f64,
}

impl Sgd {
    /// Plain gradient descent, the discretisation of gradient flow.
    pub const PLAIN: Self = Self {
        momentum: 0.0,
        dampening: 0.0,
        nesterov: false,
        weight_decay: 0.0,
    };
}

impl Rule for Sgd {
    fn check(&self) -> Result<(), MlpError> {
        let Self {
            momentum,
            dampening,
            nesterov,
            weight_decay,
        } = *self;
        require_fraction("momentum", momentum)?;
        require_fraction("dampening", dampening)?;
        let fits = !nesterov || momentum > 0.0;
        require(fits, "momentum", momentum, "above 0 with nesterov")?;
        let fits = !nesterov || dampening == 0.0;
        require(fits, "dampening", dampening, "0 with nesterov")?;
        require_not_negative("weight_decay", weight_decay)
    }

    fn moments(&self) -> usize {
        usize::from(self.momentum != 0.0)
    }

    /// Momentum μ with dampening d moves (1 − d)/(1 − μ) times as far.
    fn flow_factor(&self) -> Option<f64> {
        Some(if self.momentum > 0.0 {
            (1.0 - self.dampening) / (1.0 - self.momentum)
        } else {
            1.0
        })
    }

    fn flow_decay(&self) -> f64 {
        self.weight_decay
    }

    #[inline(always)]
    fn update<A: UpdateAlgebra>(
        &self,
        _: i32,
        rate: &A::Rate,
        parameter: A,
        gradient: A,
        moments: &mut [Option<A>],
    ) -> A {
        let gradient = gradient.plus(self.weight_decay, &parameter);
        let [moment] = moments else {
            return parameter.descend(rate, 1.0, gradient);
        };
        let buffer = match moment.take() {
            Some(buffer) => (buffer.scaled(self.momentum)).plus(1.0 - self.dampening, &gradient),
            None => gradient.clone(),
        };
        *moment = Some(buffer.clone());
        let direction = if self.nesterov {
            gradient.plus(self.momentum, &buffer)
        } else {
            buffer
        };
        parameter.descend(rate, 1.0, direction)
    }
}
