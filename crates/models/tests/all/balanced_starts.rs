//! Balanced starts of linear nets, by the identities that define them.

use theory::nalgebra::DMatrix;

use crate::start::{Start, balanced, matrix, model, product};

/// A few products of orthogonal matrices.
const ROUNDING: f64 = 1e-12;

const MAP: &str = "kind = 'linear-map'\ninputs = 5\noutputs = 4";

/// Singular values, the largest first.
fn singular_values(matrix: &DMatrix<f64>) -> Vec<f64> {
    let mut values: Vec<f64> = matrix.singular_values().iter().copied().collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

fn assert_close(found: f64, expected: f64, case: &str) {
    let gap = (found - expected).abs();
    assert!(gap < ROUNDING, "{case}: {found} is not {expected}");
}

#[test]
fn balanced_layers_are_balanced_and_have_the_strength_that_was_asked_for() {
    for alignment in ["task", "random"] {
        for (hidden, lambda) in [
            (4, 0.0),
            (9, 0.0),
            (4, 2.5),
            (2, 0.3),
            (5, -1.5),
            (3, -0.01),
        ] {
            for (root, strength) in [("4S2", 0.7), ("4S", 0.49)] {
                let rest = format!(
                    "strength = {strength}, lambda = {lambda:?}, alignment = '{alignment}', \
                     root = '{root}'"
                );
                let start = Start::new(MAP, &balanced(&format!("[{hidden}]"), &rest), 3);
                let [first, second] = [0, 1].map(|layer| matrix(&start.weights[layer]));
                let balance = theory::balance(&first, &second).unwrap();
                let gap = balance.matrix() - DMatrix::identity(hidden, hidden) * lambda;
                assert!(gap.amax() < ROUNDING, "{rest}: {gap}");
                // Both roots give the same product: √0.49 = 0.7.
                let modes = hidden.min(4);
                for (mode, value) in singular_values(&(second * first)).iter().enumerate() {
                    assert_close(*value, if mode < modes { 0.7 } else { 0.0 }, &rest);
                }
            }
        }
    }
}

#[test]
fn the_roots_are_those_of_the_recipe() {
    // Singular values √((√(λ² + 4 s²) ± λ)/2), with s for s² in the published script.
    let (strength, lambda) = (3.0_f64, -1.5_f64);
    for (root, under) in [("4S2", strength * strength), ("4S", strength)] {
        let rest = format!("strength = 3.0, lambda = -1.5, alignment = 'random', root = '{root}'");
        let start = Start::new(MAP, &balanced("[4]", &rest), 0);
        for (layer, sign) in [(0, -1.0), (1, 1.0)] {
            let size = (lambda * lambda + 4.0 * under).sqrt() + sign * lambda;
            for value in singular_values(&matrix(&start.weights[layer])) {
                assert_close(value, (size / 2.0).sqrt(), &rest);
            }
        }
    }
}

#[test]
fn task_alignment_makes_the_start_diagonal_in_the_modes_of_the_task() {
    for (widths, lambda) in [("[4]", 0.0), ("[4]", 1.0), ("[4, 6]", 0.0), ("[2]", -1.0)] {
        let of = |alignment: &str| {
            let rest = format!("strength = 0.3, alignment = '{alignment}', lambda = {lambda:?}");
            let start = Start::new(MAP, &balanced(widths, &rest), 6);
            let svd = start.correlation().svd(true, true);
            let (left, right) = (svd.u.unwrap(), svd.v_t.unwrap());
            left.transpose() * product(&start.weights) * right.transpose()
        };
        let modes = if widths == "[2]" { 2 } else { 4 };
        let expected = DMatrix::from_fn(4, 4, |row, column| {
            f64::from(u8::from(row == column && row < modes)) * 0.3
        });
        // Positive, too: modes start towards their targets.
        assert!((of("task") - &expected).amax() < ROUNDING, "{widths}");
        assert!((of("random") - &expected).amax() > 0.05, "{widths}");
    }
}

#[test]
fn task_alignment_looks_at_whitened_samples_as_well() {
    let task = "kind = 'random-regression'\nsamples = 20\ninputs = 3\noutputs = 3\nwhiten = true";
    let start = Start::new(
        task,
        &balanced("[3]", "strength = 0.3, alignment = 'task'"),
        6,
    );
    let svd = start.correlation().svd(true, true);
    let aligned = svd.u.unwrap() * svd.v_t.unwrap() * 0.3;
    assert!((product(&start.weights) - aligned).amax() < ROUNDING);
}

#[test]
fn deep_balanced_layers_are_balanced_pair_by_pair() {
    for (widths, modes) in [
        ("[4, 4]", 4),
        ("[6, 3]", 3),
        ("[5, 7, 4]", 4),
        ("[6, 2, 2, 9]", 2),
    ] {
        for alignment in ["task", "random"] {
            let rest = format!("strength = 0.4, alignment = '{alignment}'");
            let start = Start::new(MAP, &balanced(widths, &rest), 1);
            let layers: Vec<DMatrix<f64>> = start.weights.iter().map(matrix).collect();
            for pair in layers.windows(2) {
                let gap = theory::balance(&pair[0], &pair[1]).unwrap().matrix().amax();
                assert!(gap < ROUNDING, "{widths} {alignment}: {gap}");
            }
            let values = singular_values(&product(&start.weights));
            for (mode, value) in values.iter().enumerate() {
                assert_close(*value, if mode < modes { 0.4 } else { 0.0 }, widths);
            }
            let share = 0.4_f64.powf(1.0 / layers.len() as f64);
            for layer in &layers {
                assert_close(singular_values(layer)[0], share, widths);
            }
            let names: Vec<&str> = start.weights.iter().map(|w| w.name.as_str()).collect();
            assert_eq!(
                names[..3],
                ["layers.0.weight", "layers.1.weight", "layers.2.weight"]
            );
        }
    }
}

#[test]
fn random_alignment_draws_every_factor_and_task_alignment_the_hidden_ones() {
    let square = "kind = 'linear-map'\ninputs = 4\noutputs = 4";
    for widths in ["[4]", "[4, 4]"] {
        let starts = |alignment: &str| {
            let rest = format!("strength = 1.0, alignment = '{alignment}'");
            let start = Start::new(square, &balanced(widths, &rest), 0);
            let weights = |seed| (start.model()).initial(&*start.instance, start.shape, seed);
            [weights(5), weights(6)]
        };
        let [one, other] = starts("random");
        let identity = DMatrix::identity(4, 4);
        // Layers with one orthogonal factor in common would cancel to the identity.
        for map in [product(&one), matrix(&one[0]), matrix(&one[1])] {
            assert!((map - &identity).amax() > 0.1, "{widths}");
        }
        // Neither the right vectors nor the left ones are those of the other seed.
        let (right, left) = (0, one.len() - 1);
        let turn = product(&one) * product(&other).transpose();
        assert!((turn - &identity).amax() > 0.1, "{widths}");
        for layer in [right, left] {
            let (one, other) = (matrix(&one[layer]), matrix(&other[layer]));
            assert!((one - other).amax() > 0.1, "{widths}, layer {layer}");
        }
        let [one, other] = starts("task");
        assert!((product(&one) - product(&other)).amax() < ROUNDING);
        assert!((matrix(&one[0]) - matrix(&other[0])).amax() > 0.1);
    }
}

#[test]
fn alignment_looks_at_rows_also_where_training_rows_are_fresh() {
    // The correlation of fresh samples is never zero, so that the start is aligned with something.
    let task = "kind = 'sparse-parity'\nbits = 4\nparity = 1\nsubset = 'random'\ntest = { per_skill = 64 }";
    let table = "kind = 'deep-linear'\nwidths = [1]\n\
                 init = { kind = 'balanced', strength = 1.0, alignment = 'task' }";
    let task = tasks::kinds().build(task.parse().unwrap()).unwrap();
    let model = model(table);
    model.check(task.shape()).unwrap();
    let mut bits = Vec::new();
    for seed in 0..8 {
        let instance = task.instance(seed);
        let layers = model.initial(&*instance, task.shape(), seed);
        let product: Vec<f64> = (layers[0].values.iter())
            .map(|weight| weight * layers[1].values[0])
            .collect();
        // One bit is the target itself: E[y x] is 1 there and sampling noise elsewhere.
        let bit = instance.groups()[0].subset[0];
        assert!(product[bit].abs() > 0.9, "{bit}: {product:?}");
        bits.push(bit);
    }
    assert!(bits.iter().any(|bit| *bit != bits[0]), "{bits:?}");
}
