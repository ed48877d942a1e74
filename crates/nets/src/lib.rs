//! Nets and their layerwise-linear twins on burn: models, optimizers, devices.
//!
//! A [`Model`] is a pure function of its parameters and a batch. A [`Learner`] holds the
//! parameters of one model and steps them; [`AutodiffLearner`] does so with burn's recorded
//! graph, which covers every model on every device; see [`ENGINES`] for others. [`Learners`] steps
//! several members together, on a GPU as tensors of rank 3. Nothing here draws random numbers on a
//! device: initial weights come from the keyed host streams of [`tasks::stream`].

mod array;
mod autodiff;
mod cube;
mod device;
mod features;
mod host;
mod init;
mod learner;
mod learner_state;
mod loss;
mod model;
mod models;
mod moments;
mod optimizer;
mod products;
mod references;
mod replay;
mod scales;
mod self_check;
mod separate;
pub mod weight_file;

/// The framework, so that a model from outside is built on the same version.
pub use burn;

pub use array::{DeviceBasis, DeviceBatch, HostArray, Rows};
pub use autodiff::{AutodiffLearner, AutodiffLearners};
pub use cube::cube_outputs;
pub use device::{BACKENDS, Backend, Device, DeviceError, FoundDevice, Precision, Target};
pub use features::{Classifier, HiddenFeatures, HiddenLayer};
pub use init::{Balanced, BiasInit, FileInit, Mirrored, Toy, WeightInit, check_start};
pub use learner::{ENGINES, Learner, LearnerError, Learners, Member, learner, learners};
pub use learner_state::LearnerState;
pub use loss::{Loss, Reduction};
pub use model::{HostLayers, HostNet, Model, Needs};
pub use models::{
    Activation, DiagonalLinear, FeatureInit, LinearBasis, LinearSkills, Mlp, Multilinear,
    Parametrisation, UnconstrainedFeatures,
};
pub use optimizer::{Decay, Optimizer};
pub use references::{ReferenceCurve, References};
pub use replay::ReplayLearner;
pub use scales::Scales;
pub use self_check::{bits_survive, together_and_alone};
pub use separate::Separate;
pub use weight_file::{Layout, WeightFile, WeightFileError};

/// The model kinds of this crate.
pub fn kinds() -> tasks::Registry<dyn Model> {
    tasks::Registry::new(
        "model kind",
        [
            ("mlp", models::mlp),
            ("deep-linear", models::deep_linear),
            ("multilinear", models::multilinear),
            ("linear-skills", models::linear_skills),
            ("diagonal-linear", models::diagonal_linear),
            ("linear-basis", models::linear_basis),
            ("unconstrained-features", models::unconstrained_features),
        ],
    )
}
