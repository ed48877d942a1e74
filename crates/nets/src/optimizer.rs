use burn::tensor::{DType, Tensor};
use mlp::{Muon, UpdateAlgebra};
use models::Optimizer;

use crate::{
    array::{download, upload_like},
    elements::Elements,
};

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

    fn signum(self) -> Self {
        // Signs alone would hide a NaN.
        let unknown = self.0.clone().is_nan();
        Self(self.0.clone().sign().mask_where(unknown, self.0))
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

/// U Vᵀ of each member's matrix, computed on the host in f64. This waits for the device.
fn directions(matrices: &Elements) -> Elements {
    let [_, rows, columns] = matrices.0.dims();
    let epsilon = match matrices.0.dtype() {
        DType::F64 => f64::EPSILON,
        _ => f64::from(f32::EPSILON),
    };
    let of = |matrix: Vec<f64>| Muon::direction(&matrix, rows, columns, epsilon);
    Elements(match download(&matrices.0) {
        Ok(members) => {
            let members: Vec<Vec<f64>> = members.into_iter().map(of).collect();
            upload_like(&members, &matrices.0)
        }
        // The device has failed, which whoever reads the outputs will be told.
        Err(_) => matrices.0.full_like(f64::NAN),
    })
}

/// The parameter after one step; `is_bias` tells vectors from matrices.
///
/// # Shapes
/// - `parameter`, `gradient` and the result have the same shape.
pub(crate) fn step(
    optimizer: Optimizer,
    is_bias: bool,
    state: &mut State,
    parameter: Tensor<3>,
    gradient: Tensor<3>,
    lr: &Rate,
) -> Tensor<3> {
    let mut moments = [state.first.take(), state.second.take()].map(|old| old.map(Elements));
    let kept = optimizer.moments();
    let (parameter, gradient) = (Elements(parameter), Elements(gradient));
    let step = state.steps.saturating_add(1);
    let moments_of = &mut moments[..kept];
    let moved = match optimizer.of_matrices().filter(|_| !is_bias) {
        Some(muon) => muon.update_weight(lr, parameter, gradient, moments_of, |buffer| {
            directions(&buffer)
        }),
        None => optimizer.update(step, lr, parameter, gradient, moments_of),
    };
    [state.first, state.second] = moments.map(|new| new.map(|new| new.0));
    // Only the bias corrections of Adam need the number of steps.
    if state.second.is_some() {
        state.steps = step;
    }
    moved.0
}
