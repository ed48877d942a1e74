//! The unconstrained-features model against the flow of all entries of both matrices.

use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use theory::UnconstrainedFeatures;

use crate::support::ode;

/// Size of the within-class residual in the integrations: rounding is 1e-8 of it.
const RESIDUAL: f64 = 1e-6;
/// The closed forms leave out terms of the square of the residual, up to 1e5 times it after growth.
const FIRST_ORDER: f64 = 1e-7;
/// A few roundings of f64.
const ROUNDING: f64 = 1e-13;

/// Columns: an orthonormal basis of what is orthogonal to (1, …, 1).
fn helmert(size: usize) -> DMatrix<f64> {
    DMatrix::from_fn(size, size - 1, |row, column| {
        let k = (column + 1) as f64;
        let scale = (k * (k + 1.0)).sqrt();
        match row.cmp(&(column + 1)) {
            std::cmp::Ordering::Less => 1.0 / scale,
            std::cmp::Ordering::Equal => -k / scale,
            std::cmp::Ordering::Greater => 0.0,
        }
    })
}

/// Centred one-hot labels, classes × samples, samples of a class side by side.
fn labels(classes: usize, samples: usize) -> DMatrix<f64> {
    DMatrix::from_fn(classes, classes * samples, |row, column| {
        let hit = if column / samples == row { 1.0 } else { 0.0 };
        hit - 1.0 / classes as f64
    })
}

/// Classes, samples of each, width of the features, initial strength, decay.
const CASES: [(usize, usize, usize, f64, f64); 6] = [
    (3, 4, 5, 0.01, 0.0),
    (2, 3, 3, 0.1, 0.0),
    (4, 2, 6, 3.0, 0.0),
    (3, 4, 5, 0.01, 0.3),
    (2, 3, 3, 0.1, 1.2),
    (4, 2, 6, 3.0, 0.05),
];

struct Setting {
    model: UnconstrainedFeatures,
    classes: usize,
    samples: usize,
    width: usize,
    decay: f64,
    /// Singular vectors of the labels, and the feature directions that are paired with them.
    left: DMatrix<f64>,
    right: DMatrix<f64>,
    features: DMatrix<f64>,
    /// A feature direction that the classifier does not read.
    unread: DVector<f64>,
    /// Within-class pattern over the samples: mean 0 in every class, norm 1.
    pattern: DVector<f64>,
}

impl Setting {
    fn new((classes, samples, width, initial, decay): (usize, usize, usize, f64, f64)) -> Self {
        let left = helmert(classes);
        let right = DMatrix::from_fn(classes * samples, classes - 1, |sample, mode| {
            left[(sample / samples, mode)] / (samples as f64).sqrt()
        });
        let basis = helmert(width + 1);
        // The first row of the Helmert basis mixes: drop none, rotate into `width` dimensions.
        let rotation = nalgebra::linalg::QR::new(basis.rows(0, width).into_owned()).q();
        let mut pattern = DVector::zeros(classes * samples);
        (pattern[0], pattern[1]) = (0.5_f64.sqrt(), -0.5_f64.sqrt());
        Self {
            model: (UnconstrainedFeatures::new(classes, samples, initial).unwrap())
                .with_decay(decay)
                .unwrap(),
            classes,
            samples,
            width,
            decay,
            left,
            right,
            features: rotation.columns(0, classes - 1).into_owned(),
            unread: rotation.column(width - 1).into_owned(),
            pattern,
        }
    }

    /// W and H at `t`.
    fn integrated(&self, t: f64) -> (DMatrix<f64>, DMatrix<f64>) {
        let root = self.model.mode().initial().sqrt();
        let w = root * &self.left * self.features.transpose();
        let h = root * &self.features * self.right.transpose()
            + RESIDUAL * self.features.column(0) * self.pattern.transpose()
            + RESIDUAL * &self.unread * self.pattern.transpose();
        let target = labels(self.classes, self.samples);
        let (rows, columns, width) = (self.classes, self.classes * self.samples, self.width);
        let start = [w.as_slice(), h.as_slice()].concat();
        let split = |x: &[f64]| {
            let (w, h) = x.split_at(rows * width);
            (
                DMatrix::from_column_slice(rows, width, w),
                DMatrix::from_column_slice(width, columns, h),
            )
        };
        let end = ode::integrate(&start, t, |x, rate| {
            let (w, h) = split(x);
            let error = &target - &w * &h;
            let of_w = &error * h.transpose() - self.decay * &w;
            let of_h = w.transpose() * &error - self.decay * &h;
            rate[..rows * width].copy_from_slice(of_w.as_slice());
            rate[rows * width..].copy_from_slice(of_h.as_slice());
        });
        split(&end)
    }

