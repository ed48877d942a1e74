//! Singular values and ranks against reference values and matrices of known spectrum.

use metrics::{effective_rank, effective_rank_of_power, norm, singular_values, stable_rank};
use proptest::prelude::*;
use serde_json::Value;

/// Sums of a few dozen terms of order one.
const ROUNDING: f64 = 1e-12;

type Rank = fn(&[f64]) -> Result<f64, metrics::MetricError>;
const RANKS: [Rank; 3] = [effective_rank, effective_rank_of_power, stable_rank];

/// H = I − 2vvᵀ/|v|², orthogonal, applied to the rows of `matrix` (H A) for A `[v.len(), columns]`.
fn reflected(matrix: &[f64], v: &[f64]) -> Vec<f64> {
    let columns = matrix.len() / v.len();
    let square: f64 = v.iter().map(|x| x * x).sum();
    let mut out = matrix.to_vec();
    for column in 0..columns {
        let along: f64 = (v.iter().enumerate())
            .map(|(row, x)| x * matrix[row * columns + column])
            .sum();
        for (row, x) in v.iter().enumerate() {
            out[row * columns + column] -= 2.0 * along / square * x;
        }
    }
    out
}

fn transposed(matrix: &[f64], rows: usize) -> Vec<f64> {
    let columns = matrix.len() / rows;
    (0..matrix.len())
        .map(|at| matrix[at % rows * columns + at / rows])
        .collect()
}

/// U Σ Vᵀ `[rows, columns]` with reflections U and V.
fn with_spectrum(spectrum: &[f64], u: &[f64], v: &[f64]) -> Vec<f64> {
    let (rows, columns) = (u.len(), v.len());
    let mut diagonal = vec![0.0; rows * columns];
    for (i, value) in spectrum.iter().enumerate() {
        diagonal[i * columns + i] = *value;
    }
    let left = reflected(&diagonal, u);
    transposed(&reflected(&transposed(&left, rows), v), columns)
}

#[test]
fn ranks_agree_with_the_reference_values() {
    let reference: Value =
        serde_json::from_str(include_str!("../fixtures/kernel_metrics.json")).unwrap();
    let rows: Vec<Vec<f64>> = serde_json::from_value(reference["A"].clone()).unwrap();
    let singular = singular_values(&rows.concat(), 3, 3).unwrap();
    for (rank, name) in RANKS.iter().zip(["erank_sv", "erank_sv2", "stable_rank"]) {
        let (found, expected) = (rank(&singular).unwrap(), reference[name].as_f64().unwrap());
        assert!((found - expected).abs() < ROUNDING, "{name}: {found}");
    }
}

#[test]
fn a_projector_of_rank_r_has_rank_r_by_every_measure() {
    let (u, v) = ([0.3, -1.0, 0.7, 2.0, 0.1], [1.0, 0.2, -0.4, 0.9]);
    for r in 1..=4_usize {
        let singular = singular_values(&with_spectrum(&vec![2.5; r], &u, &v), 5, 4).unwrap();
        assert_eq!(singular.len(), 4);
        for rank in RANKS {
            // Zeros come back as roundings ε, and −ε ln ε is 30 times as large.
            let found = rank(&singular).unwrap();
            assert!((found - r as f64).abs() < ROUNDING, "{r}: {found}");
        }
    }
}

#[test]
fn ranks_of_a_few_singular_values_are_those_worked_out_by_hand() {
    // Shares 1/2, 1/4, 1/4: entropy 3/2 ln 2.
    assert!((effective_rank(&[2.0, 1.0, 1.0]).unwrap() - 8.0_f64.sqrt()).abs() < ROUNDING);
    let roots = [2.0_f64.sqrt(), 1.0, 1.0];
    assert!((effective_rank_of_power(&roots).unwrap() - 8.0_f64.sqrt()).abs() < ROUNDING);
    assert!((stable_rank(&roots).unwrap() - 2.0).abs() < ROUNDING);
    // Squares of these leave f64.
    for scale in [1e-200, 1e200] {
        for rank in RANKS {
            let found = rank(&[scale, scale, 0.0]).unwrap();
            assert!((found - 2.0).abs() < ROUNDING);
        }
    }
}

