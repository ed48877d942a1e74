//! Free features below several linear layers.

use theory::nalgebra::DMatrix;

use crate::start::{Start, product};

/// A few roundings of f64 in the largest of the numbers compared.
const ROUNDING: f64 = 1e-12;

const LABELS: &str = "kind = 'class-labels'\nper_class = [4, 4, 4]";

#[test]
fn an_aligned_start_of_any_depth_has_the_strength_that_was_asked_for_in_every_mode() {
    for depth in [2, 3, 5] {
        let table = format!(
            "kind = 'unconstrained-features'\nwidth = 6\ndepth = {depth}\n\
             init = {{ kind = 'aligned', strength = 0.02 }}"
        );
        let start = Start::new(LABELS, &table, 3);
        assert_eq!(start.weights.len(), depth);
        // [C, N], whose singular values are those of the strengths.
        let mut values: Vec<f64> = (product(&start.weights).singular_values().iter())
            .copied()
            .collect();
        values.sort_by(|a, b| b.total_cmp(a));
        assert!((values[0] - 0.02).abs() < ROUNDING, "{values:?}");
        assert!((values[1] - 0.02).abs() < ROUNDING, "{values:?}");
        assert!(values[2] < ROUNDING, "{values:?}");
        // Every factor has two equal singular values, the root of the strength.
        let factor = 0.02_f64.powf(1.0 / depth as f64);
        for array in &start.weights {
            let norm = array.norm();
            assert!((norm - factor * 2.0_f64.sqrt()).abs() < ROUNDING, "{norm}");
        }
    }
}

#[test]
fn the_last_hidden_layer_times_the_classifier_is_the_product_of_all_factors() {
    let table = "kind = 'unconstrained-features'\nwidth = 5\ndepth = 4\n\
                 init = { kind = 'normal', std = 0.5 }";
    let start = Start::new(LABELS, table, 1);
    let hidden = start.model().hidden_features(&start.weights, &start.rows);
    let hidden = hidden.unwrap().unwrap();
    assert_eq!(hidden.layers.len(), 3);
    let last = hidden.layers.last().unwrap();
    // Both are row-major, [N, d] and [C, d].
    let features = DMatrix::from_row_slice(12, last.width, &last.values);
    let classifier = DMatrix::from_row_slice(3, last.width, &hidden.classifier.weight);
    let gap = classifier * features.transpose() - product(&start.weights);
    assert!(gap.amax() < ROUNDING, "{gap}");
}

#[test]
fn a_depth_below_two_is_refused() {
    let table = "kind = 'unconstrained-features'\nwidth = 5\ndepth = 1\n\
                 init = { kind = 'normal', std = 0.5 }";
    let error = models::kinds().build(table.parse().unwrap()).err().unwrap();
    assert!(error.to_string().contains("depth"), "{error}");
}