    /// Tr(S_w S_b⁺)/C and Tr S_w/Tr S_b of features.
    fn collapse(&self, h: &DMatrix<f64>) -> (f64, f64) {
        let mut means = DMatrix::zeros(self.width, self.classes);
        for (sample, column) in h.column_iter().enumerate() {
            let mut mean = means.column_mut(sample / self.samples);
            mean += column / self.samples as f64;
        }
        let within = DMatrix::from_fn(self.width, h.ncols(), |row, sample| {
            h[(row, sample)] - means[(row, sample / self.samples)]
        });
        let overall = means.column_mean();
        for mut mean in means.column_iter_mut() {
            mean -= &overall;
        }
        let s_w = &within * within.transpose() / h.ncols() as f64;
        let s_b = &means * means.transpose() / self.classes as f64;
        let eigen = s_b.clone().symmetric_eigen();
        let mut order: Vec<usize> = (0..self.width).collect();
        order.sort_by(|i, j| eigen.eigenvalues[*j].total_cmp(&eigen.eigenvalues[*i]));
        let nc1: f64 = order[..self.classes - 1]
            .iter()
            .map(|&i| {
                let direction = eigen.eigenvectors.column(i);
                direction.dot(&(&s_w * direction)) / eigen.eigenvalues[i]
            })
            .sum();
        (nc1 / self.classes as f64, s_w.trace() / s_b.trace())
    }
}

fn relative(value: f64, reference: f64) -> f64 {
    (value / reference - 1.0).abs()
}

#[test]
fn centred_labels_have_one_singular_value_less_than_classes_and_it_is_the_target() {
    for (classes, samples) in [(2, 1), (3, 4), (10, 7)] {
        let model = UnconstrainedFeatures::new(classes, samples, 0.1).unwrap();
        let mut values: Vec<f64> = labels(classes, samples)
            .singular_values()
            .iter()
            .copied()
            .collect();
        values.sort_by(|x, y| y.total_cmp(x));
        for value in &values[..model.modes()] {
            assert!(
                relative(*value, model.mode().target()) < ROUNDING,
                "{values:?}"
            );
        }
        assert!(
            values[model.modes()..]
                .iter()
                .all(|value| *value < ROUNDING),
            "{values:?}"
        );
    }
}

#[test]
fn strengths_residuals_and_collapse_follow_the_flow_of_all_entries() {
    for case in CASES {
        let setting = Setting::new(case);
        let model = setting.model;
        let trace = RESIDUAL * RESIDUAL / (setting.classes * setting.samples) as f64;
        for t in [0.0, 0.5, 1.0, 2.0, 4.0] {
            let (w, h) = setting.integrated(t);
            let product = setting.left.transpose() * &w * &h * &setting.right;
            for i in 0..model.modes() {
                for j in 0..model.modes() {
                    let expected = if i == j { model.strength(t) } else { 0.0 };
                    let error = (product[(i, j)] - expected).abs() / model.strength(t);
                    assert!(error < FIRST_ORDER, "{case:?} at {t}: {product}");
                }
            }
            let residual = &h * &setting.pattern / RESIDUAL;
            let inside = setting.features.column(0).dot(&residual);
            assert!(
                relative(inside, model.residual_inside(t)) < FIRST_ORDER,
                "{case:?} at {t}: {inside} {}",
                model.residual_inside(t)
            );
            let outside = setting.unread.dot(&residual);
            assert!(
                relative(outside, model.residual_outside(t)) < FIRST_ORDER,
                "{outside}"
            );
            let (nc1, quotient) = setting.collapse(&h);
            assert!(
                relative(model.nc1(t, trace).unwrap(), nc1) < 1e-6,
                "{case:?} at {t}: {nc1}"
            );
            let predicted = model.nc1_quotient(t, trace, trace).unwrap();
            assert!(
                relative(predicted, quotient) < 1e-6,
                "{case:?} at {t}: {quotient}"
            );
        }
    }
}

