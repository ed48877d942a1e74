//! The diagonal and the plain linear model on basis functions, with many outputs, against a plain
//! loop and closed forms.

use layerwise_nets::{Precision, Rows};
use models::{HostArray, Loss, Optimizer, Reduction};
use tasks::{Basis, Batch, TaskShape, stream};

use crate::support::{flex, initial, learner, model, relative_gap};

const SHAPE: TaskShape = TaskShape {
    inputs: 0,
    basis: 6,
    outputs: 3,
};
const ROWS: usize = 5;

/// The loss of theory.
const HALVED: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Sum,
};

/// The same recursion in another order of additions.
const ROUNDING: f64 = 1e-12;

fn batch() -> Batch {
    let mut batch = Batch::zeros(SHAPE, ROWS);
    let mut rng = stream::keyed(1, "basis", 0);
    let mut basis = vec![0.0; ROWS * SHAPE.basis];
    stream::standard_normals(&mut rng, &mut basis);
    stream::standard_normals(&mut rng, &mut batch.targets);
    batch.basis = Basis::Dense(basis);
    batch
}

fn train(table: &str, batch: &Batch, lr: f64, steps: u64) -> Vec<HostArray> {
    let model = model(table);
    model.check(batch.shape).unwrap();
    let target = flex(Precision::F64);
    let rows = Rows::new(batch, model.needs(), &target);
    let initial = initial(&*model, batch.shape, 0);
    let optimizer = Optimizer::default();
    let mut learner = learner("auto", model, initial, HALVED, optimizer, &target, None).unwrap();
    (0..steps).for_each(|_| learner.step(&rows, lr));
    learner.parameters().unwrap()
}

/// (1/N) Gᵀ(G w − y), `[B, K]`.
fn slope(batch: &Batch, w: &[f64]) -> Vec<f64> {
    let Basis::Dense(basis) = &batch.basis else {
        panic!()
    };
    let (b, k) = (batch.shape.basis, batch.shape.outputs);
    let mut slope = vec![0.0; b * k];
    for row in 0..batch.rows {
        let g = &basis[row * b..(row + 1) * b];
        for c in 0..k {
            let f: f64 = (0..b).map(|j| g[j] * w[j * k + c]).sum();
            let error = (f - batch.targets[row * k + c]) / batch.rows as f64;
            (0..b).for_each(|j| slope[j * k + c] += g[j] * error);
        }
    }
    slope
}

#[test]
fn both_follow_a_plain_loop() {
    let (batch, lr) = (batch(), 0.05);
    let mut w = vec![0.0; 18];
    let mut factors = vec![[0.3; 4]; 18];
    for _ in 0..50 {
        let d = slope(&batch, &w);
        w.iter_mut().zip(&d).for_each(|(w, d)| *w -= lr * d);
        let product: Vec<f64> = factors.iter().map(|[u, v, p, q]| u * v - p * q).collect();
        for (factors, d) in factors.iter_mut().zip(slope(&batch, &product)) {
            let [u, v, p, q] = *factors;
            *factors = [
                u - lr * v * d,
                v - lr * u * d,
                p + lr * q * d,
                q + lr * p * d,
            ];
        }
    }
    let linear = train("kind = 'linear-basis'", &batch, lr, 50);
    assert!(relative_gap(&linear[0].values, &w) < ROUNDING);
    let diagonal = train("kind = 'diagonal-linear'\ninitial = 0.3", &batch, lr, 50);
    let names: Vec<&str> = diagonal.iter().map(|array| array.name.as_str()).collect();
    assert_eq!(names, ["u_plus", "v_plus", "u_minus", "v_minus"]);
    for (at, array) in diagonal.iter().enumerate() {
        let expected: Vec<f64> = factors.iter().map(|factors| factors[at]).collect();
        assert!(
            relative_gap(&array.values, &expected) < ROUNDING,
            "{}",
            array.name
        );
    }
    // Factors that start alike stay alike.
    assert_eq!(diagonal[0].values, diagonal[1].values);
    assert_eq!(diagonal[2].values, diagonal[3].values);
}

