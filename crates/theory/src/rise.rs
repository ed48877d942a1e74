//! Shapes of a rise from 0 to 1: the rivals of the layered sigmoid.
//!
//! An explanation that only fits curves is a rise with constants of its own. The layered theory is
//! worth something where it beats these.

use crate::error::{TheoryError, require, require_positive};

/// A rise y(t) from 0 towards 1, with time in any unit.
///
/// # Examples
///
/// ```
/// use theory::Rise;
///
/// let linear = Rise::exponential(10.0)?;
/// assert!((linear.value(10.0) - 0.5).abs() < 1e-15);
/// // The same half-time, but nothing happens in the first five units.
/// let delayed = Rise::delayed_exponential(10.0, 0.5)?;
/// assert_eq!(delayed.value(5.0), 0.0);
/// assert!((delayed.value(10.0) - 0.5).abs() < 1e-15);
/// # Ok::<(), theory::TheoryError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rise {
    /// y = 0 before the half-time, 1 from then on.
    Step {
        /// Time of the step.
        half_time: f64,
    },
    /// y = 1 − e^(−(t − delay) ln 2 / (half_time − delay)) after the delay, 0 before.
    Exponential {
        /// Time at which y = ½.
        half_time: f64,
        /// Time before which nothing happens.
        delay: f64,
    },
    /// y = 1/(1 + e^(depth (1 − t/half_time))): the sigmoid of a balanced two-layer mode with
    /// ln(S/s0 − 1) = `depth`.
    Logistic {
        /// Time at which y = ½.
        half_time: f64,
        /// ln(S/s0 − 1) of the mode: how deep below its target it starts.
        depth: f64,
    },
}

impl Rise {
    /// A step at `half_time`.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless `half_time` is finite and above 0.
    pub fn step(half_time: f64) -> Result<Self, TheoryError> {
        require_positive("half_time", half_time)?;
        Ok(Self::Step { half_time })
    }

    /// The saturation of a linear model that starts from 0.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless `half_time` is finite and above 0.
    pub fn exponential(half_time: f64) -> Result<Self, TheoryError> {
        Self::delayed_exponential(half_time, 0.0)
    }

    /// The same after a delay, given as a share of the half-time.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless `half_time` is finite and above 0, and the share lies in [0, 1).
    pub fn delayed_exponential(half_time: f64, delay_share: f64) -> Result<Self, TheoryError> {
        require_positive("half_time", half_time)?;
        require(
            (0.0..1.0).contains(&delay_share),
            "delay_share",
            delay_share,
            "0 or more and below 1",
        )?;
        Ok(Self::Exponential {
            half_time,
            delay: delay_share * half_time,
        })
    }

    /// The sigmoid of a balanced two-layer mode.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless both are finite and above 0.
    pub fn logistic(half_time: f64, depth: f64) -> Result<Self, TheoryError> {
        require_positive("half_time", half_time)?;
        require_positive("depth", depth)?;
        Ok(Self::Logistic { half_time, depth })
    }

    /// y(t).
    pub fn value(&self, time: f64) -> f64 {
        match *self {
            Self::Step { half_time } => f64::from(u8::from(time >= half_time)),
            Self::Exponential { half_time, delay } => {
                let elapsed = (time - delay).max(0.0);
                -(-elapsed * std::f64::consts::LN_2 / (half_time - delay)).exp_m1()
            }
            Self::Logistic { half_time, depth } => {
                1.0 / (1.0 + (depth * (1.0 - time / half_time)).exp())
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{BalancedMode, LinearMode};

    /// Rounding of a few operations.
    const ROUNDING: f64 = 1e-14;
    const TIMES: [f64; 6] = [0.0, 0.3, 1.0, 2.5, 7.0, 40.0];

    #[test]
    fn the_exponential_is_the_linear_mode() {
        let mode = LinearMode::new(0.4, 3.0, 0.0).unwrap();
        let rise = Rise::exponential(2.0_f64.ln() / 0.4).unwrap();
        for time in TIMES {
            assert!((rise.value(time) - mode.strength(time) / 3.0).abs() < ROUNDING);
        }
    }

    #[test]
    fn the_logistic_is_the_balanced_mode() {
        let (power, target, start) = (0.4, 3.0, 0.01);
        let mode = BalancedMode::new(power, target, start).unwrap();
        let depth = (target / start - 1.0_f64).ln();
        let rise = Rise::logistic(depth / (2.0 * power * target), depth).unwrap();
        for time in TIMES {
            assert!((rise.value(time) - mode.strength(time) / target).abs() < ROUNDING);
        }
    }

    #[test]
    fn a_delay_shifts_the_exponential() {
        let rise = Rise::delayed_exponential(4.0, 0.25).unwrap();
        let shifted = Rise::exponential(3.0).unwrap();
        for time in TIMES {
            assert!((rise.value(time + 1.0) - shifted.value(time)).abs() < ROUNDING);
        }
        assert_eq!(rise.value(0.9), 0.0);
    }

    #[test]
    fn wrong_constants_are_refused() {
        assert!(Rise::step(0.0).is_err());
        assert!(Rise::delayed_exponential(1.0, 1.0).is_err());
        assert!(Rise::logistic(1.0, -1.0).is_err());
    }
}
