//! The time at which a recorded curve reaches a level, with censoring.

use crate::error::{MetricError, require_entries, require_length};

/// Half of the full height.
pub const HALF: f64 = 0.5;

/// The time at which a curve first reaches a level. Times are in the unit of the record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Crossing {
    /// At this time, interpolated linearly between two records.
    At(f64),
    /// The level is not reached up to this time, the last usable record (right-censored).
    After(f64),
    /// The level is reached before this time, the first record, which is already above it
    /// (left-censored).
    Before(f64),
}

impl Crossing {
    /// The time, if it is known exactly.
    #[must_use]
    pub fn observed(self) -> Option<f64> {
        match self {
            Self::At(time) => Some(time),
            Self::After(_) | Self::Before(_) => None,
        }
    }
}

/// A ratio of two crossing times (no unit), or what the record shows about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ratio {
    /// Both times are known.
    Exact(f64),
    /// One time is only bounded; the ratio is at least this.
    AtLeast(f64),
    /// The record does not determine the ratio.
    Unknown,
}

/// First time at which the curve reaches `level` from below, by linear interpolation.
///
/// A value at or above `level` counts as reached. If the first value equals `level`, the crossing
/// is [`Crossing::At`] the first time; if it is above, the crossing is [`Crossing::Before`] it. The
/// first NaN or infinite value ends the curve: what comes later is not used, and a level not
/// reached by then is [`Crossing::After`] the last finite record. Only the first passage counts; a
/// curve that falls back afterwards has still crossed.
///
/// # Shapes
///
/// `times` `[T]`, strictly increasing, any unit; `values` `[T]`, in the unit of `level`.
///
/// # Errors
///
/// [`MetricError`] if lengths differ, times are not finite and strictly increasing, the level is
/// not finite or no finite value comes first.
///
/// # Examples
///
/// ```
/// use metrics::{Crossing, first_crossing};
///
/// let (times, values) = ([0.0, 10.0, 20.0], [0.0, 0.25, 1.0]);
/// assert_eq!(first_crossing(&times, &values, 0.625)?, Crossing::At(15.0));
/// assert_eq!(first_crossing(&times, &values, 2.0)?, Crossing::After(20.0));
/// assert_eq!(first_crossing(&times, &values, -1.0)?, Crossing::Before(0.0));
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn first_crossing(times: &[f64], values: &[f64], level: f64) -> Result<Crossing, MetricError> {
    require_length("values", values.len(), times.len(), "times")?;
    require_entries("times", times, "finite", f64::is_finite)?;
    if let Some(before) = times.windows(2).position(|pair| pair[1] <= pair[0]) {
        return Err(MetricError::Entry {
            name: "times",
            index: before + 1,
            value: times[before + 1],
            domain: "above the time before it",
        });
    }
    if !level.is_finite() {
        return Err(MetricError::Domain {
            name: "level",
            value: level,
            domain: "finite",
        });
    }
    let usable = values.iter().take_while(|value| value.is_finite()).count();
    let Some(last) = usable.checked_sub(1) else {
        return Err(MetricError::TooFew {
            name: "values",
            found: 0,
            least: 1,
        });
    };
    let Some(reached) = values[..usable].iter().position(|&value| value >= level) else {
        return Ok(Crossing::After(times[last]));
    };
    let Some(below) = reached.checked_sub(1) else {
        return Ok(if values[0] > level {
            Crossing::Before(times[0])
        } else {
            Crossing::At(times[0])
        });
    };
    // Halves, so that the difference of two huge values stays finite.
    let rise = 0.5 * values[reached] - 0.5 * values[below];
    let weight = ((0.5 * level - 0.5 * values[below]) / rise).clamp(0.0, 1.0);
    let time = times[below] * (1.0 - weight) + times[reached] * weight;
    Ok(Crossing::At(time.clamp(times[below], times[reached])))
}

