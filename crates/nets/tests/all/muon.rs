//! What Muon does to linear nets: every mode of an aligned net grows by one rate in each layer, so that
//! small modes are complete first, and the difference of the layers' singular values is conserved.

use layerwise_nets::{Precision, Rows};
use models::{HostArray, Loss, Muon, Optimizer, Reduction};
use theory::nalgebra::{DMatrix, SymmetricEigen};
use theory::{MuonMode, full_svd};

use crate::support::{
    flat, flex, learner, relative_gap,
    start::{Start, balanced, matrix, product},
};

const HALVED: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Sum,
};
const MUON: Optimizer = Optimizer::Muon(Muon {
    momentum: 0.0,
    weight_decay: 0.0,
});
const ENGINES: [&str; 2] = ["mlp", "autodiff"];

/// η.
const RATE: f64 = 0.01;
/// Initial strength of every mode.
const START: f64 = 1e-4;
/// Steps that the modes take, η times which is √s − √s0: the first two of whole steps, the last not.
const COMPLETE: [f64; 3] = [80.0, 40.0, 20.5];

/// Rounding of a hundred steps.
const ROUNDING: f64 = 1e-12;

/// A task whose modes are complete after [`COMPLETE`], in a random position.
fn task() -> String {
    let (left, right) = (turn(3, 1), turn(5, 2));
    let strengths = COMPLETE.map(|steps| (START.sqrt() + RATE * steps).powi(2));
    let values = DMatrix::from_fn(3, 5, |i, j| if i == j { strengths[i] } else { 0.0 });
    let map = left * values * right.transpose();
    let rows: Vec<Vec<f64>> = map
        .row_iter()
        .map(|row| row.iter().copied().collect())
        .collect();
    format!("kind = 'linear-map'\ntarget = {rows:?}")
}

/// An orthogonal matrix.
fn turn(size: usize, seed: u64) -> DMatrix<f64> {
    let angle = |i: usize, j: usize| ((7 * i + 3 * j + 1) as f64 * 0.37 * seed as f64).sin();
    let eigen = SymmetricEigen::new(DMatrix::from_fn(size, size, |i, j| {
        angle(i, j) + angle(j, i)
    }));
    eigen.eigenvectors
}

/// The layers `[out, in]` after every step.
fn path(
    start: &Start,
    engine: &str,
    optimizer: Optimizer,
    rate: f64,
    steps: u64,
) -> Vec<Vec<HostArray>> {
    let target = flex(Precision::F64);
    let (model, weights) = (start.model(), start.weights.clone());
    let rows = Rows::new(&start.rows, model.needs(), &target);
    let mut net = learner(engine, model, weights, HALVED, optimizer, &target, None).unwrap();
    let mut path = vec![net.parameters().unwrap()];
    for _ in 0..steps {
        net.step(&rows, rate);
        path.push(net.parameters().unwrap());
    }
    path
}

#[test]
fn mode_k_of_an_aligned_net_is_complete_after_the_root_of_its_strength_over_the_rate() {
    let rest = format!("strength = {START}, alignment = 'task'");
    let start = Start::new(&task(), &balanced("[8]", &rest), 3);
    let svd = full_svd(&start.correlation());
    for engine in ENGINES {
        let path = path(&start, engine, MUON, RATE, 80);
        for (mode, steps) in COMPLETE.into_iter().enumerate() {
            let form = MuonMode::new(svd.values[mode], START.sqrt(), START.sqrt()).unwrap();
            assert!((form.completion() - RATE * steps).abs() < ROUNDING);
            let along = |layers: &[HostArray]| {
                let image = product(layers) * svd.right.column(mode);
                svd.left.column(mode).dot(&image)
            };
            let strengths: Vec<f64> = path.iter().map(|layers| along(layers)).collect();
            for (step, strength) in strengths.iter().enumerate() {
                let place = || format!("{engine}, mode {mode}, step {step}");
                if step as f64 <= steps {
                    let expected = form.strength(RATE * step as f64);
                    assert!((strength - expected).abs() < ROUNDING, "{}", place());
                } else {
                    // From there on each layer stays within a step.
                    let off = strength.sqrt() - svd.values[mode].sqrt();
                    assert!(off.abs() < RATE + ROUNDING, "{}: {off}", place());
                }
            }
            let first = strengths
                .iter()
                .position(|s| *s >= svd.values[mode] - ROUNDING);
            assert_eq!(first, Some(steps.ceil() as usize), "{engine}, mode {mode}");
        }
    }
}

/// √M of a symmetric matrix without negative eigenvalues.
fn root(matrix: DMatrix<f64>) -> DMatrix<f64> {
    let eigen = SymmetricEigen::new(matrix);
    let roots = eigen.eigenvalues.map(|value| value.max(0.0).sqrt());
    &eigen.eigenvectors * DMatrix::from_diagonal(&roots) * eigen.eigenvectors.transpose()
}

