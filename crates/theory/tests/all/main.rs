//! Tests of the closed forms.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod citations;
mod deep_features;
mod deep_mode;
mod feedback;
mod forms;
mod lambda_mode;
mod layer_chain;
mod modes;
mod modular_addition;
mod muon_mode;
mod network_aligned;
mod network_exact;
mod network_forms;
mod network_kernels;
mod network_properties;
mod one_neuron;
mod scalar_toy;
mod scale_equivalence;
mod scaling;
mod skills;
mod unconstrained_features;

mod support {
    pub(crate) mod csv;
    pub(crate) mod gaussian;
    pub(crate) mod json;
    pub(crate) mod matrix_flow;
    pub(crate) mod networks;
    pub(crate) mod ode;
    pub(crate) mod rk4;
}
