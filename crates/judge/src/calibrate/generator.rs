use theory::{BalancedMode, LinearMode};

/// A law of curves that rise from about 0 to 1: the shape of a curve, with time in units of its
/// half-time, and the ratios of the half-times of the indices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Generator {
    /// A balanced layered mode.
    Layerwise,
    /// The same, with the half-time of index k multiplied by k to this power.
    OtherExponent(f64),
    /// The same, with equal half-times.
    EqualTimes,
    /// Exponential saturation.
    Linear,
    /// Exponential saturation after a wait.
    DelayedExponential,
    /// A sum of exponentials whose rates span two decades.
    Kernel,
}

/// All generators.
pub(super) const GENERATORS: [Generator; 7] = [
    Generator::Layerwise,
    Generator::Linear,
    Generator::DelayedExponential,
    Generator::Kernel,
    Generator::OtherExponent(0.4),
    Generator::OtherExponent(-0.4),
    Generator::EqualTimes,
];

/// Rates of the kernel's exponentials, relative to the middle one. All have the same weight.
const KERNEL_RATES: [f64; 3] = [10.0, 1.0, 0.1];

/// Rate of the kernel's middle exponential at which the sum is one half at time 1:
/// Σ exp(−c r_j) = 3/2 (by bisection; a test checks it).
const KERNEL_CLOCK: f64 = 0.589_665_004_722_507_6;

/// The properties of the recorded first curve to which shapes are fitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fitted {
    /// Start of the curve over its end.
    pub(super) start: f64,
    /// Time to 10 % over time to one half.
    pub(super) early: f64,
}

impl Generator {
    pub(super) fn name(self) -> String {
        match self {
            Self::Layerwise => "layerwise".to_owned(),
            Self::OtherExponent(by) => format!("layerwise, exponent {by:+}"),
            Self::EqualTimes => "layerwise, equal times".to_owned(),
            Self::Linear => "linear".to_owned(),
            Self::DelayedExponential => "delayed exponential".to_owned(),
            Self::Kernel => "kernel".to_owned(),
        }
    }

    /// The half-time of index k, given `time` from the law of the theory and `first`, the half-time
    /// of the first index.
    pub(super) fn half_time(self, k: u64, first: f64, time: f64) -> f64 {
        match self {
            Self::OtherExponent(by) => time * (k as f64).powf(by),
            Self::EqualTimes => first,
            _ => time,
        }
    }

    /// The value of the curve at `time`, in half-times.
    pub(super) fn shape(self, fitted: Fitted) -> Box<dyn Fn(f64) -> f64> {
        match self {
            Self::Layerwise | Self::OtherExponent(_) | Self::EqualTimes => {
                let mode = BalancedMode::new(1.0, 1.0, fitted.start);
                let mode = mode.expect("a start between 0 and one half is in its domain");
                let half = mode
                    .time_to_fraction(0.5)
                    .expect("it starts below one half");
                Box::new(move |time| mode.strength(time * half))
            }
            Self::Linear => {
                let mode = LinearMode::new(std::f64::consts::LN_2, 1.0, 0.0);
                let mode = mode.expect("its numbers are in its domain");
                Box::new(move |time| mode.strength(time))
            }
            Self::DelayedExponential => {
                // The first 10 % take this share of the time between the wait and the half-time.
                let share = (1.0_f64 / 0.9).ln() / std::f64::consts::LN_2;
                let wait = ((fitted.early - share) / (1.0 - share)).clamp(0.0, 0.95);
                Box::new(move |time| match (time - wait) / (1.0 - wait) {
                    after if after > 0.0 => 1.0 - 0.5_f64.powf(after),
                    _ => 0.0,
                })
            }
            Self::Kernel => Box::new(|time| {
                let left = KERNEL_RATES.map(|rate| (-KERNEL_CLOCK * rate * time).exp());
                1.0 - left.iter().sum::<f64>() / left.len() as f64
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding of a few exponentials and logarithms.
    const ROUNDING: f64 = 1e-9;

    #[test]
    fn every_shape_is_one_half_at_its_half_time() {
        let fitted = Fitted {
            start: 1e-4,
            early: 0.6,
        };
        for generator in GENERATORS {
            let half = generator.shape(fitted)(1.0);
            assert!((half - 0.5).abs() < ROUNDING, "{generator:?} {half}");
        }
    }

    #[test]
    fn the_delayed_exponential_has_the_early_time_that_it_is_fitted_to() {
        let fitted = Fitted {
            start: 1e-4,
            early: 0.6,
        };
        let shape = Generator::DelayedExponential.shape(fitted);
        assert!((shape(0.6) - 0.1).abs() < ROUNDING);
        assert_eq!(shape(0.4), 0.0);
    }
}
