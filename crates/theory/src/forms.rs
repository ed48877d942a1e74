//! Closed forms by name: the equation, assumptions and parameters of each, and its values for given
//! parameters.
//!
//! A program calls the typed functions of this crate. A [`Form`] gives the same by names and
//! numbers, for a command line or a notebook. A new form is one file and one line in [`forms`].
//!
//! ```
//! use theory::forms::{Inputs, Points, Value, form};
//! let mode = form("linear-mode")?;
//! let mut inputs = Inputs::new(Points::Times(vec![0.0, 1.0]));
//! inputs.set("input_power", 1.0);
//! inputs.set("target", 2.0);
//! let outputs = mode.evaluate(&inputs)?;
//! assert_eq!(outputs[0].0, "strength");
//! assert_eq!(outputs[0].1, Value::from(vec![0.0, 2.0 * (1.0 - (-1.0_f64).exp())]));
//! # Ok::<(), theory::forms::FormError>(())
//! ```

/// The table of parameters of a form: name, meaning, unit, domain, and the default if there is one.
macro_rules! parameters {
    ($($name:literal: $meaning:literal, $unit:literal, $domain:literal $(= $default:literal)?;)*) => {
        &[$(Parameter {
            name: $name,
            meaning: $meaning,
            unit: $unit,
            domain: $domain,
            default: parameters!(@default $($default)?),
        }),*]
    };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
}

/// The table of results of a form: name, meaning, unit.
macro_rules! outputs {
    ($($name:literal: $meaning:literal, $unit:literal;)*) => {
        &[$(Output { name: $name, meaning: $meaning, unit: $unit }),*]
    };
}

mod balanced_mode;
mod balanced_network;
mod data_emergence;
mod deep_features;
mod deep_mode;
mod error;
mod fixed_feedback;
mod frozen_layer;
mod inputs;
mod lambda_mode;
mod layer_chain;
mod linear_mode;
mod modular_addition;
mod muon_mode;
mod parameter_emergence;
mod probabilities;
mod random_start;
mod scalar_toy;
mod scaling_laws;
mod skills;
mod unconstrained_features;

pub use error::FormError;
pub use inputs::{Inputs, Points, Value};

use crate::TheoryError;

/// One parameter of a form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// Name, as in `-s name=value`.
    pub name: &'static str,
    /// What it is.
    pub meaning: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Allowed values.
    pub domain: &'static str,
    /// Default value; `None` if the parameter is required.
    pub default: Option<f64>,
}

/// One result of a form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Output {
    /// Name.
    pub name: &'static str,
    /// Meaning, and the shape if it is not one number per point.
    pub meaning: &'static str,
    /// Unit.
    pub unit: &'static str,
}

/// The results of one mode: its strength at times, or times at fractions.
const STRENGTH_AND_TIMES: &[Output] = outputs! {
    "strength": "s at the times", "strength";
    "times": "t at which s is the fraction of the target", "flow time";
};

