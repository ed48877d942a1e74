//! Optimizers: one file for each, and its line in the list below.

mod adam;
mod muon;
mod polar;
mod rule;
mod sgd;
mod sign;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::MlpError;
pub use adam::{Adam, Decay};
pub use muon::Muon;
pub(crate) use rule::Rule;
pub use rule::UpdateAlgebra;
pub use sgd::Sgd;
pub use sign::Sign;

macro_rules! optimizers {
    ($d:tt $($(#[$attribute:meta])* $name:literal $optimizer:ident,)*) => {
        /// An optimizer, where PyTorch has it with its formulas. The learning rate is an argument of
        /// each step.
        ///
        /// No constant comes from a framework: burn's Adam has a different epsilon than PyTorch's,
        /// and stores its constants in f32, which would affect runs in f64.
        #[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "kind")]
        pub enum Optimizer {
            $($(#[$attribute])* #[serde(rename = $name)] $optimizer($optimizer),)*
        }

        $(impl From<$optimizer> for Optimizer {
            fn from(optimizer: $optimizer) -> Self {
                Self::$optimizer(optimizer)
            }
        })*

        /// `with_rule!(optimizer, rule => …)` compiles the expression for each optimizer, with
        /// `rule` as its [`Rule`].
        macro_rules! with_rule {
            ($d optimizer:expr, $d rule:ident => $d body:expr) => {
                match $d optimizer { $($crate::Optimizer::$optimizer($d rule) => $d body,)* }
            };
        }
        pub(crate) use with_rule;
    };
}

optimizers! { $
    /// Stochastic gradient descent.
    "sgd" Sgd,
    /// Adam and `AdamW`.
    "adam" Adam,
    /// Sign descent.
    "sign" Sign,
    /// Muon: orthogonalised steps of matrices.
    "muon" Muon,
}

impl Optimizer {
    /// Plain gradient descent.
    pub const PLAIN: Self = Self::Sgd(Sgd::PLAIN);

    /// `Ok` if all constants are in their domains.
    ///
    /// # Errors
    ///
    /// [`MlpError::Domain`] if a constant is not.
    pub fn check(&self) -> Result<(), MlpError> {
        with_rule!(self, rule => rule.check())
    }

    /// Number of moments per parameter: 0, 1 or 2.
    #[must_use]
    pub fn moments(&self) -> usize {
        with_rule!(self, rule => rule.moments())
    }

    /// Flow time of one step with learning rate 1, in units of the loss's own gradient; `None` if
    /// the optimizer does not follow gradient flow.
    #[must_use]
    pub fn flow_factor(&self) -> Option<f64> {
        with_rule!(self, rule => rule.flow_factor())
    }

    /// L2 decay λ in that flow, θ' = −∇L − λ θ; 0 for optimizers that have no flow.
    #[must_use]
    pub fn flow_decay(&self) -> f64 {
        with_rule!(self, rule => rule.flow_decay())
    }

    /// The rule by which weights step that are matrices; `None` if all numbers step by themselves, as in
    /// [`Optimizer::update`].
    #[must_use]
    pub fn of_matrices(&self) -> Option<Muon> {
        match *self {
            Self::Muon(muon) => Some(muon),
            Self::Sgd(_) | Self::Adam(_) | Self::Sign(_) => None,
        }
    }

    /// The parameter after step number `step` (from 1); a bias under an optimizer
    /// [of matrices](Optimizer::of_matrices). `moments` has [`Optimizer::moments`]
    /// entries, which are `None` before the first step and are replaced by the new moments.
    pub fn update<A: UpdateAlgebra>(
        &self,
        step: i32,
        rate: &A::Rate,
        parameter: A,
        gradient: A,
        moments: &mut [Option<A>],
    ) -> A {
        with_rule!(self, rule => rule.update(step, rate, parameter, gradient, moments))
    }
}

impl Default for Optimizer {
    /// Plain gradient descent, the discretisation of gradient flow.
    fn default() -> Self {
        Self::PLAIN
    }
}
