//! The reduction of one neuron to strength and alignment against the flow of its weights.

use proptest::prelude::*;
use theory::{LambdaMode, NeuronState, OneNeuron};

use crate::support::ode;

/// Agreement of two integrations, each with 1e-14 per step.
const INTEGRATED: f64 = 1e-11;
/// A few roundings of f64.
const ROUNDING: f64 = 1e-14;

const TARGET: [f64; 3] = [1.2, -0.5, 0.3];

fn dot(u: &[f64], v: &[f64]) -> f64 {
    u.iter().zip(v).map(|(x, y)| x * y).sum()
}

fn norm(u: &[f64]) -> f64 {
    dot(u, u).sqrt()
}

/// Readout a and weights w at `t` by the flow of ½|a w − β*|².
fn weights_at(readout: f64, weights: &[f64], t: f64) -> (f64, Vec<f64>) {
    let start = [&[readout], weights].concat();
    let end = ode::integrate(&start, t, |x, rate| {
        let error: Vec<f64> = (0..3).map(|i| TARGET[i] - x[0] * x[1 + i]).collect();
        rate[0] = dot(&error, &x[1..]);
        for i in 0..3 {
            rate[1 + i] = x[0] * error[i];
        }
    });
    (end[0], end[1..].to_vec())
}

/// Strength and alignment at `t` by their own two equations.
fn state_at(neuron: &OneNeuron, t: f64) -> NeuronState {
    let start = neuron.start();
    let end = ode::integrate(&[start.strength, start.alignment], t, |x, rate| {
        // A trial step may leave the domain by a rounding.
        let state = NeuronState {
            strength: x[0],
            alignment: x[1].clamp(-1.0, 1.0),
        };
        let slope = neuron.rate(state).unwrap();
        rate[0] = slope.strength;
        rate[1] = slope.alignment;
    });
    NeuronState {
        strength: end[0],
        alignment: end[1],
    }
}

#[test]
fn two_numbers_follow_the_flow_of_all_weights() {
    for (readout, scale) in [
        (1.0, 1.0),
        (-1.0, 1.0),
        (2.0, 0.1),
        (-0.1, 2.0),
        // The readout changes its sign: w points away from the target.
        (1e-3, 1.5),
        (0.0, 0.7),
        (3.0, 1e-4),
        (0.5, 0.5),
    ] {
        let weights = [0.3, 0.8, -0.4].map(|w| scale * w);
        let neuron = OneNeuron::new(readout, &weights, &TARGET).unwrap();
        for t in [0.0, 0.05, 0.3, 1.0, 3.0] {
            let (a, w) = weights_at(readout, &weights, t);
            let state = state_at(&neuron, t);
            let strength = a * norm(&w);
            let alignment = dot(&w, &TARGET) / (norm(&w) * norm(&TARGET));
            assert!(
                (state.strength - strength).abs() < INTEGRATED,
                "a = {readout}, t = {t}: {state:?} {strength}"
            );
            assert!(
                (state.alignment - alignment).abs() < INTEGRATED,
                "a = {readout}, t = {t}: {state:?} {alignment}"
            );
            let balance = a * a - dot(&w, &w);
            let size = a * a + dot(&w, &w);
            assert!(
                (balance - neuron.imbalance()).abs() < INTEGRATED * size,
                "{balance}"
            );
        }
    }
}

#[test]
fn an_aligned_neuron_is_a_mode_of_imbalance_delta() {
    for (readout, scale) in [(0.1, 0.1), (2.0, 0.1), (0.05, 1.5)] {
        let weights = TARGET.map(|b| scale * b);
        let neuron = OneNeuron::new(readout, &weights, &TARGET).unwrap();
        let start = neuron.start();
        assert!((start.alignment - 1.0).abs() < ROUNDING);
        let mode =
            LambdaMode::new(1.0, neuron.target(), start.strength, neuron.imbalance()).unwrap();
        for t in [0.1, 0.5, 2.0] {
            let strength = state_at(&neuron, t).strength;
            assert!(
                (mode.strength(t) / strength - 1.0).abs() < INTEGRATED,
                "{neuron:?} at {t}"
            );
        }
    }
}

#[test]
fn a_light_readout_keeps_the_digits_of_its_turning() {
    // δ + √(δ² + 4μ²) is 0 in f64 here; a²/μ is not.
    let neuron = OneNeuron::new(1e-9, &[1.0, 0.0], &[0.0, 2.0]).unwrap();
    assert_eq!(neuron.imbalance() + neuron.imbalance().hypot(2e-9), 0.0);
    let rate = neuron.rate(neuron.start()).unwrap();
    assert!((rate.alignment / 2e-9 - 1.0).abs() < ROUNDING, "{rate:?}");
}

#[test]
fn neurons_and_states_off_their_domain_are_refused() {
    assert!(OneNeuron::new(1.0, &[1.0], &[1.0, 0.0]).is_err());
    assert!(OneNeuron::new(1.0, &[], &[]).is_err());
    assert!(OneNeuron::new(1.0, &[0.0], &[1.0]).is_err());
    assert!(OneNeuron::new(1.0, &[1.0], &[0.0]).is_err());
    assert!(OneNeuron::new(1e200, &[1e-100], &[1.0]).is_err());
    assert!(OneNeuron::new(1e200, &[1e200], &[1.0]).is_err());
    for bad in [f64::NAN, f64::INFINITY] {
        assert!(OneNeuron::new(bad, &[1.0], &[1.0]).is_err());
        assert!(OneNeuron::new(1.0, &[bad], &[1.0]).is_err());
        assert!(OneNeuron::new(1.0, &[1.0], &[bad]).is_err());
    }
    let neuron = OneNeuron::new(1.0, &[1.0], &[1.0]).unwrap();
    for (strength, alignment) in [(0.0, 0.5), (f64::NAN, 0.5), (1.0, 1.1), (1.0, f64::NAN)] {
        assert!(
            neuron
                .rate(NeuronState {
                    strength,
                    alignment
                })
                .is_err()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rates_are_those_of_the_weights(
        readout in prop_oneof![-3.0..-1e-3_f64, 1e-3..3.0_f64],
        weights in prop::array::uniform3(-2.0..2.0_f64),
    ) {
        prop_assume!(norm(&weights) > 1e-3);
        let neuron = OneNeuron::new(readout, &weights, &TARGET).unwrap();
        let rate = neuron.rate(neuron.start()).unwrap();
        let error: Vec<f64> = (0..3).map(|i| TARGET[i] - readout * weights[i]).collect();
        // μ = a |w| and φ = w·β*/(|w| |β*|).
        let (size, target) = (norm(&weights), norm(&TARGET));
        let pull = dot(&error, &weights);
        let growth = pull * size + readout * readout * pull / size;
        let toward = dot(&error, &TARGET) - pull * dot(&weights, &TARGET) / (size * size);
        let turn = readout * toward / (size * target);
        let room = 1e-12 * (1.0 + size + readout.abs()).powi(4);
        prop_assert!((rate.strength - growth).abs() < room, "{rate:?} {growth}");
        prop_assert!((rate.alignment - turn).abs() < room / size, "{rate:?} {turn}");
    }
}
