//! Activations against central differences, known digits and their own claims.

use mlp::{Activation, Instructions, Real, Trainer};

use crate::support::trained::{Data, Setup, rows};

/// Central differences with step 1e-5: error of the order of 1e-10 in third derivatives of order
/// one, and rounding of 1e-16/1e-5.
const STEP: f64 = 1e-5;

#[test]
fn derivatives_agree_with_central_differences_far_into_the_tails() {
    for activation in Activation::ALL {
        for z in [-30.0, -9.0, -3.0, -1.0, -0.1, 0.1, 0.7, 2.0, 5.0, 30.0] {
            let slope = (activation.value(z + STEP) - activation.value(z - STEP)) / (2.0 * STEP);
            let derivative = activation.derivative(z);
            assert!(
                (slope - derivative).abs() < 1e-9 * (1.0 + z * z),
                "{activation:?} at {z}"
            );
        }
    }
}

#[test]
fn activations_have_their_known_values() {
    use Activation::{Gelu, Identity, LeakyRelu, Quadratic, Relu, Silu, Softplus, Tanh};
    // Digits by mpmath, values and slopes.
    for (activation, z, value, slope) in [
        (Relu, -2.0, 0.0, 0.0),
        (Relu, 0.0, 0.0, 0.0),
        (Relu, 1e-300, 1e-300, 1.0),
        (LeakyRelu, -2.0, -0.02, 0.01),
        (LeakyRelu, 0.0, 0.0, 0.01),
        (LeakyRelu, 3.0, 3.0, 1.0),
        (Tanh, 0.5, 0.462_117_157_260_009_76, 0.786_447_732_965_927_4),
        (Gelu, 0.0, 0.0, 0.5),
        (Gelu, 1.0, 0.841_344_746_068_542_9, 1.083_315_470_587_686_3),
        (
            Gelu,
            -10.0,
            -7.619_853_024_160_526e-23,
            -7.618_400_096_464_814e-22,
        ),
        (Silu, 1.0, 0.731_058_578_630_004_9, 0.927_670_511_871_486_7),
        (
            Silu,
            -30.0,
            -2.807_286_890_651_789_7e-12,
            -2.713_710_660_963_134e-12,
        ),
        (
            Softplus,
            1.0,
            1.313_261_687_518_222_8,
            0.731_058_578_630_004_9,
        ),
        (
            Softplus,
            -30.0,
            9.357_622_968_839_737e-14,
            9.357_622_968_839_299e-14,
        ),
        (Quadratic, -3.0, 9.0, -6.0),
        (Identity, -3.0, -3.0, 1.0),
    ] {
        let close = |found: f64, expected: f64| (found - expected).abs() <= 1e-13 * expected.abs();
        assert!(close(activation.value(z), value), "{activation:?} at {z}");
        assert!(
            close(activation.derivative(z), slope),
            "{activation:?} at {z}"
        );
    }
}

#[test]
fn an_activation_has_the_degree_that_it_claims() {
    for activation in Activation::ALL {
        let scaled = |z: f64| 3.0_f64.powf(activation.degree()) * activation.value(z);
        let holds = [-2.0, -0.1, 0.7, 5.0].into_iter().all(|z| {
            let gap = activation.value(3.0 * z) - scaled(z);
            gap.abs() <= 1e-13 * scaled(z).abs()
        });
        assert_eq!(holds, activation.is_homogeneous(), "{activation:?}");
    }
}

#[test]
fn names_are_those_of_specs() {
    for activation in Activation::ALL {
        let name = serde_json::to_value(activation).unwrap();
        assert_eq!(name, activation.name());
        let back: Activation = serde_json::from_value(name).unwrap();
        assert_eq!(back, activation);
    }
    assert_eq!(Activation::LeakyRelu.name(), "leaky-relu");
}

/// A net of one unit trained by one step on inputs that are large, or not a number.
fn extreme<T: Real>(activation: Activation, input: f64, instructions: Instructions) -> [f64; 2] {
    let setup = Setup {
        activation,
        biases: false,
        ..Setup::of(&[1, 1, 1])
    };
    let mut data = Data::dense(1, setup.widths);
    data.inputs = vec![input];
    let mut trainer = Trainer::<T>::new(setup.config(instructions), &[1.0, 1.0]).unwrap();
    let rows = rows::<T>(&setup, &data);
    let output = trainer.outputs(&rows).unwrap()[0].to_f64();
    trainer.step(&rows, 1e-6).unwrap();
    [output, trainer.parameters().iter().sum()]
}

#[test]
fn extreme_inputs_neither_overflow_nor_lose_nan() {
    for activation in Activation::ALL {
        for instructions in [Instructions::Detected, Instructions::Portable] {
            for input in [-1e4, -200.0, 0.0, 200.0, 1e4] {
                for (precision, [output, moved]) in [
                    (1e-6, extreme::<f32>(activation, input, instructions)),
                    (1e-13, extreme::<f64>(activation, input, instructions)),
                ] {
                    let expected = activation.value(input);
                    let gap = (output - expected).abs();
                    assert!(
                        gap <= precision * (expected.abs() + f64::from(f32::MIN_POSITIVE)),
                        "{activation:?} of {input}"
                    );
                    assert!(moved.is_finite(), "{activation:?} of {input}");
                    assert!(activation.derivative(input).is_finite());
                }
            }
            let found = extreme::<f32>(activation, f64::NAN, instructions);
            assert!(found.iter().all(|number| number.is_nan()), "{activation:?}");
            let found = extreme::<f64>(activation, f64::NAN, instructions);
            assert!(found.iter().all(|number| number.is_nan()), "{activation:?}");
            assert!(activation.value(f64::NAN).is_nan(), "{activation:?}");
        }
    }
}