#[test]
fn three_factors_on_characters_of_the_outputs_follow_a_plain_loop() {
    let (batch, lr, k) = (batch(), 0.05, SHAPE.outputs);
    let table = "kind = 'diagonal-linear'\ninitial = 0.5\ndepth = 3\noutputs = 'characters'";
    // The three real characters of Z_3, written out.
    let (a, b, c) = (3_f64.sqrt().recip(), (2.0_f64 / 3.0).sqrt(), 0.5_f64.sqrt());
    let mixture = [[a, a, a], [b, -b / 2.0, -b / 2.0], [0.0, c, -c]];
    let mix = |strengths: &[f64], back: bool| -> Vec<f64> {
        let entry = |m: usize, c: usize| if back { mixture[c][m] } else { mixture[m][c] };
        (0..SHAPE.basis)
            .flat_map(|j| (0..k).map(move |c| (j, c)))
            .map(|(j, c)| (0..k).map(|m| strengths[j * k + m] * entry(m, c)).sum())
            .collect()
    };
    let mut factors = vec![[0.5_f64; 6]; SHAPE.basis * k];
    for _ in 0..50 {
        let product = |f: &[f64; 6]| f[0] * f[1] * f[2] - f[3] * f[4] * f[5];
        let strengths: Vec<f64> = factors.iter().map(product).collect();
        let slopes = mix(&slope(&batch, &mix(&strengths, false)), true);
        for (f, d) in factors.iter_mut().zip(slopes) {
            let old = *f;
            for (at, f) in f.iter_mut().enumerate() {
                let branch = at / 3 * 3;
                let others: f64 = (branch..branch + 3)
                    .filter(|o| *o != at)
                    .map(|o| old[o])
                    .product();
                *f -= lr * d * if at < 3 { others } else { -others };
            }
        }
    }
    let found = train(table, &batch, lr, 50);
    let names: Vec<&str> = found.iter().map(|array| array.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "u_plus", "v_plus", "w_plus", "u_minus", "v_minus", "w_minus"
        ]
    );
    for (at, array) in found.iter().enumerate() {
        let expected: Vec<f64> = factors.iter().map(|factors| factors[at]).collect();
        assert!(
            relative_gap(&array.values, &expected) < ROUNDING,
            "{}",
            array.name
        );
        assert!(
            expected.iter().any(|value| (value - 0.5).abs() > 0.01),
            "it moves"
        );
    }
}

#[test]
fn one_feature_follows_its_closed_form_to_first_order() {
    // One row, one feature of value 1, target y, residual r: u = v = s0 e^R and p = q = s0 e^−R with
    // R = ∫r, so that w = 2 s0² sinh 2R and w' = 2 r √(4 s0⁴ + w²): the λ-mode with λ = 4 s0².
    let (s0, y, time): (f64, f64, f64) = (0.2, 0.7, 3.0);
    let mut batch = Batch::zeros(
        TaskShape {
            inputs: 0,
            basis: 1,
            outputs: 1,
        },
        1,
    );
    batch.basis = Basis::Dense(vec![1.0]);
    batch.targets = vec![y];
    let mode = theory::LambdaMode::new(1.0, y, 0.0, 4.0 * s0 * s0).unwrap();
    let exact = mode.strength(time);
    let error = |steps: u64| {
        let factors = train(
            "kind = 'diagonal-linear'\ninitial = 0.2",
            &batch,
            time / steps as f64,
            steps,
        );
        let [u, v, p, q] = [0, 1, 2, 3].map(|at| factors[at].values[0]);
        u * v - p * q - exact
    };
    let order = (error(400) / error(800)).log2();
    assert!((order - 1.0).abs() < 0.05, "{} {}", error(400), error(800));
    let linear = train("kind = 'linear-basis'", &batch, time / 1e4, 10_000);
    let expected = y * (1.0 - (-time).exp());
    assert!((linear[0].values[0] - expected).abs() < 1e-3);
}