#[test]
fn class_means_end_as_a_simplex_frame_and_only_one_form_of_nc1_goes_to_0() {
    let setting = Setting::new(CASES[0]);
    let (classes, samples) = (setting.classes as f64, setting.samples as f64);
    let (_, h) = setting.integrated(12.0);
    let mean = |class: usize| {
        let columns = h.columns(class * setting.samples, setting.samples);
        columns.column_mean()
    };
    for first in 0..setting.classes {
        for second in 0..first {
            let (u, v) = (mean(first), mean(second));
            let cosine = u.dot(&v) / (u.norm() * v.norm());
            assert!(
                (cosine + 1.0 / (classes - 1.0)).abs() < FIRST_ORDER,
                "{cosine}"
            );
        }
    }
    let trace = RESIDUAL * RESIDUAL / (classes * samples);
    let (nc1, quotient) = setting.collapse(&h);
    let saturated = setting
        .model
        .nc1_quotient(f64::INFINITY, 0.0, trace)
        .unwrap();
    assert!(relative(quotient, saturated) < 1e-6, "{quotient}");
    assert!(nc1 < 1e-3 * quotient, "{nc1} {quotient}");
    assert_eq!(setting.model.nc1(f64::INFINITY, trace), Ok(0.0));
}

#[test]
fn decay_lets_both_forms_of_nc1_vanish_and_shortens_the_modes() {
    let model = UnconstrainedFeatures::new(10, 50, 1e-3).unwrap();
    let decayed = model.with_decay(0.5).unwrap();
    assert_eq!(decayed.nc1_quotient(f64::INFINITY, 1e-6, 1e-6), Ok(0.0));
    assert!(model.nc1_quotient(f64::INFINITY, 1e-6, 1e-6).unwrap() > 0.0);
    let shorter = model.strength(f64::INFINITY) - decayed.strength(f64::INFINITY);
    assert!((shorter - 0.5).abs() < ROUNDING, "{shorter}");
}

#[test]
fn parameters_off_their_domain_are_refused() {
    assert!(UnconstrainedFeatures::new(1, 3, 0.1).is_err());
    assert!(UnconstrainedFeatures::new(3, 0, 0.1).is_err());
    assert!(UnconstrainedFeatures::new(usize::MAX, 1, 0.1).is_err());
    let model = UnconstrainedFeatures::new(3, 3, 0.1).unwrap();
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(UnconstrainedFeatures::new(3, 3, bad).is_err());
        assert!(model.nc1(1.0, bad).is_err());
        assert!(model.nc1_quotient(1.0, bad, 0.0).is_err());
        assert!(model.nc1_quotient(1.0, 0.0, bad).is_err());
    }
    assert!(UnconstrainedFeatures::new(3, 3, 0.0).is_err());
    for bad in [-0.1, 3.0_f64.sqrt(), f64::NAN, f64::INFINITY] {
        assert!(model.with_decay(bad).is_err());
    }
    assert!(model.residual_inside(-1.0).is_nan() && model.residual_outside(f64::NAN).is_nan());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_residual_is_a_number_that_falls_from_1_to_0(
        samples in 1_usize..10_000,
        initial in (-100.0..10.0_f64).prop_map(|x| 10.0_f64.powf(x)),
        time in (-10.0..4.0_f64).prop_map(|x| 10.0_f64.powf(x)),
        factor in 1.0..10.0_f64,
    ) {
        let model = UnconstrainedFeatures::new(5, samples, initial).unwrap();
        let (early, late) = (model.residual_inside(time), model.residual_inside(factor * time));
        prop_assert!((0.0..=1.0).contains(&late) && late <= early && early <= 1.0);
    }
}
