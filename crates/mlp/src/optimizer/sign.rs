use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule::{Rule, UpdateAlgebra, require_fraction, require_not_negative};
use crate::error::MlpError;

/// Sign descent \[Bernstein2018\]: every number moves by the learning rate, against the sign of its
/// gradient.
///
/// b ← μ b + g; θ ← (1 − η λ) θ − η sign b, with sign 0 = 0. It is Adam with β1 = β2 = 0, and steepest
/// descent in the largest entry of a step. Adam with its usual constants is close to it while gradients
/// keep their size.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sign {
    /// Momentum μ, from 0 (the gradient itself) to below 1.
    pub momentum: f64,
    /// Decoupled weight decay λ ≥ 0.
    pub weight_decay: f64,
}

impl Rule for Sign {
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

    #[inline(always)]
    fn update<A: UpdateAlgebra>(
        &self,
        _: i32,
        rate: &A::Rate,
        parameter: A,
        gradient: A,
        moments: &mut [Option<A>],
    ) -> A {
        let buffer = accumulated(self.momentum, gradient, moments);
        (parameter.decayed(rate, self.weight_decay)).descend(rate, 1.0, buffer.signum())
    }
}

/// b ← μ b + g, kept as the moment if there is one.
#[inline(always)]
pub(super) fn accumulated<A: UpdateAlgebra>(
    momentum: f64,
    gradient: A,
    moments: &mut [Option<A>],
) -> A {
    let [moment] = moments else {
        return gradient;
    };
    let buffer = match moment.take() {
        Some(buffer) => buffer.scaled(momentum).plus(1.0, &gradient),
        None => gradient,
    };
    *moment = Some(buffer.clone());
    buffer
}
