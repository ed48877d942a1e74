//! Accuracy, margins and collapsed softmaxes on hand-made outputs.

use metrics::{
    FloatFormat, accuracy, cross_entropy, labels, margins, neuron_balance, neuron_balance_drift,
    softmax_collapse,
};

#[test]
fn ties_and_numbers_that_are_none_are_wrong() {
    let nan = f64::NAN;
    let outputs = [
        [0.1, 0.9, 0.0],
        [0.0, 0.0, 0.0],
        [nan, 0.9, 0.0],
        [0.0, 0.9, nan],
        [-1.0, -0.5, -2.0],
        [0.9, 0.1, 0.0],
    ];
    let found = accuracy(&outputs.concat(), &[1; 6], 3).unwrap();
    assert_eq!(found, 2.0 / 6.0);
    assert_eq!(labels(&[0.0, 0.0, 2.5, 7.0, -1.0, 0.0], 3).unwrap(), [2, 0]);
    assert!(labels(&[1.0, 1.0], 2).is_err());
    for wrong in [
        accuracy(&[1.0; 5], &[0, 0], 3),
        accuracy(&[1.0; 6], &[0, 0, 0], 3),
        accuracy(&[1.0; 6], &[0, 3], 3),
        accuracy(&[], &[], 3),
        accuracy(&[1.0], &[0], 0),
    ] {
        assert!(wrong.is_err());
    }
}

#[test]
fn margins_and_losses_follow_their_definitions() {
    let outputs = [1.0, 4.0, 2.0, 0.5, 0.0, 0.0];
    assert_eq!(margins(&outputs, &[1, 1], 3).unwrap(), [2.0, -0.5]);
    let loss = cross_entropy(&outputs, &[1, 1], 3).unwrap();
    let row = |f: [f64; 3], y: usize| f.iter().map(|f| f.exp()).sum::<f64>().ln() - f[y];
    let expected = 0.5 * (row([1.0, 4.0, 2.0], 1) + row([0.5, 0.0, 0.0], 1));
    assert!((loss - expected).abs() < 1e-15);
    // Logits whose exponentials overflow.
    let large = cross_entropy(&[1e4, 1e4 - 1.0], &[1], 2).unwrap();
    assert!(
        (large - (1.0 + (-1.0_f64).exp().ln_1p())).abs() < 1e-11,
        "{large}"
    );
}

#[test]
fn a_softmax_collapses_where_the_other_classes_are_absorbed() {
    let share = |gap: f64, format| softmax_collapse(&[gap, 0.0], &[0], 2, format).unwrap();
    // Half a unit in the last place of 1 is 2⁻²⁴ or 2⁻⁵³, and half of that is absorbed.
    let f32_edge = 24.0 * 2.0_f64.ln();
    let f64_edge = 53.0 * 2.0_f64.ln();
    assert_eq!(share(f32_edge - 0.1, FloatFormat::F32), 0.0);
    assert_eq!(share(f32_edge + 0.1, FloatFormat::F32), 1.0);
    assert_eq!(share(f64_edge - 0.1, FloatFormat::F64), 0.0);
    assert_eq!(share(f64_edge + 0.1, FloatFormat::F64), 1.0);
    // A wrong row has a gradient, however confident the net is.
    assert_eq!(
        softmax_collapse(&[0.0, 200.0], &[0], 2, FloatFormat::F32).unwrap(),
        0.0
    );
    assert_eq!(
        softmax_collapse(&[f64::NAN, 0.0], &[0], 2, FloatFormat::F32).unwrap(),
        0.0
    );
}

#[test]
fn the_drift_of_the_neuron_balance_is_relative_to_the_size_of_the_weights() {
    let kept = |a: f64, w: f64| neuron_balance(&[a, 1.0], None, &[w, 2.0], 2, 2.0).unwrap();
    // |w_in|² − 2|w_out|² of the first neuron goes from 9 − 2 to 16 − 2; sizes are 11 and 9.
    let drift = neuron_balance_drift(&kept(4.0, 1.0), &kept(3.0, 1.0), &[11.0, 9.0]).unwrap();
    assert!((drift - 7.0 / 202.0_f64.sqrt()).abs() < 1e-15, "{drift}");
    assert!(neuron_balance_drift(&[1.0], &[1.0], &[0.0]).is_err());
    assert!(neuron_balance_drift(&[1.0], &[1.0, 2.0], &[1.0]).is_err());
}
