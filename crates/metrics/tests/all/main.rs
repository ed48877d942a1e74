//! Tests of the metrics.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod balance;
mod classification;
mod collapse;
mod curve;
mod fourier;
mod kernel;
mod lanczos;
mod numbers;
mod skills;
mod spectrum;
mod walsh;
