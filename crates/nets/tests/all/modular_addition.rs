//! The exact network for addition modulo p, as a net of burn.

use std::f64::consts::TAU;

use layerwise_nets::{Precision, Rows};
use models::{HostArray, Loss, Optimizer};
use tasks::Batch;
use theory::ModularAddition;

use crate::support::{flex, learner, model};

/// Sums of a few hundred cosines, each with an error of 1e-16.
const ROUNDING: f64 = 1e-10;

/// All pairs of residues modulo p, with their sums.
fn pairs(p: usize) -> Batch {
    let spec =
        format!("kind = 'modular-arithmetic'\nmodulus = {p}\noperation = 'add'\nfraction = 0.5");
    let task = tasks::kinds().build(spec.parse().unwrap()).unwrap();
    task.instance(0).pairs().unwrap().rows.clone()
}

/// Outputs of a quadratic net of `hidden` neurons with these layers on all pairs, `[p², p]`.
fn logits(p: usize, first: Vec<f64>, second: Vec<f64>, hidden: usize) -> Vec<f64> {
    let table =
        format!("kind = 'mlp'\nwidths = [{hidden}]\nactivation = 'quadratic'\nbias = false");
    let model = model(&table);
    let array = |name: &str, rows, columns, values| HostArray {
        name: name.to_owned(),
        rows,
        columns,
        values,
    };
    let layers = vec![
        array("layers.0.weight", 2 * p, hidden, first),
        array("layers.1.weight", hidden, p, second),
    ];
    let target = flex(Precision::F64);
    let pairs = pairs(p);
    let batch = Rows::new(&pairs, model.needs(), &target);
    let (loss, optimizer) = (Loss::default(), Optimizer::default());
    let net = learner("autodiff", model, layers, loss, optimizer, &target, None).unwrap();
    net.outputs(&batch).unwrap()
}

/// The layers of the exact network: rows of neurons to columns.
fn exact(net: ModularAddition) -> (Vec<f64>, Vec<f64>) {
    let columns = |rows: Vec<Vec<f64>>| -> Vec<f64> {
        let p = rows[0].len();
        (0..p)
            .flat_map(|residue| rows.iter().map(move |row| row[residue]).collect::<Vec<_>>())
            .collect()
    };
    let mut first = columns(net.first_weights());
    first.extend(columns(net.second_weights()));
    (first, net.readout_weights().concat())
}

fn accuracy(p: usize, logits: &[f64]) -> f64 {
    let right = logits.chunks(p).enumerate().filter(|(pair, row)| {
        let sum = (pair / p + pair % p) % p;
        (0..p).all(|q| q == sum || row[q] < row[sum])
    });
    right.count() as f64 / (p * p) as f64
}

#[test]
fn its_logits_are_those_of_the_closed_form_and_all_are_right() {
    for (p, phases) in [(7, 3), (23, 3), (7, 5)] {
        let net = ModularAddition::new(p, phases).unwrap();
        assert_eq!(net.neurons(), phases * phases * (p - 1) / 2);
        let (first, second) = exact(net);
        let found = logits(p, first, second, net.neurons());
        assert_eq!(accuracy(p, &found), 1.0);
        let height = (phases * phases) as f64 / 4.0;
        for (pair, row) in found.chunks(p).enumerate() {
            for (q, logit) in row.iter().enumerate() {
                let hit = if q == (pair / p + pair % p) % p {
                    p as f64
                } else {
                    0.0
                };
                let expected = height * (hit - 1.0);
                assert!(
                    (logit - expected).abs() < ROUNDING,
                    "{p} {pair} {q}: {logit}"
                );
            }
        }
    }
}

#[test]
fn two_phases_are_not_enough() {
    let p = 7;
    let (mut first, mut second) = (vec![Vec::new(); 2 * p], Vec::new());
    for k in 1..=p / 2 {
        for (x, z) in [(0.0, 0.0), (0.0, 0.5), (0.5, 0.0), (0.5, 0.5)] {
            let wave = |residue: usize, phase: f64| {
                (TAU * ((k * residue) as f64 / p as f64 + phase)).cos()
            };
            for residue in 0..p {
                first[residue].push(wave(residue, x));
                first[p + residue].push(wave(residue, z));
                second.push(wave(residue, x + z));
            }
        }
    }
    let found = logits(p, first.concat(), second, 4 * (p / 2));
    let off = found.chunks(p).enumerate().map(|(pair, row)| {
        let sum = (pair / p + pair % p) % p;
        (row[sum] - (p as f64 - 1.0)).abs()
    });
    assert!(off.fold(0.0, f64::max) > 1.0);
}
