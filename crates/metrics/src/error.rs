//! Errors of the metrics.

use crate::Stored;

/// Why a metric is not defined on its arguments.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MetricError {
    /// Two arguments that belong together differ in length.
    #[error("{name} has {found} entries: must have {expected}, like {like}")]
    Length {
        /// The argument at fault.
        name: &'static str,
        /// Its length.
        found: usize,
        /// The length it must have.
        expected: usize,
        /// The argument it must agree with.
        like: &'static str,
    },
    /// There are too few entries.
    #[error("{name} has {found} usable entries: must have at least {least}")]
    TooFew {
        /// The argument at fault.
        name: &'static str,
        /// How many usable entries it has.
        found: usize,
        /// How many it must have.
        least: usize,
    },
    /// One entry is outside its domain.
    #[error("{name}[{index}] = {value}: must be {domain}")]
    Entry {
        /// The argument at fault.
        name: &'static str,
        /// Position of the entry, from 0.
        index: usize,
        /// The entry.
        value: f64,
        /// What is allowed.
        domain: &'static str,
    },
    /// A number, or a property of a whole argument, is outside its domain.
    #[error("{name} = {value}: must be {domain}")]
    Domain {
        /// The argument or the property at fault.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        domain: &'static str,
    },
}

/// `Ok` if `found == expected`.
pub(crate) fn require_length(
    name: &'static str,
    found: usize,
    expected: usize,
    like: &'static str,
) -> Result<(), MetricError> {
    if found == expected {
        Ok(())
    } else {
        Err(MetricError::Length {
            name,
            found,
            expected,
            like,
        })
    }
}

/// `Ok` if `found >= least`.
pub(crate) fn require_at_least(
    name: &'static str,
    found: usize,
    least: usize,
) -> Result<(), MetricError> {
    if found >= least {
        Ok(())
    } else {
        Err(MetricError::TooFew { name, found, least })
    }
}

/// `Ok` if `inside`, else the domain error.
pub(crate) fn require(
    inside: bool,
    name: &'static str,
    value: f64,
    domain: &'static str,
) -> Result<(), MetricError> {
    if inside {
        Ok(())
    } else {
        Err(MetricError::Domain {
            name,
            value,
            domain,
        })
    }
}

/// `Ok` if every entry satisfies `inside`.
pub(crate) fn require_entries(
    name: &'static str,
    values: &[f64],
    domain: &'static str,
    inside: impl Fn(f64) -> bool,
) -> Result<(), MetricError> {
    match values.iter().position(|&value| !inside(value)) {
        None => Ok(()),
        Some(index) => Err(MetricError::Entry {
            name,
            index,
            value: values[index],
            domain,
        }),
    }
}

/// `Ok` if every number, in f64, satisfies `inside`.
pub(crate) fn require_stored<T: Stored>(
    name: &'static str,
    values: &[T],
    domain: &'static str,
    inside: impl Fn(f64) -> bool,
) -> Result<(), MetricError> {
    match values.iter().position(|value| !inside(value.wide())) {
        None => Ok(()),
        Some(index) => Err(MetricError::Entry {
            name,
            index,
            value: values[index].wide(),
            domain,
        }),
    }
}

/// The error for a metric that is not defined on its arguments.
pub(crate) fn undefined(name: &'static str, domain: &'static str) -> MetricError {
    MetricError::Domain {
        name,
        value: 0.0,
        domain,
    }
}
