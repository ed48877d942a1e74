//! Tests of statistics and verdicts, on runs made by hand.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod calibrate;
mod claims;
mod cut_short;
mod delays;
mod gaps;
mod grid;
mod late_starts;
mod leaderboard;
mod support;