/// Largest changes of √(PᵀP) − √(QQᵀ) and of PᵀP − QQᵀ along the path, with P the second layer and Q the
/// first.
fn drifts(path: &[Vec<HostArray>]) -> [f64; 2] {
    let kept = |layers: &[HostArray]| {
        let (first, second) = (matrix(&layers[0]), matrix(&layers[1]));
        let (above, below) = (second.tr_mul(&second), &first * first.transpose());
        [root(above.clone()) - root(below.clone()), above - below]
    };
    let start = kept(&path[0]);
    let mut drifts = [0.0_f64; 2];
    for layers in path {
        for ((drift, now), start) in drifts.iter_mut().zip(kept(layers)).zip(&start) {
            *drift = drift.max((now - start).amax());
        }
    }
    drifts
}

#[test]
fn muon_conserves_the_difference_of_roots_and_gradient_flow_that_of_squares() {
    // A hidden layer no wider than its neighbour, so that both signs of the imbalance exist. Roots of a
    // matrix without full rank lose half of the digits.
    const ROOT: f64 = 1e-7;
    for (lambda, hidden) in [(0.5, 3), (-0.5, 5)] {
        let rest = format!("strength = {START}, lambda = {lambda}, alignment = 'task'");
        let start = Start::new(&task(), &balanced(&format!("[{hidden}]"), &rest), 3);
        for engine in ENGINES {
            // Until a second mode is complete: the polar factor of two modes that both step back and forth
            // about their ends is not stable against rounding.
            let [roots, squares] = drifts(&path(&start, engine, MUON, RATE, 18));
            assert!(roots < ROOT, "{engine}, λ = {lambda}: {roots:e}");
            assert!(squares > 0.1, "{engine}, λ = {lambda}: {squares:e}");
            // Afterwards within a step.
            let [roots, _] = drifts(&path(&start, engine, MUON, RATE, 60));
            assert!(roots < RATE, "{engine}, λ = {lambda}: {roots:e}");
            let plain = Optimizer::PLAIN;
            let drift = |rate, steps| drifts(&path(&start, engine, plain, rate, steps));
            let ([roots, coarse], [_, fine]) = (drift(0.02, 400), drift(0.01, 800));
            assert!(roots > 0.1, "{engine}, λ = {lambda}: {roots:e}");
            // First order in the rate.
            let order = (coarse / fine).log2();
            assert!(coarse < 0.02, "{engine}, λ = {lambda}: {coarse:e}");
            assert!((order - 1.0).abs() < 0.1, "{engine}, λ = {lambda}: {order}");
        }
    }
}

#[test]
fn from_small_random_weights_small_modes_come_first_too() {
    let init = "widths = [40]\ninit = { kind = 'normal', std = 1e-4 }";
    let start = Start::new(&task(), &format!("kind = 'deep-linear'\n{init}"), 5);
    let svd = full_svd(&start.correlation());
    let half_time = |optimizer, rate, steps, mode: usize| {
        let path = path(&start, "mlp", optimizer, rate, steps);
        let along = |layers: &Vec<HostArray>| {
            let image = product(layers) * svd.right.column(mode);
            svd.left.column(mode).dot(&image)
        };
        let half = 0.5 * svd.values[mode];
        let first = path.iter().position(|layers| along(layers) >= half);
        first.unwrap() as f64 * rate
    };
    let times = [0, 1, 2].map(|mode| half_time(MUON, RATE, 90, mode));
    assert!(times[0] > times[1] && times[1] > times[2], "{times:?}");
    for (time, target) in times.iter().zip(&svd.values) {
        // The layers need a few steps to find each other.
        let form = MuonMode::new(*target, 0.0, 0.0).unwrap();
        let late = time - form.time_to_fraction(0.5).unwrap();
        assert!((-RATE..5.0 * RATE).contains(&late), "{late}");
    }
    let times = [0, 1, 2].map(|mode| half_time(Optimizer::PLAIN, 0.1, 6000, mode));
    assert!(times[0] < times[1] && times[1] < times[2], "{times:?}");
}

#[test]
fn engines_agree_on_deep_nets_with_biases_in_both_precisions() {
    const SAME_NUMBERS: f64 = 1e-10;
    const SINGLE_PRECISION: f64 = 1e-3;
    let model = "kind = 'mlp'\nwidths = [7, 6]\nactivation = 'tanh'\nbias = true";
    let task = "kind = 'random-regression'\nsamples = 40\ninputs = 6\noutputs = 3";
    for momentum in [0.0, 0.9] {
        let optimizer = Optimizer::Muon(Muon {
            momentum,
            weight_decay: 0.1,
        });
        let start = Start::new(task, model, 2);
        let end = |engine: &str, precision| {
            let target = flex(precision);
            let (model, weights) = (start.model(), start.weights.clone());
            let rows = Rows::new(&start.rows, model.needs(), &target);
            let mut net =
                learner(engine, model, weights, HALVED, optimizer, &target, None).unwrap();
            (0..60).for_each(|_| net.step(&rows, 0.003));
            flat(&net.parameters().unwrap())
        };
        let expected = end("autodiff", Precision::F64);
        let gap = relative_gap(&end("mlp", Precision::F64), &expected);
        assert!(gap < SAME_NUMBERS, "{gap:e}");
        for engine in ENGINES {
            let gap = relative_gap(&end(engine, Precision::F32), &expected);
            assert!(gap < SINGLE_PRECISION, "{engine}: {gap:e}");
        }
        assert!(relative_gap(&expected, &flat(&start.weights)) > 0.05);
    }
}
