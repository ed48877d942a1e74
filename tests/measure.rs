//! Black-box tests of `layerwise measure`.
