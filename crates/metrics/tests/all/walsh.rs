//! Walsh coefficients against a table, the definition and known functions.

use metrics::{energy_by_degree, largest_other, walsh_coefficients, walsh_hadamard};
use proptest::prelude::*;
use serde_json::Value;

/// Sums of up to 1024 terms of order one.
const ROUNDING: f64 = 1e-12;

/// Input `j` of the sign vector with this index: a set bit is −1.
fn input(index: usize, j: usize) -> f64 {
    if index >> j & 1 == 1 { -1.0 } else { 1.0 }
}

/// Values of a function of `inputs` signs in index order.
fn table(inputs: usize, f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    (0..1_usize << inputs)
        .map(|index| f(&(0..inputs).map(|j| input(index, j)).collect::<Vec<_>>()))
        .collect()
}

fn majority(signs: &[f64]) -> f64 {
    signs.iter().sum::<f64>().signum()
}

#[test]
fn coefficients_agree_with_the_reference_table() {
    let reference: Value = serde_json::from_str(include_str!("../fixtures/walsh.json")).unwrap();
    // The second function of the table, read off its coefficients.
    let relu = |x: &[f64]| (x[0] + 2.0 * x[1] - x[2] + 0.5).max(0.0);
    for (name, values) in [("maj3", table(3, majority)), ("relu", table(3, relu))] {
        let coefficients = walsh_coefficients(&values).unwrap();
        let rows = reference[name].as_object().unwrap();
        assert_eq!(rows.len(), 8);
        for (inputs, value) in rows {
            let inputs: Vec<usize> = serde_json::from_str(inputs).unwrap();
            let mask: usize = inputs.iter().map(|j| 1 << j).sum();
            assert_eq!(
                coefficients[mask],
                value.as_f64().unwrap(),
                "{name} {inputs:?}"
            );
        }
    }
}

#[test]
fn majority_has_its_known_coefficients() {
    // (−1)^{(k−1)/2} C((n−1)/2, (k−1)/2)/C(n−1, k−1) 2^{−(n−1)} C(n−1, (n−1)/2) for odd k.
    let choose = |n: usize, k: usize| {
        (0..k)
            .map(|i| (n - i) as f64 / (i + 1) as f64)
            .product::<f64>()
    };
    for n in [3, 5, 9] {
        let coefficients = walsh_coefficients(&table(n, majority)).unwrap();
        for (mask, &coefficient) in coefficients.iter().enumerate() {
            let degree = mask.count_ones() as usize;
            let expected = if degree.is_multiple_of(2) {
                0.0
            } else {
                let (half, order) = ((n - 1) / 2, (degree - 1) / 2);
                let sign = if order % 2 == 0 { 1.0 } else { -1.0 };
                let central = choose(n - 1, half) * 0.5_f64.powi((n - 1) as i32);
                sign * choose(half, order) / choose(n - 1, degree - 1) * central
            };
            assert!(
                (coefficient - expected).abs() < ROUNDING,
                "n = {n}, mask {mask}"
            );
        }
    }
    let nine = walsh_coefficients(&table(9, majority)).unwrap();
    for (mask, printed) in [(1, 0.2734), (0b111, -0.0391), (0b1_1111, 0.0234)] {
        assert!((nine[mask] - printed).abs() < 5e-5);
    }
}

#[test]
fn a_parity_is_one_coefficient_and_the_rest_is_found() {
    let values = table(6, |x| 2.0 * x[1] * x[4] - 0.5 * x[0] * x[1] * x[5] + 0.25);
    let coefficients = walsh_coefficients(&values).unwrap();
    assert_eq!(coefficients[0b01_0010], 2.0);
    assert_eq!(
        largest_other(&coefficients, 0b01_0010).unwrap(),
        (0b10_0011, -0.5)
    );
    assert_eq!(largest_other(&coefficients, 0).unwrap(), (0b01_0010, 2.0));
    assert_eq!(
        energy_by_degree(&coefficients).unwrap(),
        [0.0625, 0.0, 4.0, 0.25, 0.0, 0.0, 0.0]
    );
}

#[test]
fn the_mean_takes_part_and_nan_is_passed_over() {
    assert_eq!(largest_other(&[9.0, 1.0, 2.0, 30.0], 3).unwrap(), (0, 9.0));
    assert_eq!(
        largest_other(&[f64::NAN, 1.0, -2.0, 30.0], 3).unwrap(),
        (2, -2.0)
    );
    let (mask, value) = largest_other(&[f64::NAN, 1.0], 1).unwrap();
    assert!(mask == 0 && value.is_nan());
}

#[test]
fn lengths_that_are_no_power_of_two_are_refused() {
    let message = "number of values = 3: must be as many as sign vectors: a power of two";
    assert_eq!(
        walsh_coefficients(&[0.0; 3]).unwrap_err().to_string(),
        message
    );
    assert!(walsh_hadamard(&mut []).is_err());
    assert!(energy_by_degree(&[0.0; 6]).is_err());
    assert!(largest_other(&[1.0], 0).is_err() && largest_other(&[1.0, 2.0], 2).is_err());
    assert_eq!(walsh_coefficients(&[7.0]).unwrap(), [7.0]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn coefficients_follow_the_definition_keep_the_energy_and_invert(
        values in (0..9_u32).prop_flat_map(|n| prop::collection::vec(-1.0..1.0_f64, 1 << n)),
    ) {
        let coefficients = walsh_coefficients(&values).unwrap();
        let count = values.len() as f64;
        for (mask, coefficient) in coefficients.iter().enumerate() {
            let sum: f64 = values
                .iter()
                .enumerate()
                .map(|(index, value)| {
                    if (mask & index).count_ones() % 2 == 0 { *value } else { -value }
                })
                .sum();
            prop_assert!((coefficient - sum / count).abs() < ROUNDING);
        }
        let energy: f64 = energy_by_degree(&coefficients).unwrap().iter().sum();
        let mean_square = values.iter().map(|value| value * value).sum::<f64>() / count;
        prop_assert!((energy - mean_square).abs() < ROUNDING);
        let mut back = coefficients;
        walsh_hadamard(&mut back).unwrap();
        for (one, other) in back.iter().zip(&values) {
            prop_assert!((one - other).abs() < ROUNDING);
        }
    }
}
