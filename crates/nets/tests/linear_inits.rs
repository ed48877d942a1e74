//! Starts of linear nets: balanced layers, the scalar toy and mirrored pairs, by the identities
//! that define them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use layerwise_nets::{self as nets, DeviceBatch, HostArray, Loss, Optimizer, Precision};
use support::linear::{Start, matrix, product, singular_values};
use support::{flex, relative_gap};
use theory::nalgebra::DMatrix;

/// A few products of orthogonal matrices.
const ROUNDING: f64 = 1e-12;

const MAP: &str = "kind = 'linear-map'\ninputs = 5\noutputs = 4";

fn balanced(widths: &str, rest: &str) -> String {
    format!("kind = 'deep-linear'\nwidths = {widths}\ninit = {{ kind = 'balanced', {rest} }}")
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
fn the_toy_has_exactly_its_norm_and_its_correlation() {
    let task = "kind = 'modes'\ninput_powers = [1.5]\ntargets = [2.0]";
    for (sigma, correlation) in [
        (0.5, 0.0),
        (2.0, 0.5),
        (2.0, -0.9),
        (1e-6, 1.0),
        (30.0, -1.0),
    ] {
        for (hidden, output_scale) in [(2, 1.0), (7, 0.25)] {
            let table = format!(
                "kind = 'deep-linear'\nwidths = [{hidden}]\noutput_scale = {output_scale:?}\n\
                 init = {{ kind = 'toy', sigma = {sigma:?}, correlation = {correlation:?} }}"
            );
            let start = Start::new(task, &table, 2);
            let (first, second) = (&start.weights[0].values, &start.weights[1].values);
            assert_eq!((first.len(), second.len()), (hidden, hidden));
            let toy = theory::ScalarToy::new(first, second, 1.0 / output_scale, 2.0).unwrap();
            assert_close(toy.sigma_initial() / sigma, 1.0, &table);
            assert_close(toy.strength_initial() / sigma, correlation, &table);
        }
    }
}

/// Whether the weights depend on the seed, and on nothing else.
fn assert_seeded(task: &str, table: &str) {
    // One instance of the task: only the draw of the weights may differ.
    let start = Start::new(task, table, 0);
    let weights = |seed| (start.model()).initial(&*start.instance, start.shape, seed);
    assert_eq!(weights(5), weights(5), "{table}");
    for (one, other) in weights(5).iter().zip(&weights(6)) {
        assert_ne!(one.values, other.values, "{table}, {}", one.name);
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_others() {
    assert_seeded(
        MAP,
        &balanced("[4]", "strength = 0.1, alignment = 'random'"),
    );
    assert_seeded(
        MAP,
        &balanced("[4]", "strength = 0.1, alignment = 'task', lambda = 1.0"),
    );
    assert_seeded(
        MAP,
        &balanced("[4, 6]", "strength = 0.1, alignment = 'random'"),
    );
    assert_seeded(
        MAP,
        "kind = 'mlp'\nbias = false\nwidths = [6]\ninit = { kind = 'mirrored', scale = 1.0 }",
    );
    let toy = "kind = 'deep-linear'\nwidths = [3]\ninit = { kind = 'toy', sigma = 1.0 }";
    assert_seeded("kind = 'modes'\ninput_powers = [1.5]\ntargets = [2.0]", toy);
    let task = "kind = 'modes'\ninput_powers = [1.5, 1.0]\ntargets = [2.0, 1.0]";
    assert_seeded(
        task,
        "kind = 'multilinear'\ninitial = 0.1\nspread = 0.5\ndepth = 3",
    );
}

fn mirrored(activation: &str, rest: &str) -> Start {
    let table = format!(
        "kind = 'mlp'\nbias = false\nwidths = [6]\nactivation = '{activation}'\n\
         init = {{ kind = 'mirrored', {rest} }}"
    );
    Start::new(MAP, &table, 8)
}

#[test]
fn mirrored_nets_start_at_zero_under_every_activation() {
    for activation in ["relu", "tanh", "gelu", "quadratic", "identity"] {
        let start = mirrored(activation, "scale = 1.0, imbalance = 0.5");
        let target = flex(Precision::F64);
        let outputs = |weights: Vec<HostArray>| {
            let rows = DeviceBatch::upload(&start.rows, start.model().needs(), &target);
            let (loss, plain) = (Loss::default(), Optimizer::default());
            nets::learner(
                "autodiff",
                start.model(),
                weights,
                loss,
                plain,
                &target,
                None,
            )
            .unwrap()
            .outputs(&rows)
            .unwrap()
        };
        let largest = |values: Vec<f64>| values.iter().fold(0.0_f64, |m, f| m.max(f.abs()));
        let mut broken = start.weights.clone();
        broken[1].values[0] *= -1.0;
        let terms = largest(outputs(broken));
        assert!(terms > 0.01, "{activation}");
        // Terms cancel in pairs; a device adds them up in its own order.
        let rest = largest(outputs(start.weights.clone()));
        assert!(rest < 1e-14 * terms, "{activation}: {rest:e}");
    }
}

#[test]
fn mirrored_pairs_share_their_inputs_and_oppose_their_outputs() {
    let start = mirrored("relu", "scale = 1.0");
    let [first, second] = [0, 1].map(|layer| matrix(&start.weights[layer]));
    assert_eq!((first.shape(), second.shape()), ((6, 5), (4, 6)));
    assert_eq!(first.rows(0, 3), first.rows(3, 3));
    assert_eq!(second.columns(0, 3), -second.columns(3, 3));
}

#[test]
fn the_imbalance_of_mirrored_layers_adds_to_one_of_them() {
    let unit = mirrored("relu", "scale = 1.0");
    for (imbalance, factors) in [(0.0, [0.5, 0.5]), (0.25, [0.75, 0.5]), (-0.25, [0.5, 0.75])] {
        let start = mirrored("relu", &format!("scale = 0.5, imbalance = {imbalance:?}"));
        for layer in [0, 1] {
            let expected = matrix(&unit.weights[layer]) * factors[layer];
            assert_eq!(matrix(&start.weights[layer]), expected, "{imbalance}");
        }
    }
    // Unit scale is standard normal: three standard errors of 3000 squares.
    let table =
        "kind = 'mlp'\nbias = false\nwidths = [1200]\ninit = { kind = 'mirrored', scale = 1.0 }";
    let wide = Start::new(MAP, table, 0);
    let values = &wide.weights[0].values;
    let power = values.iter().map(|w| w * w).sum::<f64>() / values.len() as f64;
    assert!(
        (power - 1.0).abs() < 3.0 * (2.0_f64 / 3000.0).sqrt(),
        "{power}"
    );
}

#[test]
fn layer_scales_multiply_the_layers_of_every_start() {
    let tables = [
        balanced("[4]", "strength = 0.1, alignment = 'task', lambda = 1.0"),
        balanced("[4, 6]", "strength = 0.1, alignment = 'random'"),
        "kind = 'deep-linear'\nwidths = [6]\ninit = { kind = 'mirrored', scale = 1.0 }".to_owned(),
        "kind = 'mlp'\nwidths = [6]\ninit = { kind = 'normal', std = 1.0 }".to_owned(),
    ];
    for table in tables {
        let plain = Start::new(MAP, &table, 2);
        let scales: &[f64] = if table.contains("4, 6") {
            &[2.0, -0.5, 8.0]
        } else {
            &[4.0, -0.5]
        };
        let scaled = Start::new(MAP, &format!("layer_scales = {scales:?}\n{table}"), 2);
        assert_eq!(plain.weights.len(), scaled.weights.len());
        let per_layer = plain.weights.len() / scales.len();
        for (array, (plain, scaled)) in plain.weights.iter().zip(&scaled.weights).enumerate() {
            let scale = scales[array / per_layer];
            let expected: Vec<f64> = plain.values.iter().map(|w| w * scale).collect();
            // Powers of two are exact.
            assert_eq!(scaled.values, expected, "{table}");
        }
    }
}

#[test]
fn the_net_on_the_host_computes_the_outputs_of_the_device() {
    let mut tables = vec![
        balanced("[4]", "strength = 0.3, alignment = 'random'"),
        format!(
            "output_scale = 0.3\n{}",
            balanced("[4, 6]", "strength = 0.3, alignment = 'task'")
        ),
    ];
    for activation in ["relu", "tanh", "gelu", "quadratic", "identity"] {
        for bias in [false, true] {
            tables.push(format!(
                "kind = 'mlp'\nwidths = [6, 3]\nactivation = '{activation}'\nbias = {bias}\n\
                 output_scale = 1.7\ninit = {{ kind = 'normal', std = 0.7 }}"
            ));
        }
    }
    for table in tables {
        let start = Start::new(MAP, &table, 4);
        let mut rows = start.rows.clone();
        tasks::stream::standard_normals(&mut tasks::stream::keyed(1, "rows", 0), &mut rows.inputs);
        let model = start.model();
        let target = flex(Precision::F64);
        let batch = DeviceBatch::upload(&rows, model.needs(), &target);
        let on_device: Vec<_> = start.weights.iter().map(|w| w.to_device(&target)).collect();
        let expected = model.forward(&on_device, &batch).into_data();
        let expected: Vec<f64> = expected.iter::<f64>().collect();
        let host = model.host(&start.weights).unwrap();
        let outputs = host.net.forward(&rows.inputs, rows.rows).unwrap();
        let found: Vec<f64> = outputs.iter().map(|f| host.output_scale * f).collect();
        let gap = relative_gap(&found, &expected);
        assert!(gap < ROUNDING, "{table}: {gap:e}");
    }
    // Twins are no perceptrons.
    for table in [
        "kind = 'multilinear'\ninitial = 0.1",
        "kind = 'linear-skills'",
    ] {
        assert!(support::model(table).host(&[]).is_none(), "{table}");
    }
}
