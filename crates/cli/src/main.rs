//! The command line of layerwise.
fn main() {}
