//! Holm's correction for several tests.

/// Holm's adjusted p-values \[Holm1979\]: an adjusted p of .05 or less survives at 5 % over all tests
/// together, however they depend on each other.
///
/// # Examples
///
/// ```
/// let adjusted = layerwise_judge::holm(&[0.01, 0.04, 0.03]);
/// assert_eq!(adjusted, [0.03, 0.06, 0.06]);
/// ```
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![1.0; p.len()];
    let mut least = 0.0_f64;
    for (rank, &place) in order.iter().enumerate() {
        let left = (p.len() - rank) as f64;
        least = least.max((left * p[place]).min(1.0));
        adjusted[place] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holm_multiplies_by_the_number_of_tests_that_are_left() {
        assert_eq!(holm(&[0.5]), [0.5]);
        assert_eq!(holm(&[1.0, 0.0625, 0.25]), [1.0, 0.1875, 0.5]);
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn many_claims_at_the_smallest_p_of_eight_seeds_do_not_all_survive() {
        let sign_test = 2.0 / 256.0;
        assert!(holm(&[sign_test; 6]).iter().all(|p| *p <= 0.05));
        assert!(holm(&[sign_test; 7]).iter().all(|p| *p > 0.05));
    }
}
