//! Tests of specs: what is read, expanded and identified, and what is refused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

extern crate layerwise_plan as plan;

mod cases;
mod clock;
mod heat_maps;
mod identity;
mod leaderboards;
mod linear;
mod misfits;
mod own_curves;
mod panels;
mod reference;
mod roles;
mod schema;
mod spec;
mod support;
mod sweeps;
