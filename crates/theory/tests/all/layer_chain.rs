//! A mode whose layers start at any strengths, against an integrator of its layers and the forms of special starts.

use theory::{BalancedMode, DeepMode, LambdaMode, LayerChain, LinearMode, TheoryError};

use crate::support::ode;

/// Agreement with our integrator: 1e-14 per step over up to some thousand steps.
const INTEGRATED: f64 = 1e-10;
/// Agreement with other closed forms: rounding of a sum of a few hundred terms.
const CLOSED: f64 = 1e-12;

fn relative(value: f64, reference: f64) -> f64 {
    if value == reference {
        0.0
    } else {
        (value / reference - 1.0).abs()
    }
}

/// Starts of small layers, large layers and layers of many sizes, with their input power and target.
fn chains() -> Vec<(Vec<f64>, f64, f64)> {
    let mut chains = Vec::new();
    for small in 1..=4 {
        for scale in [0.3, 0.05] {
            let mut layers = vec![1.0; 4];
            layers[..small].fill(scale);
            chains.push((layers.clone(), 0.7, 2.0));
            // The order of the layers does not matter, and large layers need not be 1.
            layers.reverse();
            layers[0] = 1.4;
            chains.push((layers, 1.3, 0.9));
        }
    }
    chains.push((vec![0.02, 0.3, 0.7, 1.5, 0.1], 1.0, 1.7));
    chains.push((vec![0.2], 0.8, 1.5));
    // Above the target.
    chains.push((vec![1.2, 1.5, 0.8], 0.6, 0.5));
    chains.push((vec![3.0, 0.9], 0.6, 0.2));
    chains
}

/// The strength at `t` of separate layers.
fn integrated(layers: &[f64], power: f64, target: f64, t: f64) -> f64 {
    let end = ode::integrate(layers, t, |layers, rate| {
        let strength: f64 = layers.iter().product();
        let error = power * (target - strength);
        for (slope, layer) in rate.iter_mut().zip(layers) {
            *slope = error * strength / layer;
        }
    });
    end.iter().product()
}

#[test]
fn strengths_and_times_agree_with_integrated_layers() {
    for (layers, power, target) in chains() {
        let chain = LayerChain::new(&layers, power, target).unwrap();
        let start: f64 = layers.iter().product::<f64>() / target;
        for way in [1e-3, 0.1, 0.5, 0.9, 0.999] {
            let fraction = start + way * (1.0 - start);
            let time = chain.time_to_fraction(fraction).unwrap();
            let reached = integrated(&layers, power, target, time);
            let error = relative(reached, fraction * target);
            assert!(error < INTEGRATED, "{layers:?} at {time}: off by {error:e}");
            let error = relative(chain.strength(time), reached);
            assert!(error < INTEGRATED, "{layers:?} at {time}: off by {error:e}");
        }
    }
}

#[test]
fn equal_layers_are_the_deep_mode() {
    for depth in [1_u32, 2, 3, 4, 7] {
        for (target, layer) in [(1.3, 0.3), (1.3, 1e-3), (0.4, 1.1)] {
            let initial = f64::powi(layer, depth as i32);
            if relative(initial, target) < 0.1 {
                continue;
            }
            let deep = DeepMode::new(depth, 0.7, target, initial).unwrap();
            let chain = LayerChain::new(&vec![layer; depth as usize], 0.7, target).unwrap();
            let start = initial / target;
            for way in [0.01, 0.5, 0.99] {
                let fraction = start + way * (1.0 - start);
                let [ours, theirs] = [
                    chain.time_to_fraction(fraction).unwrap(),
                    deep.time_to_fraction(fraction).unwrap(),
                ];
                assert!(
                    relative(ours, theirs) < CLOSED,
                    "{depth} {target} {ours} {theirs}"
                );
            }
        }
    }
}