/// The numbers of one mode: the time of every fraction, or every named function at the times.
fn of_mode(
    inputs: &Inputs,
    time_to_fraction: impl Fn(f64) -> Result<f64, TheoryError>,
    at_times: &[(&'static str, &dyn Fn(f64) -> f64)],
) -> Result<Outputs, FormError> {
    let points = inputs.points().values().iter();
    if let Points::Fractions(_) = inputs.points() {
        let times: Result<Vec<f64>, _> = points.map(|&q| time_to_fraction(q)).collect();
        return Ok(vec![("times", times?.into())]);
    }
    let values = |of: &dyn Fn(f64) -> f64| points.clone().map(|&t| of(t)).collect::<Vec<f64>>();
    let named = at_times.iter().map(|(name, of)| (*name, values(of).into()));
    Ok(named.collect())
}

/// Kinds of points at which a form can be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointKind {
    /// No points: the form also has numbers that need no points.
    None,
    /// At flow times.
    Times,
    /// At fractions of the target, which gives times.
    Fractions,
    /// At training steps.
    Steps,
}

/// Results of a form: names and values, in the order of [`Form::outputs`].
pub type Outputs = Vec<(&'static str, Value)>;

/// A closed form by name.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Name (`linear-mode`).
    pub name: &'static str,
    /// One line: what it describes.
    pub summary: &'static str,
    /// The equation, in the symbols of the parameters.
    pub equation: &'static str,
    /// Assumptions under which the form is exact.
    pub assumes: &'static str,
    /// Source: a citation key of `references.bib`, or a note on what was derived here and how it
    /// was checked.
    pub source: &'static str,
    /// Parameters.
    pub parameters: &'static [Parameter],
    /// Kinds of points; empty if the form takes no points, and with [`PointKind::None`] if points
    /// may be left out.
    pub points: &'static [PointKind],
    /// Results.
    pub outputs: &'static [Output],
    /// Computes the results. [`Form::evaluate`] calls it after checking names and points.
    pub(crate) numbers: fn(&Inputs) -> Result<Outputs, FormError>,
}

impl Form {
    /// Evaluates the form for `inputs`.
    ///
    /// # Errors
    ///
    /// A parameter is unknown or missing, the form does not take such points, or a value is outside
    /// its domain.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::forms::{Inputs, Points, form};
    /// let mode = form("balanced-mode")?;
    /// let mut inputs = Inputs::new(Points::Times(vec![0.0]));
    /// for (name, value) in [("input_power", 1.0), ("target", 2.0), ("initial", 0.5)] {
    ///     inputs.set(name, value);
    /// }
    /// assert_eq!(mode.evaluate(&inputs)?[0], ("strength", vec![0.5].into()));
    /// inputs.set("target", -2.0);
    /// let error = mode.evaluate(&inputs).unwrap_err();
    /// assert_eq!(error.to_string(), "target = -2: must be finite and above 0");
    /// # Ok::<(), theory::forms::FormError>(())
    /// ```
    pub fn evaluate(&self, inputs: &Inputs) -> Result<Outputs, FormError> {
        (self.numbers)(&self.resolve(inputs)?)
    }

    /// `inputs` with every default written out.
    ///
    /// # Errors
    ///
    /// A parameter is unknown or missing, or the form does not take such points.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::forms::{Inputs, Points, Value, form};
    /// let mut inputs = Inputs::new(Points::Times(vec![1.0]));
    /// inputs.set("input_power", 1.0);
    /// inputs.set("target", 2.0);
    /// let resolved = form("linear-mode")?.resolve(&inputs)?;
    /// assert_eq!(resolved.values()[2], ("initial".to_owned(), Value::Number(0.0)));
    /// # Ok::<(), theory::forms::FormError>(())
    /// ```
    pub fn resolve(&self, inputs: &Inputs) -> Result<Inputs, FormError> {
        inputs.checked(self)
    }
}

/// All forms, in the order of the theory.
///
/// # Examples
///
/// ```
/// let forms = theory::forms::forms();
/// assert_eq!(forms[0].name, "linear-mode");
/// assert!(forms.iter().all(|form| !form.equation.is_empty()));
/// ```
#[must_use]
pub fn forms() -> Vec<Form> {
    vec![
        linear_mode::FORM,
        balanced_mode::FORM,
        lambda_mode::FORM,
        deep_mode::FORM,
        layer_chain::FORM,
        frozen_layer::FORM,
        fixed_feedback::FORM,
        muon_mode::FORM,
        skills::FORM,
        data_emergence::FORM,
        parameter_emergence::FORM,
        scaling_laws::FORM,
        scalar_toy::FORM,
        unconstrained_features::FORM,
        deep_features::FORM,
        modular_addition::FORM,
        balanced_network::FORM,
        random_start::FORM,
    ]
}

/// The form called `name`.
///
/// # Errors
///
/// [`FormError::UnknownForm`] with the known names.
///
/// # Examples
///
/// ```
/// use theory::forms::form;
/// assert_eq!(form("deep-mode")?.parameters[0].name, "depth");
/// assert!(form("depth").unwrap_err().to_string().contains("deep-mode"));
/// # Ok::<(), theory::forms::FormError>(())
/// ```
pub fn form(name: &str) -> Result<Form, FormError> {
    forms()
        .into_iter()
        .find(|form| form.name == name)
        .ok_or_else(|| FormError::UnknownForm {
            name: name.to_owned(),
            known: forms().iter().map(|form| form.name).collect(),
        })
}
