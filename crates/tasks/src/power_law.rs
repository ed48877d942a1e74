//! Zipf probabilities `P_k ∝ k^-(alpha+1)` and sums over ranges of them.

/// Ranks up to this one are added term by term; above it the correction terms of
/// [`power_sum`] are exact to rounding.
const DIRECT_UP_TO: u64 = 10_000;

/// `P_k ∝ k^-(alpha+1)` for `k = 1..=skills`, normalised.
pub(crate) fn zipf(skills: usize, alpha: f64) -> Vec<f64> {
    let mut law: Vec<f64> = (1..=skills)
        .map(|k| (k as f64).powf(-(alpha + 1.0)))
        .collect();
    // Smallest terms first, so that the tail is not rounded away.
    let total: f64 = law.iter().rev().sum();
    law.iter_mut().for_each(|p| *p /= total);
    law
}

/// `sum of k^-(alpha+1)` over `k = first..=last`, for `1 <= first <= last`.
///
/// Ranks up to 10⁴ are added directly, the others by the midpoint form of the Euler–Maclaurin
/// formula, with `f(k) = k^-s`, `s = alpha + 1`, `a = first - 1/2`, `b = last + 1/2`:
///
/// ```text
/// sum f = ∫_a^b f - (f'(b) - f'(a))/24 + 7 (f'''(b) - f'''(a))/5760 + R
/// ```
///
/// All derivatives of `f` keep their sign, so `R` is no larger than the first term left out:
/// `|R| <= (31/967680) s(s+1)…(s+5) a^-6` relative to the sum, below `1e-16` for `s <= 100`.
///
/// # Assumes
/// `alpha > 0` and `last` below 2^53.
pub(crate) fn power_sum(first: u64, last: u64, alpha: f64) -> f64 {
    let s = alpha + 1.0;
    let direct_end = last.min(DIRECT_UP_TO);
    let direct: f64 = (first..=direct_end)
        .rev()
        .map(|k| (k as f64).powf(-s))
        .sum();
    let start = first.max(DIRECT_UP_TO + 1);
    if start > last {
        return direct;
    }
    let a = start as f64 - 0.5;
    let b = last as f64 + 0.5;
    // a^-alpha - b^-alpha without cancellation for small alpha or a narrow range.
    let log_ratio = ((b - a) / a).ln_1p();
    let integral = -a.powf(-alpha) * (-alpha * log_ratio).exp_m1() / alpha;
    let first_derivative = |x: f64| -s * x.powf(-s - 1.0);
    let third_derivative = |x: f64| -s * (s + 1.0) * (s + 2.0) * x.powf(-s - 3.0);
    direct + integral - (first_derivative(b) - first_derivative(a)) / 24.0
        + 7.0 * (third_derivative(b) - third_derivative(a)) / 5760.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding of at most 1e6 additions of positive numbers, in practice far below.
    const ROUNDING: f64 = 1e-13;

    /// Direct sum with Neumaier's compensation.
    fn direct_sum(first: u64, last: u64, alpha: f64) -> f64 {
        let (mut sum, mut lost) = (0.0_f64, 0.0);
        for k in first..=last {
            let term = (k as f64).powf(-(alpha + 1.0));
            let next = sum + term;
            lost += if sum >= term {
                (sum - next) + term
            } else {
                (term - next) + sum
            };
            sum = next;
        }
        sum + lost
    }

    #[test]
    fn power_sums_equal_direct_sums() {
        let ranges = [
            (1, 1),
            (1, 9_999),
            (9_990, 10_010),
            (10_001, 10_001),
            (10_001, 10_500),
            (1, 1 << 20),
        ];
        for alpha in [1e-6, 0.1, 0.6, 2.0, 20.0] {
            for (first, last) in ranges {
                let direct = direct_sum(first, last, alpha);
                let error = (power_sum(first, last, alpha) / direct - 1.0).abs();
                assert!(
                    error < ROUNDING,
                    "{first}..={last}, alpha {alpha}: {error:e}"
                );
            }
        }
    }

    #[test]
    fn a_power_sum_to_a_million_million_is_zeta_less_its_tail() {
        let n = 1_000_000_000_000_u64;
        // sum_{k > n} k^-2 = 1/n - 1/(2 n^2) + ...
        let zeta = std::f64::consts::PI.powi(2) / 6.0 - 1.0 / n as f64;
        assert!((power_sum(1, n, 1.0) - zeta).abs() < ROUNDING);
    }

    #[test]
    fn neighbouring_ranges_add_up() {
        let whole = power_sum(20_000, 3_000_000, 0.4);
        let parts = power_sum(20_000, 21_000, 0.4) + power_sum(21_001, 3_000_000, 0.4);
        assert!((whole / parts - 1.0).abs() < ROUNDING);
    }

    #[test]
    fn zipf_probabilities_add_up_to_one_and_fall_with_the_rank() {
        let law = zipf(5, 0.6);
        assert!((law.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        for (k, p) in law.iter().enumerate() {
            let expected = law[0] * ((k + 1) as f64).powf(-1.6);
            assert!((p / expected - 1.0).abs() < 1e-14);
        }
    }
}
