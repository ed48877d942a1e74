//! Tests of engines and devices.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod basis_models;
mod broken_feedback;
mod by_hand;
mod closed_forms;
mod conserved;
mod coverage;
mod modular_addition;
mod modules;
mod moments;
mod muon;
mod new_activations;
mod outputs;
mod pytorch;
mod pytorch_modules;
mod reference;
mod resume;
mod same_bits;
mod scale_equivalence;
mod support;
mod symmetry;
mod together;
mod twins;
mod width_and_linearisation;
