//! Lets formulas of activations act on tensors.

use std::{
    f64::consts::{FRAC_1_SQRT_2, PI},
    ops::{Div, Mul, Neg},
};

use burn::tensor::{DType, Element, Tensor, TensorData, activation};
use mlp::{Activation, Algebra, Real};

/// φ(z), differentiable. burn's CPU backends compute a transcendental function number by number; there the
/// vectorised functions of the engine `mlp` take 1 % to 20 % of the time.
pub(crate) fn activate(activation: Activation, z: Tensor<3>, on_host: bool) -> Tensor<3> {
    if !(on_host && activation.is_transcendental()) {
        return activation.value(Elements(z)).0;
    }
    let constant = z.clone().detach();
    let (value, slope) = value_and_slope(activation, constant.clone(), on_host);
    // The bracket is 0 and carries the gradient.
    value + (z - constant) * slope
}

/// φ(z) and φ'(z) as constants.
pub(crate) fn value_and_slope(
    activation: Activation,
    z: Tensor<3>,
    on_host: bool,
) -> (Tensor<3>, Tensor<3>) {
    match (on_host && activation.is_transcendental(), z.dtype()) {
        (true, DType::F64) => on_slices::<f64>(activation, z),
        (true, DType::F32) => on_slices::<f32>(activation, z),
        _ => {
            let (value, slope) = activation.value_and_derivative(Elements(z));
            (value.0, slope.0)
        }
    }
}

fn on_slices<T: Real + Element>(activation: Activation, z: Tensor<3>) -> (Tensor<3>, Tensor<3>) {
    let (shape, like) = (z.dims(), (&z.device(), z.dtype()));
    let numbers = z.into_data().try_into_vec::<T>();
    let mut values = numbers.expect("a tensor holds numbers of its type");
    let mut slopes = vec![T::from_f64(0.0); values.len()];
    mlp::activate_all(activation, &mut values, &mut slopes);
    let tensor = |numbers| Tensor::from_data(TensorData::new(numbers, shape), like);
    (tensor(values), tensor(slopes))
}

/// A tensor to which a formula is applied elementwise.
#[derive(Debug, Clone)]
pub(crate) struct Elements(pub(crate) Tensor<3>);

impl Neg for Elements {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.neg())
    }
}

impl Mul for Elements {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

impl Div for Elements {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        Self(self.0 / other.0)
    }
}

/// All functions are built from functions that burn differentiates exactly on every backend, also
/// in f64.
impl Algebra for Elements {
    fn constant(&self, value: f64) -> Self {
        Self(self.0.full_like(value))
    }

    fn scaled(self, factor: f64) -> Self {
        Self(self.0.mul_scalar(factor))
    }

    fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(self.0 * factor.0 + term.0)
    }

    fn squared(self) -> Self {
        Self(self.0.square())
    }

    fn relu(self) -> Self {
        Self(activation::relu(self.0))
    }

    fn if_positive(self, then: Self, otherwise: Self) -> Self {
        Self(otherwise.0.mask_where(self.0.greater_elem(0.0), then.0))
    }

    fn step(self, positive: f64, otherwise: f64) -> Self {
        let dtype = self.0.dtype();
        let mask = self.0.greater_elem(0.0).float().cast(dtype);
        if (positive, otherwise) == (1.0, 0.0) {
            return Self(mask);
        }
        let spread = positive - otherwise;
        Self(mask.mul_scalar(spread).add_scalar(otherwise))
    }

    fn tanh(self) -> Self {
        Self(self.0.tanh())
    }

    /// (1 + tanh(x/2))/2, because most backends compute burn's own sigmoid in f32.
    fn sigmoid(self) -> Self {
        let tanh = self.0.mul_scalar(0.5).tanh();
        Self(tanh.add_scalar(1.0).mul_scalar(0.5))
    }

    /// Above 40 the result is x, also in f64.
    fn softplus(self) -> Self {
        Self(activation::softplus_with_threshold(self.0, 1.0, 40.0))
    }

    /// Uses the error function. On most backends burn's own gelu differentiates the tanh
    /// approximation, whose slope differs by up to 9e-4 from the slope of the exact function.
    fn normal_cdf(self) -> Self {
        let erf = self.0.mul_scalar(FRAC_1_SQRT_2).erf();
        Self(erf.add_scalar(1.0).mul_scalar(0.5))
    }

    fn normal_density(self) -> Self {
        let bell = self.0.square().mul_scalar(-0.5).exp();
        Self(bell.mul_scalar(FRAC_1_SQRT_2 / PI.sqrt()))
    }
}
