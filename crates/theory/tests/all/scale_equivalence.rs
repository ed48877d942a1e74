//! The equivalences of scale, step by step on a small network.

use theory::{ScaleEquivalence, input_as_output_scale, output_as_target_scale};

/// A few roundings of f64.
const ROUNDING: f64 = 1e-14;
/// Two runs that are equal in exact arithmetic, after this many steps of rounding.
const SAME_RUN: f64 = 1e-11;

fn relative(value: f64, reference: f64) -> f64 {
    (value / reference - 1.0).abs()
}

/// Inputs x and targets y of a small regression.
const EXAMPLES: [([f64; 2], f64); 3] = [([1.0, 0.4], 0.7), ([-0.3, 0.9], -0.2), ([0.5, -1.2], 0.4)];

/// Three hidden neurons of activation max(0, u)^q: parameters w (3 × 2), then the readout (3).
#[derive(Clone, Copy)]
struct Net {
    activation_degree: i32,
    input: f64,
    output: f64,
    target: f64,
}

impl Net {
    fn plain(activation_degree: i32, target: f64) -> Self {
        Self {
            activation_degree,
            input: 1.0,
            output: 1.0,
            target,
        }
    }

    /// Predictions and the gradient of ½ Σ (α f − τ y)².
    fn evaluate(&self, weights: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let mut gradient = vec![0.0; weights.len()];
        let q = self.activation_degree;
        let predictions = EXAMPLES.map(|(x, y)| {
            let x = x.map(|value| self.input * value);
            let drive = |j: usize| (weights[2 * j] * x[0] + weights[2 * j + 1] * x[1]).max(0.0);
            let sum: f64 = (0..3).map(|j| weights[6 + j] * drive(j).powi(q)).sum();
            let slope = self.output * (self.output * sum - self.target * y);
            for j in 0..3 {
                gradient[6 + j] += slope * drive(j).powi(q);
                if drive(j) > 0.0 {
                    let inner = slope * weights[6 + j] * f64::from(q) * drive(j).powi(q - 1);
                    gradient[2 * j] += inner * x[0];
                    gradient[2 * j + 1] += inner * x[1];
                }
            }
            self.output * sum
        });
        (predictions.to_vec(), gradient)
    }
}

const START: [f64; 9] = [0.9, 0.3, -0.4, 0.8, 0.6, -0.7, 0.5, -0.6, 0.8];

fn start(multiplier: f64) -> Vec<f64> {
    START.map(|weight| multiplier * weight).to_vec()
}

fn descent(net: Net, mut weights: Vec<f64>, learning_rate: f64) -> Vec<Vec<f64>> {
    let mut history = Vec::new();
    for _ in 0..200 {
        let (predictions, gradient) = net.evaluate(&weights);
        history.push(predictions);
        for (weight, slope) in weights.iter_mut().zip(&gradient) {
            *weight -= learning_rate * slope;
        }
    }
    history
}

/// Adam with decoupled weight decay.
fn adam(net: Net, mut weights: Vec<f64>, rate: f64, epsilon: f64, decay: f64) -> Vec<Vec<f64>> {
    let (beta1, beta2) = (0.9_f64, 0.98_f64);
    let (mut mean, mut square) = (vec![0.0; 9], vec![0.0; 9]);
    let mut history = Vec::new();
    for step in 1..=200 {
        let (predictions, gradient) = net.evaluate(&weights);
        history.push(predictions);
        for i in 0..9 {
            mean[i] = beta1 * mean[i] + (1.0 - beta1) * gradient[i];
            square[i] = beta2 * square[i] + (1.0 - beta2) * gradient[i] * gradient[i];
            let direction = mean[i] / (1.0 - beta1.powi(step));
            let size = (square[i] / (1.0 - beta2.powi(step))).sqrt() + epsilon;
            weights[i] -= rate * (direction / size + decay * weights[i]);
        }
    }
    history
}

/// Largest difference of two runs relative to the largest prediction, the second times `scale`.
fn difference(run: &[Vec<f64>], other: &[Vec<f64>], scale: f64) -> f64 {
    let (mut largest, mut size) = (0.0_f64, 0.0_f64);
    for (ours, theirs) in run.iter().flatten().zip(other.iter().flatten()) {
        largest = largest.max((ours - scale * theirs).abs());
        size = size.max(ours.abs());
    }
    largest / size
}

