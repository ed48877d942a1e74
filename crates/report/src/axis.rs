use plan::spec::Scale;

/// A map from values to pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    scale: Scale,
    /// Smallest value of the range.
    pub(crate) low: f64,
    /// Largest value of the range.
    pub(crate) high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// The axis that puts `low` at pixel `from` and `high` at pixel `to`.
    pub(crate) fn new(scale: Scale, [low, high]: [f64; 2], [from, to]: [f64; 2]) -> Self {
        Self {
            scale,
            low,
            high,
            from,
            to,
        }
    }

    /// Its scale.
    pub(crate) fn scale(&self) -> Scale {
        self.scale
    }

    /// The pixels of `low` and `high`.
    pub(crate) fn pixels(&self) -> [f64; 2] {
        [self.from, self.to]
    }

    /// The value at a pixel.
    pub(crate) fn value(&self, pixel: f64) -> f64 {
        let share = (pixel - self.from) / (self.to - self.from);
        match self.scale {
            Scale::Linear => self.low + share * (self.high - self.low),
            Scale::Log => self.low * (self.high / self.low).powf(share),
        }
    }

    /// Pixel of `value`. What cannot be drawn (infinity, zero on a log axis) lands far outside,
    /// where it is cut off.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log if value <= 0.0 => f64::NEG_INFINITY,
            Scale::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        self.from + share.clamp(-5.0, 6.0) * (self.to - self.from)
    }
}

/// The range of `values` on `scale`; a single value gets some room around it. `None` of nothing.
pub(crate) fn range(scale: Scale, values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    let drawable = values.filter(|v| v.is_finite() && (scale == Scale::Linear || *v > 0.0));
    let (low, high) = drawable.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    if low > high {
        return None;
    }
    let flat = (high - low).abs() <= 1e-12 * high.abs().max(low.abs());
    Some(match scale {
        _ if !flat => [low, high],
        Scale::Log => [low / 2.0, high * 2.0],
        Scale::Linear if low == 0.0 => [-1.0, 1.0],
        Scale::Linear => [low - 0.5 * low.abs(), high + 0.5 * high.abs()],
    })
}

/// The range moved out to round numbers where those are close, so that a curve from 0.001 to 0.99
/// stands on an axis from 0 to 1.
pub(crate) fn rounded(scale: Scale, [low, high]: [f64; 2]) -> [f64; 2] {
    if scale == Scale::Log {
        return [low, high];
    }
    let length = high - low;
    let step = 10f64.powf((length / 5.0).log10().ceil()) / 2.0;
    let close = |value: f64, round: f64| {
        let near = (value - round).abs() <= 0.06 * length;
        if near { round } else { value }
    };
    [
        close(low, (low / step).floor() * step),
        close(high, (high / step).ceil() * step),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_mapped_to_pixels() {
        let linear = Axis::new(Scale::Linear, [0.0, 10.0], [100.0, 200.0]);
        assert_eq!(linear.at(5.0), 150.0);
        let log = Axis::new(Scale::Log, [1.0, 100.0], [0.0, 100.0]);
        assert!((log.at(10.0) - 50.0).abs() < 1e-9);
        assert!(log.at(0.0) < 0.0);
        assert!(log.at(f64::INFINITY) > 100.0);
    }

    #[test]
    fn a_range_is_rounded_only_to_what_is_close() {
        assert_eq!(rounded(Scale::Linear, [0.001, 0.99]), [0.0, 1.0]);
        assert_eq!(rounded(Scale::Linear, [0.3, 0.83]), [0.3, 0.83]);
        assert_eq!(rounded(Scale::Log, [0.9, 99.0]), [0.9, 99.0]);
    }

    #[test]
    fn a_range_leaves_out_what_cannot_be_drawn() {
        let values = [0.0, f64::INFINITY, 3.0, f64::NAN, 1.0];
        assert_eq!(range(Scale::Log, values.into_iter()), Some([1.0, 3.0]));
        assert_eq!(range(Scale::Linear, values.into_iter()), Some([0.0, 3.0]));
        assert_eq!(range(Scale::Log, [0.0, -1.0].into_iter()), None);
        assert_eq!(range(Scale::Linear, [2.0].into_iter()), Some([1.0, 3.0]));
    }
}
