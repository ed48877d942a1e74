//! Central differences and identities test the reference; the reference tests the trainer.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod activations;
mod allocations;
mod balance;
mod controls;
mod dropout;
mod evaluations;
mod golden;
mod gradients;
mod hessian;
mod muon;
mod network;
mod optimizers;
mod support;
mod symmetric_rows;
mod tangent;
mod trainer;
