//! Model kinds that are burn modules, one file each.

mod attention;
mod conv_net;
mod residual_mlp;

pub use attention::{Attention, AttentionLayer};
pub use conv_net::{ConvNet, Convolutions};
pub use residual_mlp::{Norm, Residual, ResidualMlp};

use tasks::KeyError;

use crate::Start;

/// The default of a factor.
fn one() -> f64 {
    1.0
}

/// The start of a parameter of a net of rectified linear neurons: weights N(0, 2 κ²/fan-in)
/// \[He2015\] with κ = `scale`, biases of 0, and normalised layers as burn builds them.
fn he(name: &str, fan_in: usize, scale: f64) -> Start {
    match name.rsplit('.').next() {
        Some("weight") => Start::Normal {
            std: scale * (2.0 / fan_in as f64).sqrt(),
        },
        Some("bias") => Start::Constant(0.0),
        _ => Start::AsBuilt,
    }
}

/// Checks that a number of neurons, channels or the like is not 0.
fn at_least_one(key: &str, number: usize) -> Result<(), KeyError> {
    if number > 0 {
        return Ok(());
    }
    let (problem, hint) = ("must be 1 or more", "Write for example 16.");
    Err(KeyError::new(key, number, problem, hint))
}