#[test]
fn singular_values_come_back_from_scaled_and_graded_matrices() {
    let (u, v) = ([0.3, -1.0, 0.7, 2.0], [1.0, 0.2, -0.4, 0.9, 0.5, -2.0]);
    for scale in [1e-150, 1.0, 1e150] {
        let spectrum = [3.0 * scale, scale, 1e-6 * scale, 1e-12 * scale];
        let matrix = with_spectrum(&spectrum, &u, &v);
        for (matrix, rows, columns) in [(transposed(&matrix, 4), 6, 4), (matrix, 4, 6)] {
            let singular = singular_values(&matrix, rows, columns).unwrap();
            for (found, expected) in singular.iter().zip(spectrum) {
                // A few roundings of the largest, not of each.
                assert!((found - expected).abs() < 1e-14 * scale, "{found:e}");
            }
        }
    }
    assert_eq!(singular_values(&[0.0; 6], 2, 3).unwrap(), [0.0, 0.0]);
    assert_eq!(singular_values(&[-3.0, 4.0], 2, 1).unwrap(), [5.0]);
}

#[test]
fn matrices_and_spectra_without_a_rank_are_refused_by_name() {
    let text = |result: Result<Vec<f64>, metrics::MetricError>| result.unwrap_err().to_string();
    assert_eq!(
        text(singular_values(&[1.0; 5], 2, 3)),
        "values has 5 entries: must have 6, like rows times columns"
    );
    assert_eq!(
        text(singular_values(&[], 0, 3)),
        "values has 0 usable entries: must have at least 1"
    );
    assert_eq!(
        text(singular_values(&[1.0, f64::NAN], 1, 2)),
        "values[1] = NaN: must be finite"
    );
    for rank in RANKS {
        let text = |singular: &[f64]| rank(singular).unwrap_err().to_string();
        assert_eq!(
            text(&[]),
            "singular has 0 usable entries: must have at least 1"
        );
        assert_eq!(
            text(&[0.0, 0.0]),
            "largest of singular = 0: must be above 0"
        );
        assert_eq!(
            text(&[1.0, -1.0]),
            "singular[1] = -1: must be finite and 0 or more"
        );
        assert!(rank(&[f64::NAN]).is_err() && rank(&[f64::INFINITY]).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn singular_values_are_those_the_matrix_was_made_of(
        (mut spectrum, u, v) in (1..9_usize, 1..9_usize).prop_flat_map(|(rows, columns)| (
            prop::collection::vec(0.0..1.0_f64, rows.min(columns)),
            prop::collection::vec(0.1..1.0_f64, rows),
            prop::collection::vec(0.1..1.0_f64, columns),
        )),
    ) {
        let matrix = with_spectrum(&spectrum, &u, &v);
        let singular = singular_values(&matrix, u.len(), v.len()).unwrap();
        spectrum.sort_by(|a, b| b.total_cmp(a));
        prop_assert_eq!(singular.len(), spectrum.len());
        for (found, expected) in singular.iter().zip(&spectrum) {
            prop_assert!((found - expected).abs() < ROUNDING);
        }
        prop_assert!((norm(&singular) - norm(&matrix)).abs() < ROUNDING);
    }

    #[test]
    fn ranks_are_ordered_bounded_and_blind_to_scale_order_and_zeros(
        singular in prop::collection::vec(0.0..1.0_f64, 1..20),
        factor in -100.0..100.0_f64,
    ) {
        prop_assume!(singular.iter().any(|&value| value > 0.0));
        let found = RANKS.map(|rank| rank(&singular).unwrap());
        // Rényi entropies fall with their order; the stable rank is that of infinite order of σ².
        prop_assert!(found[0] >= found[1] - ROUNDING && found[1] >= found[2] - ROUNDING);
        prop_assert!(found[2] >= 1.0 && found[0] <= singular.len() as f64 + ROUNDING);
        let mut other: Vec<f64> = singular.iter().rev().map(|s| s * 10.0_f64.powf(factor)).collect();
        other.push(0.0);
        for (rank, found) in RANKS.iter().zip(found) {
            prop_assert!((rank(&other).unwrap() - found).abs() < ROUNDING * 10.0);
        }
    }
}
