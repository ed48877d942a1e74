//! Describes nets and their layerwise-linear twins, without a deep-learning framework.
//!
//! The input is a table of a spec; the output is a checked [`Model`]. A model states which parts of
//! a batch it reads and draws its initial parameters. If it is a multilayer perceptron, it also
//! gives the same net on the host. Engines in `layerwise-nets` train models; closed forms and
//! metrics need only this crate.
//!
//! ```
//! use layerwise_models::kinds;
//!
//! let task = tasks::kinds().build("kind = 'sparse-parity'\nbits = 8\nparity = 3".parse()?)?;
//! let net = kinds().build("kind = 'mlp'\nwidths = [16]".parse()?)?;
//! net.check(task.shape())?;
//! let weights = net.initial(&*task.instance(0), task.shape(), 0);
//! assert_eq!((weights[0].rows, weights[0].columns), (8, 16));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod array;
mod derivatives;
mod features;
mod init;
mod intervention;
mod kinds;
mod model;
mod precision;
mod role;
mod scales;
mod state;
pub mod weight_file;

pub use ::mlp::{Activation, Adam, Decay, Loss, Muon, Optimizer, Reduction, Sgd, Sign};
pub use array::HostArray;
pub use derivatives::LossHessian;
pub use features::{Classifier, HiddenFeatures, HiddenLayer};
pub use init::{Balanced, BiasInit, FileInit, Mirrored, Opposed, Toy, WeightInit};
pub use intervention::{Backward, Clamp, Condition, Freeze, Interventions, Rebalance};
pub use kinds::{
    ClassifierStart, DiagonalLinear, FeatureInit, Gates, LinearBasis, LinearSkills, Mlp,
    Multilinear, Multipliers, Outputs, Parametrisation, UnconstrainedFeatures, kinds,
};
pub use model::{HostLayers, HostNet, Model, Needs};
pub use precision::Precision;
pub use role::Role;
pub use scales::Scales;
pub use state::LearnerState;
pub use weight_file::{Layout, WeightFile, WeightFileError};
