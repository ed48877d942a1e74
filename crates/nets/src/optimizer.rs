use burn::tensor::Tensor;
use mlp::UpdateAlgebra;
use models::Optimizer;

use crate::elements::Elements;

/// Learning rates of the members.
#[derive(Debug, Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one value per step, so boxing would gain nothing"
)]
pub(crate) enum Rate {
    /// The same rate for all members.
    Same(f64),
    /// One rate for each member, `[M, 1, 1]`.
    Each(Tensor<3>),
}

impl UpdateAlgebra for Elements {
    type Rate = Rate;

    fn scaled(self, factor: f64) -> Self {
        Self(self.0.mul_scalar(factor))
    }

    fn plus(self, factor: f64, y: &Self) -> Self {
        if factor == 0.0 {
            return self;
        }
        Self(self.0 + y.0.clone().mul_scalar(factor))
    }

    fn plus_square(self, factor: f64, y: &Self) -> Self {
        Self(self.0 + y.0.clone().square().mul_scalar(factor))
    }

    fn scaled_root(self, factor: f64, term: f64) -> Self {
        Self(self.0.sqrt().mul_scalar(factor).add_scalar(term))
    }

    fn descend(self, rate: &Rate, divisor: f64, y: Self) -> Self {
        let factor = 1.0 / divisor;
        Self(match rate {
            Rate::Same(lr) => self.0 - y.0.mul_scalar(lr * factor),
            Rate::Each(lr) => self.0 - y.0 * lr.clone().mul_scalar(factor),
        })
    }

    fn decayed(self, rate: &Rate, decay: f64) -> Self {
        Self(match rate {
            Rate::Same(lr) => self.0.mul_scalar(1.0 - lr * decay),
            Rate::Each(lr) => self.0 * lr.clone().mul_scalar(-decay).add_scalar(1.0),
        })
    }
}

/// Moments of one parameter.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) first: Option<Tensor<3>>,
    pub(crate) second: Option<Tensor<3>>,
    pub(crate) steps: i32,
}

/// The parameter after one step.
///
/// # Shapes
/// - `parameter`, `gradient` and the result have the same shape.
pub(crate) fn step(
    optimizer: Optimizer,
    state: &mut State,
    parameter: Tensor<3>,
    gradient: Tensor<3>,
    lr: &Rate,
) -> Tensor<3> {
    let mut moments = [state.first.take(), state.second.take()].map(|old| old.map(Elements));
    let kept = optimizer.moments();
    let (parameter, gradient) = (Elements(parameter), Elements(gradient));
    let step = state.steps.saturating_add(1);
    let moved = optimizer.update(step, lr, parameter, gradient, &mut moments[..kept]);
    [state.first, state.second] = moments.map(|new| new.map(|new| new.0));
    // Only the bias corrections of Adam need the number of steps.
    if state.second.is_some() {
        state.steps = step;
    }
    moved.0
}