#[test]
fn one_layer_two_equal_and_two_unequal_layers_are_their_own_forms() {
    for time in [0.0, 0.1, 1.0, 4.0, 30.0] {
        let strength = |layers: &[f64]| LayerChain::new(layers, 0.7, 2.0).unwrap().strength(time);
        let linear = LinearMode::new(0.7, 2.0, 0.3).unwrap().strength(time);
        assert!(relative(strength(&[0.3]), linear) < CLOSED);
        let balanced = BalancedMode::new(0.7, 2.0, 0.01).unwrap().strength(time);
        assert!(relative(strength(&[0.1, 0.1]), balanced) < CLOSED);
        let (first, second): (f64, f64) = (0.1, 0.9);
        let lambda = second * second - first * first;
        let mode = LambdaMode::new(0.7, 2.0, first * second, lambda).unwrap();
        assert!(relative(strength(&[first, second]), mode.strength(time)) < CLOSED);
    }
}

/// The half-time of a net of `depth` layers whose `small` first ones start at `scale`, the others at 1.
fn half_time(depth: usize, small: usize, scale: f64) -> f64 {
    let mut layers = vec![1.0; depth];
    layers[..small].fill(scale);
    let chain = LayerChain::new(&layers, 1.0, 2.0).unwrap();
    chain.time_to_fraction(0.5).unwrap()
}

#[test]
fn the_number_of_small_layers_sets_the_power_whatever_the_depth() {
    /// The relative correction to the leading order vanishes like ε^(r−2) at worst.
    const ASYMPTOTIC: f64 = 0.01;
    let scale: f64 = 1e-4;
    for depth in [3, 4, 6] {
        for small in 3..=depth {
            let power = small as i32 - 2;
            // v S P = 2.
            let leading = scale.powi(-power) / (2.0 * f64::from(power));
            let error = relative(half_time(depth, small, scale), leading);
            assert!(error < ASYMPTOTIC, "{small} of {depth}: off by {error}");
        }
        // Two small layers: a tenth of the scale costs ln 10/(v S P), whatever the scale.
        let wait = |scale| half_time(depth, 2, scale / 10.0) - half_time(depth, 2, scale);
        let expected = 10.0_f64.ln() / 2.0;
        assert!(relative(wait(1e-3), expected) < ASYMPTOTIC, "{depth}");
        assert!(relative(wait(1e-8), expected) < 1e-9, "{depth}");
        // One small layer, or none: no plateau.
        for small in [0, 1] {
            let [small_start, smaller] = [1e-3, 1e-9].map(|scale| half_time(depth, small, scale));
            assert!(
                relative(smaller, small_start) < ASYMPTOTIC,
                "{small} of {depth}"
            );
        }
    }
}

#[test]
fn the_ends_of_time_are_the_start_and_the_target() {
    for (layers, power, target) in chains() {
        let chain = LayerChain::new(&layers, power, target).unwrap();
        let initial: f64 = layers.iter().product();
        assert!(relative(chain.strength(0.0), initial) < CLOSED);
        assert_eq!(chain.strength(f64::INFINITY), target);
        assert!(chain.strength(-1.0).is_nan() && chain.strength(f64::NAN).is_nan());
    }
    let chain = LayerChain::new(&[0.5, 1.0, 0.5], 1.0, 1.0).unwrap();
    assert_eq!(chain.time_to_fraction(0.25), Ok(0.0));
    // At its target it stays.
    let chain = LayerChain::new(&[1.0, 2.0], 1.0, 2.0).unwrap();
    assert_eq!(
        [0.0, 1.0, f64::INFINITY].map(|t| chain.strength(t)),
        [2.0; 3]
    );
}

#[test]
fn wrong_numbers_are_refused() {
    for bad in [0.0, -0.1, f64::NAN, f64::INFINITY, 1e-31] {
        assert!(LayerChain::new(&[0.1, bad], 1.0, 1.0).is_err());
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(LayerChain::new(&[0.1], bad, 1.0).is_err());
        assert!(LayerChain::new(&[0.1], 1.0, bad).is_err());
    }
    assert!(matches!(
        LayerChain::new(&[], 1.0, 1.0),
        Err(TheoryError::Shape { .. })
    ));
    // Its product leaves the range of numbers.
    assert!(LayerChain::new(&[1e-30; 10], 1.0, 1.0).is_err());
    let chain = LayerChain::new(&[0.1, 0.5], 1.0, 1.0).unwrap();
    for bad in [0.01, 1.0, 1.5] {
        assert!(matches!(
            chain.time_to_fraction(bad),
            Err(TheoryError::FractionNotReached { .. })
        ));
    }
}