#[test]
fn initial_scale_and_target_scale_are_one_knob_step_by_step() {
    for activation_degree in [1, 2] {
        let scales = ScaleEquivalence::new(f64::from(activation_degree) + 1.0).unwrap();
        for (init, target) in [(1.0, 3.0), (0.7, 0.2)] {
            let there = Net::plain(activation_degree, target);
            let here = Net::plain(activation_degree, 1.0);
            let mapped = scales.init_at_unit_target(init, target).unwrap();
            assert!(
                relative(
                    scales.ratio(mapped, 1.0).unwrap(),
                    scales.ratio(init, target).unwrap()
                ) < ROUNDING
            );
            let rate = 0.01;
            let run = descent(there, start(init), rate);
            let rate_here = scales.descent_learning_rate(rate, target).unwrap();
            let twin = descent(here, start(mapped), rate_here);
            assert!(difference(&run, &twin, target) < SAME_RUN);
            // The learning rate is part of the equivalence.
            let other = descent(here, start(mapped), rate);
            assert!(difference(&run, &other, target) > 1e-2);

            let (rate, epsilon, decay) = (0.01, 1e-2, 0.3);
            let run = adam(there, start(init), rate, epsilon, decay);
            let twin = adam(
                here,
                start(mapped),
                scales.adam_learning_rate(rate, target).unwrap(),
                scales.adam_epsilon(epsilon, target).unwrap(),
                scales.adam_weight_decay(decay, target).unwrap(),
            );
            assert!(difference(&run, &twin, target) < SAME_RUN);
            // Gradient descent's map is wrong for Adam.
            let other = adam(here, start(mapped), rate_here, epsilon, decay);
            assert!(difference(&run, &other, target) > 1e-2);
        }
    }
}

#[test]
fn output_and_input_scales_are_target_scales_step_by_step() {
    for activation_degree in [1, 2] {
        let plain = Net::plain(activation_degree, 2.0);
        let net = Net {
            output: 0.3,
            ..plain
        };
        let (target, rate) = output_as_target_scale(0.3, 2.0, 0.02).unwrap();
        let twin = Net { target, ..plain };
        let run = descent(net, start(1.0), 0.02);
        assert!(difference(&run, &descent(twin, start(1.0), rate), 0.3) < SAME_RUN);

        let net = Net {
            input: 0.6,
            ..plain
        };
        let output = input_as_output_scale(0.6, f64::from(activation_degree)).unwrap();
        let twin = Net { output, ..plain };
        let run = descent(net, start(1.0), 0.02);
        assert!(difference(&run, &descent(twin, start(1.0), 0.02), 1.0) < SAME_RUN);
        let run = adam(net, start(1.0), 0.02, 1e-3, 0.1);
        assert!(difference(&run, &adam(twin, start(1.0), 0.02, 1e-3, 0.1), 1.0) < SAME_RUN);
    }
}

#[test]
fn scales_off_their_domain_are_refused() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(ScaleEquivalence::new(bad).is_err());
        let scales = ScaleEquivalence::new(2.0).unwrap();
        assert!(scales.ratio(bad, 1.0).is_err() && scales.ratio(1.0, bad).is_err());
        assert!(scales.init_at_unit_target(1.0, bad).is_err());
        assert!(scales.descent_learning_rate(1.0, bad).is_err());
        assert!(scales.adam_learning_rate(1.0, bad).is_err());
        assert!(output_as_target_scale(bad, 1.0, 1.0).is_err());
        assert!(output_as_target_scale(1.0, bad, 1.0).is_err());
        assert!(output_as_target_scale(1.0, 1.0, bad).is_err());
        assert!(
            input_as_output_scale(bad, 1.0).is_err() && input_as_output_scale(1.0, bad).is_err()
        );
    }
    let scales = ScaleEquivalence::new(2.0).unwrap();
    assert!(scales.adam_epsilon(-1e-8, 1.0).is_err());
    assert!(scales.adam_weight_decay(-0.1, 1.0).is_err());
}
