//! Errors of the host MLP.

/// Why a network, a loss or an optimizer rejects its arguments.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MlpError {
    /// A slice has the wrong length.
    #[error("{name} has {found} entries: must have {expected}")]
    Length {
        /// The argument at fault.
        name: &'static str,
        /// Its length.
        found: usize,
        /// The length it must have.
        expected: usize,
    },
    /// A slice of one layer's parameters has the wrong length.
    #[error("{name} of layer {layer} has {found} entries: must have {expected}")]
    LayerLength {
        /// `weight`, `bias` or `inputs`.
        name: &'static str,
        /// The layer, from 0.
        layer: usize,
        /// Its length.
        found: usize,
        /// The length it must have.
        expected: usize,
    },
    /// The network has no layer.
    #[error("layers is empty: must have at least one layer")]
    NoLayers,
    /// A number is outside its domain.
    #[error("{name} = {value}: must be {domain}")]
    Domain {
        /// The parameter at fault.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        domain: &'static str,
    },
    /// An optimizer of matrices got parameters without rows and columns.
    #[error("muon steps matrices, and these parameters have no rows and columns: use sign")]
    NoMatrices,
    /// A target row of the cross-entropy is not a distribution over two or more classes.
    #[error(
        "targets of row {row} are not probabilities of two or more classes: must be 0 or more, \
         with the sum 1"
    )]
    NotDistribution {
        /// The row, from 0.
        row: usize,
    },
    /// A target row of the hinge loss has a number other than 1 and −1.
    #[error("targets of row {row} are not signs: must be 1 or -1")]
    NotSigns {
        /// The row, from 0.
        row: usize,
    },
}

/// `Ok` if `found == expected`.
pub(crate) fn require_length(
    name: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), MlpError> {
    if found == expected {
        Ok(())
    } else {
        Err(MlpError::Length {
            name,
            found,
            expected,
        })
    }
}

/// `Ok` if `inside`, else the domain error.
pub(crate) fn require(
    inside: bool,
    name: &'static str,
    value: f64,
    domain: &'static str,
) -> Result<(), MlpError> {
    if inside {
        Ok(())
    } else {
        Err(MlpError::Domain {
            name,
            value,
            domain,
        })
    }
}
