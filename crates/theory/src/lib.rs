//! Closed forms of gradient flow in layerwise-linear models (f64, no framework).
