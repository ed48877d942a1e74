//! Order statistics over seeds. Infinite values (a time that did not come) are ordered like
//! any other, so that a median stays honest when some seeds are censored.

/// The `level` quantile of sorted values, interpolated between neighbours; `None` of nothing.
pub(crate) fn quantile(sorted: &[f64], level: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = level * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    let (low, high) = (sorted[below], sorted[above.min(last)]);
    // An infinite neighbour with weight zero must not make a NaN.
    let weight = place - below as f64;
    Some(if weight == 0.0 || low == high {
        low
    } else {
        low + weight * (high - low)
    })
}

/// The median of values in any order; `None` of nothing.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    quantile(&sorted(values), 0.5)
}

/// The values that are numbers, in increasing order.
pub(crate) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_between_neighbours() {
        let values = [0.0, 1.0, 2.0, 3.0, 4.0];
        assert_eq!(quantile(&values, 0.5), Some(2.0));
        assert_eq!(quantile(&values, 0.1), Some(0.4));
        assert_eq!(median(&[3.0, 1.0]), Some(2.0));
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[f64::NAN, 5.0]), Some(5.0));
    }

    #[test]
    fn the_median_is_infinite_only_when_half_are() {
        let inf = f64::INFINITY;
        assert_eq!(median(&[1.0, 2.0, inf]), Some(2.0));
        assert_eq!(median(&[1.0, inf, inf]), Some(inf));
        assert_eq!(median(&[inf, inf]), Some(inf));
    }
}
