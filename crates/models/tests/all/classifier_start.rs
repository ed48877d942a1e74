//! Rows of a classifier that are given at the start.

use tasks::TaskShape;
use theory::nalgebra::DMatrix;

use crate::start::{initial, matrix, model};

/// Two dozen roundings of f64 in 32 dimensions, relative.
const ROUNDING: f64 = 1e-13;

const SHAPE: TaskShape = TaskShape {
    inputs: 3,
    basis: 0,
    outputs: 4,
};

#[test]
fn a_simplex_has_equal_rows_that_sum_to_zero_and_the_norm_that_was_drawn() {
    for (rest, last) in [("", 2), ("bias = false\n", 1)] {
        let net = |key: &str| {
            let table = format!("kind = 'mlp'\nwidths = [32]\nweight_scale = 0.3\n{rest}{key}");
            initial(&*model(&table), SHAPE, 5)
        };
        let (drawn, given) = (net(""), net("classifier = 'simplex'"));
        for (place, (drawn, given)) in drawn.iter().zip(&given).enumerate() {
            if place != last {
                assert_eq!(drawn, given);
            }
        }
        let weight = matrix(&given[last]);
        // (I − 11ᵀ/C) times the square of the norm over C − 1.
        let square = drawn[last].norm().powi(2);
        let simplex = DMatrix::from_fn(4, 4, |a, b| if a == b { 0.75 } else { -0.25 });
        let gap = &weight * weight.transpose() - simplex * (square / 3.0);
        assert!(gap.amax() < ROUNDING * square, "{gap}");
        // Another seed turns it.
        let table = format!("kind = 'mlp'\nwidths = [32]\n{rest}classifier = 'simplex'");
        let other = initial(&*model(&table), SHAPE, 6);
        assert!((matrix(&other[last]) - weight).amax() > 0.01);
    }
}

#[test]
fn a_simplex_of_more_classes_than_features_is_refused() {
    for table in [
        "kind = 'mlp'\nwidths = [8, 3]\nclassifier = 'simplex'",
        "kind = 'mlp'\nwidths = []\nclassifier = 'simplex'",
    ] {
        let error = model(table).check(SHAPE).unwrap_err().to_string();
        assert!(error.contains("3 features for 4"), "{error}");
    }
}
