//! Activations: one file for each, and its line in the list below.

mod formula;
mod gelu;
mod identity;
mod leaky_relu;
mod quadratic;
mod relu;
mod silu;
mod softplus;
mod tanh;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{algebra::Algebra, dual::Dual};
pub(crate) use formula::Formula;

macro_rules! activations {
    ($d:tt $($(#[$attribute:meta])* $name:literal $file:ident $activation:ident,)*) => {
        $(pub(crate) use $file::$activation;)*

        /// An elementwise activation φ(z).
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Activation {
            $($(#[$attribute])* #[serde(rename = $name)] $activation,)*
        }

        impl Activation {
            /// All activations.
            pub const ALL: [Self; [$($name,)*].len()] = [$(Self::$activation,)*];

            /// Name in specs.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$activation => $name,)* }
            }
        }

        /// `with_formula!(activation, F => …)` compiles the expression for each activation, with F
        /// as its [`Formula`].
        macro_rules! with_formula {
            ($d activation:expr, $d formula:ident => $d body:expr) => {
                match $d activation {
                    $($crate::Activation::$activation => {
                        use $crate::activation::$activation as $d formula;
                        $d body
                    })*
                }
            };
        }
        pub(crate) use with_formula;
    };
}

activations! { $
    /// max(z, 0).
    #[default]
    "relu" relu Relu,
    /// z for z > 0, else z/100.
    "leaky-relu" leaky_relu LeakyRelu,
    /// tanh z.
    "tanh" tanh Tanh,
    /// z Φ(z), Φ the normal distribution function.
    "gelu" gelu Gelu,
    /// z/(1 + e^(−z)).
    "silu" silu Silu,
    /// ln(1 + e^z).
    "softplus" softplus Softplus,
    /// z².
    "quadratic" quadratic Quadratic,
    /// z: a linear network.
    "identity" identity Identity,
}

impl Activation {
    /// q with φ(c z) = c^q φ(z) for c > 0. Activations that are not homogeneous have the degree of
    /// their nearly linear range, 1.
    #[must_use]
    pub fn degree(self) -> f64 {
        with_formula!(self, F => F::DEGREE)
    }

    /// Whether the degree holds everywhere.
    #[must_use]
    pub fn is_homogeneous(self) -> bool {
        with_formula!(self, F => F::HOMOGENEOUS)
    }

    /// Whether φ takes a transcendental function.
    #[must_use]
    pub fn is_transcendental(self) -> bool {
        with_formula!(self, F => F::TRANSCENDENTAL)
    }

    /// Whether a net must store φ'(z) in the forward pass, because it does not follow from φ(z).
    pub(crate) fn keeps_slopes(self) -> bool {
        with_formula!(self, F => !F::SLOPE_FROM_VALUE)
    }

    /// φ(z) of a number or of every element of a tensor. NaN stays NaN.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(mlp::Activation::Quadratic.value(-3.0), 9.0);
    /// ```
    #[must_use]
    pub fn value<A: Algebra>(self, z: A) -> A {
        with_formula!(self, F => F::value(z))
    }

    /// φ(z) and φ'(z) of a number or of every element of a tensor.
    #[must_use]
    pub fn value_and_derivative<A: Algebra>(self, z: A) -> (A, A) {
        with_formula!(self, F => F::value_and_derivative(z))
    }

    /// φ'(z).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(mlp::Activation::Relu.derivative(0.0), 0.0);
    /// ```
    #[must_use]
    pub fn derivative(self, z: f64) -> f64 {
        self.value_and_derivative(z).1
    }

    /// φ'(z) and φ''(z), the latter 0 at a kink.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(mlp::Activation::Quadratic.slope_and_bend(3.0), (6.0, 2.0));
    /// ```
    #[must_use]
    pub fn slope_and_bend(self, z: f64) -> (f64, f64) {
        let slope = self.value_and_derivative(Dual::variable(z)).1;
        (slope.value, slope.derivative)
    }
}
