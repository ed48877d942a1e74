//! Errors of the closed forms.

/// Why a closed form has no value for the given parameters.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TheoryError {
    /// A parameter is outside the domain of the formula.
    #[error("{parameter} = {value}: must be {domain}")]
    Domain {
        /// Name of the parameter as in the signature.
        parameter: &'static str,
        /// What was passed.
        value: f64,
        /// What is allowed.
        domain: &'static str,
    },
    /// The strength never reaches the requested value at a time t ≥ 0.
    #[error(
        "fraction = {fraction} is never reached: the strength moves from {start} towards 1 of its \
         target, so fraction must be from {start} (included) to 1 (excluded)"
    )]
    FractionNotReached {
        /// Fraction of the target that was asked for.
        fraction: f64,
        /// Fraction of the target at t = 0.
        start: f64,
    },
    /// Balanced layers that start at 0, or on the other side of 0 than their target, end at 0.
    #[error(
        "fraction = {fraction} is never reached: with lambda = 0 a strength that starts at \
         {start} of its target ends at the saddle 0, so fraction must be from {start} (included) \
         to 0 (excluded unless it is the start)"
    )]
    EndsAtSaddle {
        /// Fraction of the target that was asked for.
        fraction: f64,
        /// Fraction of the target at t = 0.
        start: f64,
    },
    /// No skill has this index.
    #[error("skill = {skill}: must be below {skills}, the number of skills (counted from 0)")]
    UnknownSkill {
        /// Index that was asked for, counted from 0.
        skill: usize,
        /// How many skills there are.
        skills: usize,
    },
    /// A matrix or list has the wrong shape.
    #[error("{matrix} is {rows}x{columns}: must be {expected}")]
    Shape {
        /// Name of the matrix as in the signature.
        matrix: &'static str,
        /// Rows that were passed.
        rows: usize,
        /// Columns that were passed (1 for a list).
        columns: usize,
        /// What is allowed, with the numbers that follow from the other arguments.
        expected: String,
    },
    /// The two layers are not λ-balanced: W2ᵀW2 − W1W1ᵀ is not a multiple of the identity.
    #[error(
        "the layers are not balanced: |W2'W2 - W1W1' - lambda I| is {deviation:e} of \
         |W1|^2 + |W2|^2 at the best lambda = {lambda}, and must be at most {tolerance:e}"
    )]
    Unbalanced {
        /// Frobenius norm of the remainder, over |W1|² + |W2|².
        deviation: f64,
        /// The λ that fits best, tr(W2ᵀW2 − W1W1ᵀ)/h.
        lambda: f64,
        /// The largest deviation that is accepted.
        tolerance: f64,
    },
    /// Layers of these shapes cannot satisfy W2ᵀW2 − W1W1ᵀ = λ I.
    #[error(
        "no {hidden} hidden units between {inputs} inputs and {outputs} outputs are balanced with \
         lambda = {lambda}: lambda > 0 needs hidden <= outputs, lambda < 0 needs hidden <= inputs, \
         lambda = 0 exists for every shape"
    )]
    NoBalancedShape {
        /// Input width d.
        inputs: usize,
        /// Hidden width h.
        hidden: usize,
        /// Output width c.
        outputs: usize,
        /// The λ that was asked for.
        lambda: f64,
    },
}

/// `Ok` if `inside`, else the domain error for `parameter`.
pub(crate) fn require(
    inside: bool,
    parameter: &'static str,
    value: f64,
    domain: &'static str,
) -> Result<(), TheoryError> {
    if inside {
        Ok(())
    } else {
        Err(TheoryError::Domain {
            parameter,
            value,
            domain,
        })
    }
}

/// Requires a finite number above zero.
pub(crate) fn require_positive(parameter: &'static str, value: f64) -> Result<(), TheoryError> {
    require(
        value.is_finite() && value > 0.0,
        parameter,
        value,
        "finite and above 0",
    )
}

/// Checks that `fraction` is between `start` (included) and 1 (excluded).
pub(crate) fn require_on_the_way(fraction: f64, start: f64) -> Result<(), TheoryError> {
    let rising = start <= fraction && fraction < 1.0;
    let falling = 1.0 < fraction && fraction <= start;
    if rising || falling || fraction == start {
        Ok(())
    } else {
        Err(TheoryError::FractionNotReached { fraction, start })
    }
}
