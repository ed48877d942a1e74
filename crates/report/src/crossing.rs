//! Half-times: where a curve first crosses one half.

use lab::spec::{Panel, PanelKind, Role};

use crate::{collect::Series, quantile::median};

/// The value at which something has half happened.
const HALF: f64 = 0.5;

/// A half-time on the horizontal axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mark {
    /// Position of its key.
    pub(crate) key: usize,
    /// Median over seeds; infinite when it did not happen.
    pub(crate) x: f64,
    /// Whether it was measured (on a net) or predicted (by theory).
    pub(crate) measured: bool,
}

/// Where `curve` (x and value, in the order of x) first reaches one half, interpolated between
/// its points; infinite when it does not.
pub(crate) fn half_time(curve: &[(f64, f64)]) -> f64 {
    let Some(first) = curve.iter().position(|&(_, value)| value >= HALF) else {
        return f64::INFINITY;
    };
    let (x, value) = curve[first];
    match first.checked_sub(1).map(|before| curve[before]) {
        Some((x0, value0)) => x0 + (x - x0) * (HALF - value0) / (value - value0),
        None => x,
    }
}

/// The marks of a panel: per key, the first theory and the first net.
pub(crate) fn marks(panel: &Panel, series: &[Series]) -> Vec<Mark> {
    if !panel.mark_half_times || panel.kind != PanelKind::Curves {
        return Vec::new();
    }
    let first = |role: Role| panel.layers.iter().position(|layer| layer.role == role);
    [(first(Role::Theory), false), (first(Role::Net), true)]
        .into_iter()
        .filter_map(|(layer, measured)| Some((layer?, measured)))
        .flat_map(|(layer, measured)| {
            series
                .iter()
                .filter(move |s| s.layer == layer)
                .filter_map(move |s| {
                    let x = median(&s.half_times)?;
                    Some(Mark {
                        key: s.key,
                        x,
                        measured,
                    })
                })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_crossing_is_interpolated() {
        let curve = [
            (0.0, 0.0),
            (10.0, 0.25),
            (20.0, 0.75),
            (30.0, 0.1),
            (40.0, 1.0),
        ];
        assert_eq!(half_time(&curve), 15.0);
        assert_eq!(half_time(&curve[..2]), f64::INFINITY);
        assert_eq!(half_time(&[(3.0, 0.9)]), 3.0);
        assert_eq!(half_time(&[]), f64::INFINITY);
    }
}
