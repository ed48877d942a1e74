//! Closed forms of gradient flow in layerwise-linear models, in f64 and without a deep-learning
//! framework.
//!
//! ```
//! // How much later the fifth skill of a power law emerges than the first in the layered model.
//! assert!((theory::emergence_time_ratio(5, 0.6)? - 13.13).abs() < 0.01);
//! # Ok::<(), theory::TheoryError>(())
//! ```
//!
//! # Time
//!
//! Every time in this crate is the **flow time** t of gradient flow dθ/dt = −∇L on the halved
//! loss L = ½ E|f − f*|². Plain gradient descent with learning rate η reaches flow time t = η T
//! after T steps of the halved loss, t = 2 η T with an un-halved squared error, and 1/C of that
//! with a mean over C outputs. Convert steps to flow time before you call a function of this crate.
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
//! | a, b | first and second layer of a mode, s = a b | √strength |
//! | λ | imbalance b² − a² of two layers, conserved | strength |
//! | L | depth, number of layers | 1 |
//! | Σ, Z | weight scale and normalisation of the scalar network | strength, 1 |
//! | W1, W2, Syx | layers `[h, d]` and `[c, h]`, correlation E\[y xᵀ\] `[c, d]` of whitened inputs | √strength, strength |
//! | κ, τ | multipliers of the initial weights and of the target | 1 |
//!
//! # Closed forms
//!
//! | form by name | type | what it describes |
//! |---|---|---|
//! | `linear-mode` | [`LinearMode`] | saturation of a linear model, the control |
//! | `balanced-mode` | [`BalancedMode`] | delayed sigmoid of two equal layers |
//! | `lambda-mode` | [`LambdaMode`] | any layer imbalance: from rich (sigmoid) to lazy (exponential) |
//! | `deep-mode` | [`DeepMode`], [`infinite_depth_time`] | any depth: later and more step-like |
//! | `layer-chain` | [`LayerChain`] | layers that start at any strengths: the small ones alone set the wait |
//! | `frozen-layer` | [`FrozenLayerMode`] | feedback broken: one layer frozen, exponential |
//! | `fixed-feedback` | [`FixedFeedbackMode`] | feedback broken: a fixed backward weight |
//! | `muon-mode` | [`MuonMode`] | steps along polar factors: small modes first |
//! | | [`ClampedLayerMode`] | feedback broken: a layer that turns but keeps its norm |
//! | | [`Feedback`], [`FeedbackSkills`] | skills with their feedback intact or broken |
//! | `skills` | [`MultilinearSkills`], [`zipf_probabilities`] | emergence in time |
//! | `data-emergence` | [`data_shot`], [`expected_data_loss`] | emergence in examples |
//! | `parameter-emergence` | [`parameter_shot`], [`parameter_loss`] | emergence in width |
//! | `scaling-laws` | [`ScalingLaw`] | power laws of the loss |
//! | `scalar-toy` | [`ScalarToy`] | weight-to-target ratio and feature amplification |
//! | | [`ScaleEquivalence`], [`output_as_target_scale`], [`input_as_output_scale`] | which scales are one knob |
//! | `unconstrained-features` | [`UnconstrainedFeatures`] | neural collapse with free features, with or without decay |
//! | `deep-features` | [`DeepFeatures`] | the same below several linear layers |
//! | `modular-addition` | [`ModularAddition`] | exact weights of the grokking task |
//! | `balanced-network` | [`BalancedNetwork`], [`AlignedNetwork`], [`NetworkState`] | two-layer linear networks, aligned with their task or not |
//! | `random-start` | [`random_start_half_times`] | half-times of modes from small random layers |
//! | | [`aligned_weights`], [`balanced_weights`], [`random_orthogonal`], [`balance`] | starts of such networks, and what they conserve |
//! | | [`end_to_end_rate`], [`linear_ntk`], [`LinearisedNetwork`] | end-to-end flow, tangent kernel, linearised training |
//! | | [`OneNeuron`] | direction and strength of one neuron (two equations, no closed form) |
//!
//! [`slowdown_from_half_time`], [`strength_gap_from_init_std`] and [`initial_from_init_std`]
//! calibrate the skill model on a network. [`forms`] evaluates closed forms by name.
//!
//! # Accuracy
//!
//! Every form is evaluated without cancellation and overflow over its whole stated domain, and
//! never gives NaN there. Where a textbook formula fails (division by λ = 0, e^{vKt} at late times,
//! differences of antiderivatives), a test shows the failure beside the value of this crate.
//!
//! Sources are cited as `[Saxe2014, …]`; the keys are resolved in `references.bib`.

mod balanced;
mod calibration;
mod citation;
mod clamped_layer;
mod deep_features;
mod deep_integral;
mod deep_mode;
mod error;
mod feedback;
mod fixed_feedback;
pub mod forms;
mod frozen_layer;
mod infinite_depth;
mod lambda_flow;
mod lambda_mode;
mod layer_chain;
mod linear;
mod modular_addition;
mod muon_mode;
mod network;
mod one_neuron;
mod resources;
mod rise;
mod scalar_toy;
mod scale_equivalence;
mod scaling;
mod skills;
mod special;
mod unconstrained_features;

pub use balanced::{BalancedMode, sigmoid_t90_over_t10};
pub use calibration::{initial_from_init_std, slowdown_from_half_time, strength_gap_from_init_std};
pub use citation::citation;
pub use clamped_layer::ClampedLayerMode;
pub use deep_features::DeepFeatures;
pub use deep_mode::DeepMode;
pub use error::TheoryError;
pub use feedback::{Feedback, FeedbackMode, FeedbackSkills};
pub use fixed_feedback::{FIXED_FEEDBACK_T90_OVER_T10, FixedFeedbackMode};
pub use frozen_layer::FrozenLayerMode;
pub use infinite_depth::infinite_depth_time;
pub use lambda_mode::LambdaMode;
pub use layer_chain::LayerChain;
pub use linear::{LINEAR_T90_OVER_T10, LinearMode};
pub use modular_addition::ModularAddition;
pub use muon_mode::MuonMode;
pub use nalgebra;
pub use network::{
    AlignedNetwork, BALANCE_TOLERANCE, Balance, BalancedNetwork, FullSvd, LinearisedNetwork,
    NetworkState, RandomStartMode, aligned_weights, balance, balanced_weights, end_to_end_rate,
    full_svd, linear_ntk, linear_ntk_of_grams, random_orthogonal, random_start_half_times,
};
pub use one_neuron::{NeuronState, OneNeuron};
pub use resources::{data_shot, expected_data_loss, parameter_loss, parameter_shot};
pub use rise::Rise;
pub use scalar_toy::ScalarToy;
pub use scale_equivalence::{ScaleEquivalence, input_as_output_scale, output_as_target_scale};
pub use scaling::ScalingLaw;
pub use skills::{MultilinearSkills, emergence_time_ratio, zipf_probabilities};
pub use special::{gamma, zeta_one_plus};
pub use unconstrained_features::UnconstrainedFeatures;
