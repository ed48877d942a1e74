//! One mode of a two-layer linear network whose layers step along the polar factors of their gradients.

use crate::error::{TheoryError, require, require_positive};

/// One two-layer mode f = a b x under Muon: both layers grow at rate 1, whatever the mode.
///
/// s(t) = min((a0 + t)(b0 + t), S), where t is the learning rate times the steps, summed, and
///
/// * `target` S, unit strength, above 0;
/// * `first` a0 and `second` b0, unit √strength, 0 or more, with a0 b0 at most S.
///
/// The gradients of a net whose layers are aligned with the modes of its task have the singular vectors of
/// the layers, so that a step along their polar factors adds η to every singular value of an unfinished
/// mode. From 0, the mode is complete at t = √S: **small modes first**, in the reverse of gradient flow's
/// order, and earlier than t = √S by its start. Neither the input power nor the scale of the loss enters.
/// The difference b − a of the layers is conserved, where gradient flow conserves b² − a².
///
/// # Assumes
///
/// Aligned layers, as those from small random weights become within a few steps; whitened inputs, or
/// modes that are singular vectors of the layers' gradients at any input power. Steps of finite size then
/// move each layer about the end by less than one step.
///
/// Derived here, and checked against the trainer step by step; the optimizer is that of \[Jordan2024\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MuonMode {
    target: f64,
    first: f64,
    second: f64,
}

impl MuonMode {
    /// The mode with target S and layers a0 and b0.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless S is finite and above 0, a0 and b0 are finite and 0 or more, and
    /// a0 b0 is at most S.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(theory::MuonMode::new(5.0, 0.0, 0.1).is_ok());
    /// let error = theory::MuonMode::new(5.0, 3.0, 2.0).unwrap_err();
    /// assert_eq!(error.to_string(), "first = 3: must be so small that first * second is at most target");
    /// ```
    pub fn new(target: f64, first: f64, second: f64) -> Result<Self, TheoryError> {
        require_positive("target", target)?;
        for (name, layer) in [("first", first), ("second", second)] {
            let inside = layer.is_finite() && layer >= 0.0;
            require(inside, name, layer, "finite, and 0 or more")?;
        }
        require(
            first * second <= target,
            "first",
            first,
            "so small that first * second is at most target",
        )?;
        Ok(Self {
            target,
            first,
            second,
        })
    }

    /// Target S, strength units.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::MuonMode::new(5.0, 0.0, 0.1)?.target(), 5.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn target(&self) -> f64 {
        self.target
    }

    /// Strength s(t), strength units, at t ≥ 0 in units of √strength; NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::MuonMode::new(4.0, 0.0, 0.0)?;
    /// assert_eq!((mode.strength(1.0), mode.strength(3.0)), (1.0, 4.0));
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn strength(&self, t: f64) -> f64 {
        if t.is_nan() || t < 0.0 {
            return f64::NAN;
        }
        ((self.first + t) * (self.second + t)).min(self.target)
    }

    /// The time at which the mode is complete, √strength units; √S − √s0 for two equal layers.
    ///
    /// # Examples
    ///
    /// ```
    /// let time = |target| theory::MuonMode::new(target, 0.1, 0.1).map(|mode| mode.completion());
    /// assert!((time(4.0)? - 1.9).abs() < 1e-15 && (time(1.0)? - 0.9).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn completion(&self) -> f64 {
        self.time_to(self.target)
    }

    /// The time at which s = q S, √strength units.
    ///
    /// `fraction` is q = strength/target, from a0 b0/S (included) to 1 (excluded).
    ///
    /// # Errors
    ///
    /// [`TheoryError::FractionNotReached`] for a fraction outside that interval.
    ///
    /// # Examples
    ///
    /// ```
    /// let time = |target| theory::MuonMode::new(target, 0.0, 0.0)?.time_to_fraction(0.5);
    /// // Four times the strength takes twice as long.
    /// assert!((time(4.0)? / time(1.0)? - 2.0).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn time_to_fraction(&self, fraction: f64) -> Result<f64, TheoryError> {
        let start = self.first * self.second / self.target;
        if (start..1.0).contains(&fraction) {
            return Ok(self.time_to(fraction * self.target));
        }
        Err(TheoryError::FractionNotReached { fraction, start })
    }

    /// The root t ≥ 0 of (a0 + t)(b0 + t) = `strength`, without cancellation.
    fn time_to(&self, strength: f64) -> f64 {
        let (sum, difference) = (self.first + self.second, self.first - self.second);
        let missing = (strength - self.first * self.second).max(0.0);
        let reach = sum + difference.hypot(2.0 * strength.sqrt());
        if missing == 0.0 {
            0.0
        } else {
            2.0 * missing / reach
        }
    }
}
