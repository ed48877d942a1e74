//! Multilayer perceptrons on the CPU: a simple reference in f64, and a fast [`Trainer`] in f32 or
//! f64.
//!
//! The reference ([`Mlp`], [`Loss`]) is written to be read and checked, not to be fast: it has
//! loops over slices, no framework and no hidden defaults. The trainer and all other
//! implementations are compared with it number by number.
//!
//! # Shapes
//!
//! `N` rows (samples), `D` inputs, `H` hidden units, `K` outputs. Matrices are row-major slices;
//! a weight is `[in, out]`, so that a layer computes y = x W + b with x as a row.
//!
//! # Examples
//!
//! One step of gradient descent on a 1-2-1 network:
//!
//! ```
//! use mlp::{Activation, Layer, Loss, Mlp, Optimizer, Reduction, Updater};
//!
//! let mut net = Mlp {
//!     layers: vec![
//!         Layer { inputs: 1, outputs: 2, weight: vec![1.0, -1.0], bias: None },
//!         Layer { inputs: 2, outputs: 1, weight: vec![0.5, 0.5], bias: None },
//!     ],
//!     activation: Activation::Relu,
//! };
//! let loss = Loss::Mse { half: true, outputs: Reduction::Sum };
//! let mut parameters = net.parameters();
//! let mut descent = Updater::<f64>::new(Optimizer::PLAIN, parameters.len())?;
//!
//! let (inputs, targets) = ([2.0, -3.0], [2.0, 3.0]);
//! let outputs = net.forward(&inputs, 2)?;
//! assert_eq!(outputs, [1.0, 1.5]);
//! let before = loss.evaluate(&outputs, &targets, 1, None)?;
//! let gradients = net.gradients(&inputs, 2, &before.gradient)?;
//! descent.step(&mut parameters, &mlp::flatten(&gradients), 0.1)?;
//! net.set_parameters(&parameters)?;
//! let after = loss.evaluate(&net.forward(&inputs, 2)?, &targets, 1, None)?;
//! assert!(after.value < before.value);
//! # Ok::<(), mlp::MlpError>(())
//! ```

mod activation;
mod algebra;
mod dual;
mod error;
mod hessian;
mod loss;
mod network;
mod optimizer;
mod tangent;
mod trainer;

pub use activation::Activation;
pub use algebra::Algebra;
pub use error::MlpError;
pub use hessian::Hessian;
pub use loss::{Loss, LossValue, Reduction};
pub use network::{Layer, LayerGradient, Mlp, flatten};
pub use optimizer::{Adam, Decay, Muon, Optimizer, Sgd, Sign, UpdateAlgebra};
pub use tangent::LayerRate;
pub use trainer::{
    Controls, Cube, Dropout, HostRows, Instructions, LayerConfig, Real, Rows, Trainer,
    TrainerConfig, TrainerState, Updater, activate_all, multiply_adds, rebalance, rescale,
};