/// The first record at or above `level`, without interpolation: for accuracies, which jump.
///
/// [`Crossing::Before`] never occurs, because a curve that begins above the level has its first
/// record there. The first NaN or infinite value ends the curve, as in [`first_crossing`].
///
/// # Shapes
///
/// As [`first_crossing`].
///
/// # Errors
///
/// As [`first_crossing`].
///
/// # Examples
///
/// ```
/// use metrics::{Crossing, first_record};
///
/// let (times, values) = ([0.0, 10.0, 20.0], [0.2, 0.5, 1.0]);
/// assert_eq!(first_record(&times, &values, 0.3)?, Crossing::At(10.0));
/// assert_eq!(first_record(&times, &values, 0.1)?, Crossing::At(0.0));
/// assert_eq!(first_record(&times, &values, 2.0)?, Crossing::After(20.0));
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn first_record(times: &[f64], values: &[f64], level: f64) -> Result<Crossing, MetricError> {
    match first_crossing(times, values, level)? {
        Crossing::After(last) => Ok(Crossing::After(last)),
        // The curve reaches the level, so some record does.
        Crossing::At(_) | Crossing::Before(_) => {
            let reached = times.iter().zip(values).find(|(_, value)| **value >= level);
            Ok(
                reached.map_or(Crossing::After(times[times.len() - 1]), |(time, _)| {
                    Crossing::At(*time)
                }),
            )
        }
    }
}

/// First time at which a strength (a fraction of its target) reaches one half.
///
/// # Shapes
///
/// `times` `[T]`, strictly increasing; `values` `[T]`, fractions (no unit).
///
/// # Errors
///
/// As [`first_crossing`].
///
/// # Examples
///
/// ```
/// let crossing = metrics::half_time(&[0.0, 4.0], &[0.0, 1.0])?;
/// assert_eq!(crossing, metrics::Crossing::At(2.0));
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn half_time(times: &[f64], values: &[f64]) -> Result<Crossing, MetricError> {
    first_crossing(times, values, HALF)
}

/// Shape of a learning curve: t90/t10, times to 90 % and to 10 % of the target.
///
/// 21.85 for an exponential saturation from 0, near 1 for a step. Time must count from the start
/// of training, as the ratio depends on its origin.
///
/// | t10 | t90 | ratio |
/// |---|---|---|
/// | seen | seen | exact |
/// | seen | after the last record | at least last/t10 |
/// | at or before the first record | seen | at least t90/first |
/// | at or before the first record | after the last record | at least last/first |
/// | after the last record | – | unknown |
/// | before the first record | before the first record | unknown |
/// | at or before time 0 | – | unknown |
///
/// The last line is a curve that starts above 10 %: no time to 10 % exists.
///
/// # Shapes
///
/// `times` `[T]`, strictly increasing; `values` `[T]`, fractions (no unit).
///
/// # Errors
///
/// As [`first_crossing`].
///
/// # Examples
///
/// ```
/// use metrics::{Ratio, shape_ratio};
///
/// let times = [0.0, 1.0, 2.0, 3.0];
/// assert_eq!(shape_ratio(&times, &[0.0, 0.1, 0.9, 1.0])?, Ratio::Exact(2.0));
/// assert_eq!(shape_ratio(&times, &[0.0, 0.1, 0.5, 0.8])?, Ratio::AtLeast(3.0));
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn shape_ratio(times: &[f64], values: &[f64]) -> Result<Ratio, MetricError> {
    let t10 = first_crossing(times, values, 0.1)?;
    let t90 = first_crossing(times, values, 0.9)?;
    let (Crossing::At(early) | Crossing::Before(early)) = t10 else {
        return Ok(Ratio::Unknown);
    };
    if early <= 0.0 {
        return Ok(Ratio::Unknown);
    }
    Ok(match (t10, t90) {
        // A level that the first record has reached may have been reached earlier.
        (Crossing::At(early), Crossing::At(late)) if early > times[0] => Ratio::Exact(late / early),
        (_, Crossing::At(late) | Crossing::After(late)) => Ratio::AtLeast(late / early),
        (_, Crossing::Before(_)) => Ratio::Unknown,
    })
}
