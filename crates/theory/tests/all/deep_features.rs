//! Free features below several linear layers, against the flow of all entries of all of them.

use nalgebra::{DMatrix, DVector};
use theory::{DeepFeatures, UnconstrainedFeatures};

use crate::support::ode;

/// Size of the within-class residual in the integrations: rounding is 1e-8 of it.
const RESIDUAL: f64 = 1e-6;
/// The closed form leaves out terms of the square of the residual, up to 1e5 times it after growth.
const FIRST_ORDER: f64 = 1e-7;
/// Rounding of an inverse that is found by Newton's method.
const INVERSE: f64 = 1e-11;

/// Classes, samples of each, width, factors, initial strength.
const CASES: [(usize, usize, usize, u32, f64); 4] = [
    (3, 4, 4, 2, 0.01),
    (3, 4, 4, 3, 0.05),
    (2, 3, 3, 4, 0.1),
    (4, 2, 5, 5, 0.2),
];

/// Orthonormal columns that are orthogonal to (1, …, 1).
fn centred_basis(size: usize) -> DMatrix<f64> {
    let centred = DMatrix::identity(size, size).map(|x: f64| x - 1.0 / size as f64);
    let eigen = centred.symmetric_eigen();
    let kept: Vec<DVector<f64>> = (0..size)
        .filter(|&i| eigen.eigenvalues[i] > 0.5)
        .map(|i| eigen.eigenvectors.column(i).into_owned())
        .collect();
    DMatrix::from_columns(&kept)
}

#[test]
fn strengths_and_residuals_follow_the_flow_of_all_entries() {
    for (classes, samples, width, depth, initial) in CASES {
        let model = DeepFeatures::new(classes, samples, depth, initial).unwrap();
        let columns = classes * samples;
        let left = centred_basis(classes);
        let right = DMatrix::from_fn(columns, classes - 1, |sample, mode| {
            left[(sample / samples, mode)] / (samples as f64).sqrt()
        });
        let target = (samples as f64).sqrt() * &left * right.transpose();
        // Directions of the features: the first C − 1 axes; the last is read by no layer.
        let axes = DMatrix::identity(width, width)
            .columns(0, classes - 1)
            .into_owned();
        let mut pattern = DVector::zeros(columns);
        (pattern[0], pattern[1]) = (0.5_f64.sqrt(), -0.5_f64.sqrt());
        let a = initial.powf(1.0 / f64::from(depth));
        let unread = DVector::from_fn(width, |i, _| if i + 1 == width { 1.0 } else { 0.0 });
        let features = a * &axes * right.transpose()
            + RESIDUAL * axes.column(0) * pattern.transpose()
            + RESIDUAL * &unread * pattern.transpose();
        let middle = a * &axes * axes.transpose();
        let classifier = a * &left * axes.transpose();
        // W_{L−1}, …, W_1, H, as they stand in the product.
        let mut factors = vec![classifier];
        factors.extend(std::iter::repeat_n(middle, depth as usize - 2));
        factors.push(features);
        let shapes: Vec<(usize, usize)> = factors.iter().map(DMatrix::shape).collect();
        let split = |x: &[f64]| -> Vec<DMatrix<f64>> {
            let mut rest = x;
            let cut = |&(rows, columns): &(usize, usize)| {
                let (own, after) = rest.split_at(rows * columns);
                rest = after;
                DMatrix::from_column_slice(rows, columns, own)
            };
            shapes.iter().map(cut).collect()
        };
        let product = |of: &[DMatrix<f64>], size: usize| {
            (of.iter()).fold(DMatrix::identity(size, size), |all, factor| all * factor)
        };
        let start: Vec<f64> = factors.iter().flat_map(|f| f.iter().copied()).collect();
        for fraction in [0.2, 0.5, 0.9, 0.999] {
            let t = model.mode().time_to_fraction(fraction).unwrap();
            let end = split(&ode::integrate(&start, t, |x, rate| {
                let now = split(x);
                let error = &target - product(&now, classes);
                let slopes = (0..now.len()).flat_map(|i| {
                    let above = product(&now[..i], classes);
                    let below = product(&now[i + 1..], now[i].ncols());
                    let slope = above.transpose() * &error * below.transpose();
                    slope.iter().copied().collect::<Vec<_>>()
                });
                rate.iter_mut().zip(slopes).for_each(|(r, s)| *r = s);
            }));
            let strength = left.transpose() * product(&end, classes) * &right;
            let expected = DMatrix::identity(classes - 1, classes - 1) * model.mode().strength(t);
            let error = (strength - expected).amax() / model.mode().strength(t);
            assert!(error < FIRST_ORDER, "{classes} {depth} {t}: {error}");
            let features = end.last().unwrap();
            let residual = features * &pattern / RESIDUAL;
            let error = (residual[0] / model.residual(t) - 1.0).abs();
            assert!(error < FIRST_ORDER, "{classes} {depth} {t}: {error}");
            let error = (unread.dot(&residual) - 1.0).abs();
            assert!(error < FIRST_ORDER, "{classes} {depth} {t}: {error}");
            // NC1 of the features and of the layer below the classifier.
            let trace = RESIDUAL * RESIDUAL / columns as f64;
            let predicted = model.nc1(t, trace).unwrap();
            for top in [features.clone(), product(&end[1..end.len()], width)] {
                let inside = axes.transpose() * top;
                let within = (&inside * &pattern).norm_squared() / columns as f64;
                let mean = (&inside * &right).norm_squared() / (classes - 1) as f64;
                // Of C − 1 equal eigenvalues of S_b, each the squared strength over C n.
                let nc1 = within / (mean / columns as f64) / classes as f64;
                let error = (nc1 / predicted - 1.0).abs();
                assert!(
                    error < FIRST_ORDER,
                    "{classes} {depth} {t}: {nc1} {predicted}"
                );
            }
        }
    }
}

#[test]
fn two_factors_are_the_unconstrained_features_model() {
    let deep = DeepFeatures::new(10, 50, 2, 1e-3).unwrap();
    let flat = UnconstrainedFeatures::new(10, 50, 1e-3).unwrap();
    for t in [0.0, 0.3, 1.0, 1.5, 3.0] {
        let pairs = [
            (deep.mode().strength(t), flat.strength(t)),
            (deep.residual(t), flat.residual_inside(t)),
            (deep.nc1(t, 1e-6).unwrap(), flat.nc1(t, 1e-6).unwrap()),
        ];
        for (a, b) in pairs {
            assert!((a / b - 1.0).abs() < INVERSE, "{t}: {a} {b}");
        }
    }
}

#[test]
fn parameters_off_their_domain_are_refused() {
    assert!(DeepFeatures::new(1, 3, 3, 0.1).is_err());
    assert!(DeepFeatures::new(3, 0, 3, 0.1).is_err());
    assert!(DeepFeatures::new(3, 3, 1, 0.1).is_err());
    for bad in [0.0, -1.0, 3.0_f64.sqrt(), f64::NAN, f64::INFINITY] {
        assert!(DeepFeatures::new(3, 3, 3, bad).is_err());
    }
    let model = DeepFeatures::new(3, 3, 3, 0.1).unwrap();
    assert!(model.nc1(1.0, -1.0).is_err());
    assert!(model.residual(-1.0).is_nan());
}
