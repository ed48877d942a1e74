//! Results must stay the same bit by bit, unless they are changed on purpose.

#![cfg(not(any(target_arch = "aarch64", target_feature = "fma")))]

use mlp::{Activation, Instructions, Loss, Real};

use crate::support::trained::{Data, HINGE, OPTIMIZERS, SQUARE, Setup, trained};

/// FNV-1a.
fn hash(numbers: impl Iterator<Item = f64>) -> u64 {
    let bytes = numbers.flat_map(|number| number.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Parameters and outputs of small nets after some steps by every loss and optimizer.
fn results<T: Real>(activation: Activation) -> u64 {
    let mut numbers = Vec::new();
    for (widths, losses) in [
        (&[5, 7, 1][..], &[SQUARE, HINGE][..]),
        (&[5, 18, 7, 3], &[SQUARE, HINGE, Loss::CrossEntropy]),
    ] {
        for (&loss, optimizer) in losses.iter().flat_map(|l| OPTIMIZERS.map(|o| (l, o))) {
            let setup = Setup {
                activation,
                loss,
                optimizer,
                ..Setup::of(widths)
            };
            let data = Data::dense(13, widths).suited_to(loss);
            let found = trained::<T>(&setup, &data, 20, Instructions::Portable);
            numbers.extend(found.parameters.into_iter().chain(found.outputs));
        }
    }
    assert!(numbers.iter().all(|number| number.is_finite()));
    hash(numbers.into_iter())
}

#[test]
fn results_are_the_same_to_the_bit() {
    let found = Activation::ALL.map(|activation| {
        let [single, double] = [results::<f32>(activation), results::<f64>(activation)];
        format!("{} {single:016x} {double:016x}", activation.name())
    });
    assert_eq!(found, EXPECTED);
}

/// Hashes of f32 and f64.
const EXPECTED: [&str; 8] = [
    "relu 2ad9f7cb7a1a09bc 2e1a5ae9271288b1",
    "leaky-relu 6413d3acf36e481b 709c2af0150ebc02",
    "tanh a2e7e427cc0e54a0 29ced33dfec927fc",
    "gelu 6c50cfae72d03b01 fef05e10ea188e8a",
    "silu 40db7b0e7c7a9522 ad7b5b4ec553005f",
    "softplus d6d9cd0e614479ab 0fb468c9499e3865",
    "quadratic cc0505496e8b2bce 3dbd7f0e759c4498",
    "identity 04000084d8ed8a3a 1629acf55880c028",
];
