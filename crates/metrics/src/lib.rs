//! Numbers measured on weights, features and curves (f64, no framework).
