//! Other joint starts: the scalar toy, mirrored and opposed pairs; what every start has in common.

use models::HostArray;
use theory::nalgebra::DMatrix;

use crate::start::{Start, balanced, matrix, relative_gap};

/// A few products of orthogonal matrices.
const ROUNDING: f64 = 1e-12;

const MAP: &str = "kind = 'linear-map'\ninputs = 5\noutputs = 4";

fn assert_close(found: f64, expected: f64, case: &str) {
    let gap = (found - expected).abs();
    assert!(gap < ROUNDING, "{case}: {found} is not {expected}");
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
    assert_seeded(
        MAP,
        "kind = 'mlp'\nbias = false\nwidths = [6]\ninit = { kind = 'opposed', std = 1.0 }",
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
        let outputs = |weights: &[HostArray]| {
            let host = start.model().host(weights).unwrap();
            (host.net.forward(&start.rows.inputs, start.rows.rows)).unwrap()
        };
        let largest = |values: Vec<f64>| values.iter().fold(0.0_f64, |m, f| m.max(f.abs()));
        let mut broken = start.weights.clone();
        broken[1].values[0] *= -1.0;
        let terms = largest(outputs(&broken));
        assert!(terms > 0.01, "{activation}");
        // Terms cancel in pairs, up to the order of additions.
        let rest = largest(outputs(&start.weights));
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
fn opposed_pairs_are_a_linear_map_under_relu() {
    let table = "kind = 'mlp'\nbias = false\nwidths = [6]\ninit = { kind = 'opposed', std = 0.5 }";
    let start = Start::new(MAP, table, 8);
    let [first, second] = [0, 1].map(|layer| matrix(&start.weights[layer]));
    assert_eq!((first.shape(), second.shape()), ((6, 5), (4, 6)));
    assert_eq!(first.rows(0, 3), -first.rows(3, 3));
    assert_eq!(second.columns(0, 3), -second.columns(3, 3));
    // f(x) = ½ A W x, also where x is not a row of the task.
    let host = start.model().host(&start.weights).unwrap();
    let x = [0.3, -1.2, 0.7, 2.0, -0.4];
    let found = host.net.forward(&x, 1).unwrap();
    let expected = 0.5 * second * first * DMatrix::from_column_slice(5, 1, &x);
    assert!(relative_gap(&found, expected.as_slice()) < 1e-14);
}

#[test]
fn layer_scales_multiply_the_layers_of_every_start() {
    let tables = [
        balanced("[4]", "strength = 0.1, alignment = 'task', lambda = 1.0"),
        balanced("[4, 6]", "strength = 0.1, alignment = 'random'"),
        "kind = 'deep-linear'\nwidths = [6]\ninit = { kind = 'mirrored', scale = 1.0 }".to_owned(),
        "kind = 'deep-linear'\nwidths = [6]\ninit = { kind = 'opposed', std = 1.0 }".to_owned(),
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
fn the_first_layers_start_small_and_the_others_as_they_were() {
    let net = |rest: &str| {
        let table = format!("kind = 'deep-linear'\nwidths = [6, 3, 4]\n{rest}");
        Start::new(MAP, &table, 3).weights
    };
    let plain = net("");
    for layers in 0..=4 {
        let small = net(&format!("small = {{ layers = {layers}, scale = 0.25 }}"));
        let scales: Vec<f64> = (0..4)
            .map(|l| if l < layers { 0.25 } else { 1.0 })
            .collect();
        assert_eq!(
            small,
            net(&format!("layer_scales = {scales:?}")),
            "{layers}"
        );
        for ((small, plain), scale) in small.iter().zip(&plain).zip(&scales) {
            let scaled = plain.values.iter().map(|w| w * scale);
            // A power of two scales without rounding.
            assert!(small.values.iter().copied().eq(scaled), "{layers}");
        }
    }
}
