//! Closed forms of gradient flow in layerwise-linear models (f64, no framework).
//!
//! # Time
//!
//! Every time in this crate is the **flow time** t of gradient flow dθ/dt = −∇L on the halved
//! loss L = ½ E|f − f*|². Plain gradient descent with learning rate η reaches flow time t = η T
//! after T steps of the halved loss, t = 2 η T with an un-halved squared error, and 1/C of that
//! with a mean over C outputs. Convert before you call; nothing here knows about steps.
//! Gradient descent follows the flow to first order in η: 1 % agreement needs η S ≲ 0.01.
//!
//! # Symbols
//!
//! | symbol | name | unit |
//! |---|---|---|
//! | S | target | strength (the output's unit) |
//! | s, θ, R | strength of a mode or skill | as the target |
//! | v = E\[x²\] | input power | 1 / (strength · flow time) for two layers, 1 / flow time for one |
//! | P | probability of a skill, the input power of its mode | 1 |
//! | q | fraction s/S of the target | 1 |
//!
//! Sources are cited as `[Saxe2014, …]`; the keys are resolved in `references.bib`.

mod balanced;
mod calibration;
mod deep_integral;
mod deep_mode;
mod error;
pub mod forms;
mod infinite_depth;
mod lambda_flow;
mod lambda_mode;
mod linear;
mod modular_addition;
mod one_neuron;
mod resources;
mod scalar_toy;
mod scale_equivalence;
mod scaling;
mod skills;
mod special;
mod unconstrained_features;

pub use balanced::{BalancedMode, sigmoid_t90_over_t10};
pub use calibration::{initial_from_init_std, slowdown_from_half_time, strength_gap_from_init_std};
pub use deep_mode::DeepMode;
pub use error::TheoryError;
pub use infinite_depth::infinite_depth_time;
pub use lambda_mode::LambdaMode;
pub use linear::{LINEAR_T90_OVER_T10, LinearMode};
pub use modular_addition::ModularAddition;
pub use one_neuron::{NeuronState, OneNeuron};
pub use resources::{data_shot, expected_data_loss, parameter_loss, parameter_shot};
pub use scalar_toy::ScalarToy;
pub use scale_equivalence::{ScaleEquivalence, input_as_output_scale, output_as_target_scale};
pub use scaling::ScalingLaw;
pub use skills::{MultilinearSkills, emergence_time_ratio, zipf_probabilities};
pub use special::{gamma, zeta_one_plus};
pub use unconstrained_features::UnconstrainedFeatures;
