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

use serde::{Deserialize, Serialize};

use crate::algebra::Algebra;
pub(crate) use formula::{Formula, WithFormula};

macro_rules! activations {
    ($($(#[$attribute:meta])* $name:literal $file:ident $activation:ident,)*) => {
        /// An elementwise activation φ(z).
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

            /// q with φ(c z) = c^q φ(z) for c > 0. Activations that are not homogeneous have that of
            /// the range in which they are nearly linear: 1.
            #[must_use]
            pub fn degree(self) -> f64 {
                match self { $(Self::$activation => $file::$activation::DEGREE,)* }
            }

            /// Whether the degree holds everywhere.
            #[must_use]
            pub fn is_homogeneous(self) -> bool {
                match self { $(Self::$activation => $file::$activation::HOMOGENEOUS,)* }
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
                match self { $(Self::$activation => $file::$activation::value(z),)* }
            }

            /// φ'(z) of a number or of every element of a tensor.
            ///
            /// # Examples
            ///
            /// ```
            /// assert_eq!(mlp::Activation::Relu.derivative(0.0), 0.0);
            /// ```
            #[must_use]
            pub fn derivative<A: Algebra>(self, z: A) -> A {
                match self { $(Self::$activation => $file::$activation::derivative(z),)* }
            }

            /// Whether a net must keep φ'(z) on the way forward, because φ(z) does not tell it.
            pub(crate) fn keeps_slopes(self) -> bool {
                match self { $(Self::$activation => !$file::$activation::SLOPE_FROM_VALUE,)* }
            }

            /// Runs `work` compiled for this activation.
            #[inline(always)]
            pub(crate) fn with<W: WithFormula>(self, work: W) -> W::Output {
                match self { $(Self::$activation => work.run::<$file::$activation>(),)* }
            }
        }
    };
}

activations! {
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
