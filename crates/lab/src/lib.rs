//! Specs, the training loop, run records, statistics, claims and verdicts.
