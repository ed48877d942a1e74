//! Rank correlations, which measure the agreement of two orders.

use crate::error::{MetricError, require_at_least, require_entries, require_length};

/// Kendall's τ_b = (C − D)/√((C + D + T_x)(C + D + T_y)) (no unit, −1 to 1).
///
/// C and D count concordant and discordant pairs, T_x pairs tied in x only, and T_y pairs tied in y
/// only. O(N²).
///
/// # Shapes
///
/// `x` and `y`: `[N]`, N ≥ 2; infinite entries are allowed (a time never reached), NaN is not.
///
/// # Errors
///
/// [`MetricError`] if lengths differ, there are fewer than 2 entries, an entry is NaN, or all of x
/// or all of y are equal, for which τ_b is not defined.
///
/// # Examples
///
/// ```
/// assert_eq!(metrics::kendall_tau_b(&[1.0, 2.0, 3.0], &[10.0, 20.0, 15.0])?, 1.0 / 3.0);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn kendall_tau_b(x: &[f64], y: &[f64]) -> Result<f64, MetricError> {
    require_length("y", y.len(), x.len(), "x")?;
    require_at_least("x", x.len(), 2)?;
    require_entries("x", x, "a number or infinite", |value| !value.is_nan())?;
    require_entries("y", y, "a number or infinite", |value| !value.is_nan())?;
    let (mut balance, mut untied_x, mut untied_y) = (0_i64, 0_u64, 0_u64);
    for i in 0..x.len() {
        for j in 0..i {
            let (in_x, in_y) = (order(x[i], x[j]), order(y[i], y[j]));
            balance += in_x * in_y;
            untied_x += in_x.unsigned_abs();
            untied_y += in_y.unsigned_abs();
        }
    }
    for (name, untied) in [
        ("pairs untied in x", untied_x),
        ("pairs untied in y", untied_y),
    ] {
        if untied == 0 {
            return Err(MetricError::Domain {
                name,
                value: 0.0,
                domain: "at least 1",
            });
        }
    }
    // A single root of the product gives exactly 1 for perfect orders.
    Ok(balance as f64 / (untied_x as f64 * untied_y as f64).sqrt())
}

/// Spearman's rank correlation ρ: the linear correlation of the ranks, where tied entries share the
/// mean of their ranks (no unit, −1 to 1, exactly so for orders that agree or are reversed).
///
/// O(N ln N).
///
/// # Shapes
///
/// `x` and `y`: `[N]`, N ≥ 2; infinite entries are allowed (a time never reached), NaN is not.
///
/// # Errors
///
/// [`MetricError`] if lengths differ, there are fewer than 2 entries, an entry is NaN, or all of x
/// or all of y are equal, for which ρ is not defined.
///
/// # Examples
///
/// ```
/// assert_eq!(metrics::spearman(&[1.0, 2.0, 3.0], &[1.0, 10.0, 100.0])?, 1.0);
/// assert_eq!(metrics::spearman(&[1.0, 2.0, 3.0], &[10.0, 20.0, 15.0])?, 0.5);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn spearman(x: &[f64], y: &[f64]) -> Result<f64, MetricError> {
    require_length("y", y.len(), x.len(), "x")?;
    require_at_least("x", x.len(), 2)?;
    Ok(correlation_of_ranks(
        &centred_ranks("x", x)?,
        &centred_ranks("y", y)?,
    ))
}

/// [`spearman`] of numbers whose [`centred_ranks`] are `x` and `y`, of the same length. Who correlates
/// many orders with the same numbers ranks those once.
///
/// # Examples
///
/// ```
/// use metrics::{centred_ranks, correlation_of_ranks};
///
/// let ranks = [centred_ranks("x", &[1.0, 2.0, 3.0])?, centred_ranks("y", &[10.0, 20.0, 15.0])?];
/// assert_eq!(correlation_of_ranks(&ranks[0], &ranks[1]), 0.5);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn correlation_of_ranks(x: &[f64], y: &[f64]) -> f64 {
    // Halves of whole numbers: the sums are exact.
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    product(x, y) / (product(x, x) * product(y, y)).sqrt()
}

/// Ranks minus their mean, where tied entries share the mean of their ranks.
///
/// # Shapes
///
/// `values`: `[N]`; infinite entries are allowed, NaN is not.
///
/// # Errors
///
/// [`MetricError`], with `name` for the values, if an entry is NaN or all entries are alike.
///
/// # Examples
///
/// ```
/// assert_eq!(metrics::centred_ranks("x", &[5.0, 1.0, 5.0])?, [0.5, -1.0, 0.5]);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn centred_ranks(name: &'static str, values: &[f64]) -> Result<Vec<f64>, MetricError> {
    require_entries(name, values, "a number or infinite", |value| {
        !value.is_nan()
    })?;
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let mut tied = 0.0;
    for group in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = tied + (group.len() as f64 - 1.0) / 2.0 - middle;
        for &position in group {
            ranks[position] = rank;
        }
        tied += group.len() as f64;
    }
    if ranks.iter().all(|rank| *rank == 0.0) {
        return Err(MetricError::Domain {
            name,
            value: values[0],
            domain: "not the same in all entries",
        });
    }
    Ok(ranks)
}

/// 1, 0 or −1 as `a` is above, equal to or below `b`.
fn order(a: f64, b: f64) -> i64 {
    i64::from(a > b) - i64::from(a < b)
}
