//! Mutated files.
