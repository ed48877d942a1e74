//! One plain host MLP in f64: forward pass, gradients and optimizers, as a reference.
