use crate::TheoryError;

/// Why a form cannot be evaluated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// No form has this name.
    #[error("no closed form has the name {name:?}. Choose one of: {}", known.join(", "))]
    UnknownForm {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// The form has no such parameter.
    #[error("{form} has no parameter {parameter:?}. It takes: {}", known.join(", "))]
    UnknownParameter {
        /// The form.
        form: &'static str,
        /// What was given.
        parameter: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// A parameter without default is missing.
    #[error("{form} needs {parameter} ({domain}). Give it with -s {parameter}=…")]
    MissingParameter {
        /// The form.
        form: &'static str,
        /// What is missing.
        parameter: &'static str,
        /// What it may be.
        domain: &'static str,
    },
    /// A parameter has the wrong shape.
    #[error("{parameter} = {value}: must be {expected}")]
    Shape {
        /// The parameter.
        parameter: &'static str,
        /// What was given, shortened if it is long.
        value: String,
        /// What it must be.
        expected: &'static str,
    },
    /// The form cannot be evaluated at points of this kind.
    #[error("{form} {}{}", refused(given), offered(allowed))]
    WrongPoints {
        /// The form.
        form: &'static str,
        /// The option that was given; empty for none.
        given: &'static str,
        /// The options that it takes.
        allowed: Vec<&'static str>,
    },
    /// A time, fraction or step is not possible.
    #[error("{option} {value}: must be finite, and 0 or more if it is a time or step")]
    BadPoint {
        /// The option.
        option: &'static str,
        /// The value.
        value: f64,
    },
    /// A value is outside the domain of the formula.
    #[error(transparent)]
    Theory(#[from] TheoryError),
}

fn refused(given: &str) -> String {
    if given.is_empty() {
        String::new()
    } else {
        format!("cannot be evaluated with {given}; it ")
    }
}

fn offered(allowed: &[&str]) -> String {
    if allowed.is_empty() {
        "takes no points: leave --times, --fractions and --steps out".to_owned()
    } else {
        format!("needs {}", allowed.join(" or "))
    }
}
