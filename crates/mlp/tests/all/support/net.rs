//! Networks with fixed pseudo-random weights.

use mlp::{Activation, Layer, Mlp};

/// Numbers in (−1, 1) from a 64-bit linear congruential generator (Knuth's constants).
pub(crate) fn numbers(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(3);
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        })
        .collect()
}

/// A network with these layer widths, with biases on all layers or on none.
pub(crate) fn net(widths: &[usize], biases: bool, activation: Activation, seed: u64) -> Mlp {
    let layers = widths
        .windows(2)
        .zip(seed..)
        .map(|(pair, seed)| Layer {
            inputs: pair[0],
            outputs: pair[1],
            weight: numbers(3 * seed, pair[0] * pair[1]),
            bias: biases.then(|| numbers(3 * seed + 1, pair[1])),
        })
        .collect();
    Mlp { layers, activation }
}
