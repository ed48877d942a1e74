//! The exponent of a power law.

/// Least-squares slope of log y against log x over `points`; `None` with fewer than two places.
pub(crate) fn log_slope(points: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<(f64, f64)> = points
        .iter()
        .filter(|(x, y)| *x > 0.0 && *y > 0.0)
        .map(|(x, y)| (x.ln(), y.ln()))
        .collect();
    let count = logs.len() as f64;
    let mean_x = logs.iter().map(|p| p.0).sum::<f64>() / count;
    let mean_y = logs.iter().map(|p| p.1).sum::<f64>() / count;
    let spread: f64 = logs.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    let product: f64 = logs.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    (logs.len() > 1 && spread > 0.0).then(|| product / spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_of_a_power_law_is_its_exponent() {
        let law: Vec<(f64, f64)> = (1..20)
            .map(|n| (f64::from(n), 3.0 * f64::from(n).powf(-0.43)))
            .collect();
        assert!((log_slope(&law).unwrap() + 0.43).abs() < 1e-12);
        assert_eq!(log_slope(&law[..1]), None);
        assert_eq!(log_slope(&[(1.0, 2.0), (1.0, 3.0)]), None);
        assert_eq!(log_slope(&[(1.0, 0.0), (0.0, 3.0)]), None);
    }
}
