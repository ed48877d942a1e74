//! Nets and their layerwise-linear twins on burn: models, optimizers, devices.
