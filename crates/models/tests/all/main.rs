//! Tests of models, which need no engine.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

// The name by which other crates, whose tests share `start`, know this one.
extern crate layerwise_models as models;

mod balanced_starts;
mod biases;
mod classifier_start;
mod deep_features;
mod derivatives;
mod linear_starts;
mod output_characters;
mod scales;
mod start;
mod weight_files;
mod wrong_tables;
