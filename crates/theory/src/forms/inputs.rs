use std::fmt;

use nalgebra::DMatrix;

use super::{Form, FormError, PointKind};

/// A number, a list of numbers, a matrix (list of rows), …
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A list.
    List(Vec<Value>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::List(items) => {
                f.write_str("[")?;
                for (position, item) in items.iter().enumerate() {
                    let comma = if position > 0 { ", " } else { "" };
                    write!(f, "{comma}{item}")?;
                }
                f.write_str("]")
            }
        }
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// A list of rows.
impl From<&DMatrix<f64>> for Value {
    fn from(matrix: &DMatrix<f64>) -> Self {
        let rows = matrix.row_iter();
        rows.map(|row| row.iter().copied().collect::<Vec<_>>())
            .collect::<Vec<_>>()
            .into()
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

/// Points at which to evaluate a form.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Points {
    /// No points.
    #[default]
    None,
    /// Flow times, 0 or more.
    Times(Vec<f64>),
    /// Fractions of the target.
    Fractions(Vec<f64>),
    /// Training steps, 0 or more.
    Steps(Vec<f64>),
}

impl Points {
    /// The numbers.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::forms::Points;
    /// assert_eq!(Points::Steps(vec![0.0, 10.0]).values(), [0.0, 10.0]);
    /// assert!(Points::None.values().is_empty());
    /// ```
    #[must_use]
    pub fn values(&self) -> &[f64] {
        match self {
            Self::None => &[],
            Self::Times(values) | Self::Fractions(values) | Self::Steps(values) => values,
        }
    }

    /// The option that gives points like these (`--times`); empty for none.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::forms::Points;
    /// assert_eq!(Points::Times(vec![1.0]).option(), "--times");
    /// assert_eq!(Points::None.option(), "");
    /// ```
    #[must_use]
    pub fn option(&self) -> &'static str {
        match self {
            Self::None => "",
            Self::Times(_) => PointKind::Times.option(),
            Self::Fractions(_) => PointKind::Fractions.option(),
            Self::Steps(_) => PointKind::Steps.option(),
        }
    }

    fn kind(&self) -> Option<PointKind> {
        match self {
            Self::None => None,
            Self::Times(_) => Some(PointKind::Times),
            Self::Fractions(_) => Some(PointKind::Fractions),
            Self::Steps(_) => Some(PointKind::Steps),
        }
    }
}

impl PointKind {
    /// The command-line option for these points (`--times`), or `no points`.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::forms::PointKind::Fractions.option(), "--fractions");
    /// ```
    #[must_use]
    pub fn option(self) -> &'static str {
        match self {
            Self::None => "no points",
            Self::Times => "--times",
            Self::Fractions => "--fractions",
            Self::Steps => "--steps",
        }
    }
}

/// Parameters of a form by name, and the points at which to evaluate it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inputs {
    values: Vec<(String, Value)>,
    points: Points,
}

impl Inputs {
    /// No parameters yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::forms::{Inputs, Points};
    /// assert!(Inputs::new(Points::None).values().is_empty());
    /// ```
    #[must_use]
    pub fn new(points: Points) -> Self {
        Self {
            values: Vec::new(),
            points,
        }
    }

    /// Sets a parameter; the last value counts.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::forms::{Inputs, Points, Value};
    /// let mut inputs = Inputs::new(Points::None);
    /// inputs.set("target", 1.0);
    /// inputs.set("target", 2.0);
    /// assert_eq!(inputs.values(), [("target".to_owned(), Value::Number(2.0))]);
    /// ```
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.values.retain(|(known, _)| known != name);
        self.values.push((name.to_owned(), value.into()));
    }

    /// The points.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::forms::{Inputs, Points};
    /// let times = Points::Times(vec![0.5]);
    /// assert_eq!(Inputs::new(times.clone()).points(), &times);
    /// ```
    #[must_use]
    pub fn points(&self) -> &Points {
        &self.points
    }

    /// The parameters, in the order in which they were set.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::forms::{Inputs, Points, Value};
    /// let mut inputs = Inputs::new(Points::None);
    /// inputs.set("first", vec![0.1, 0.2]);
    /// assert_eq!(inputs.values()[0].1, Value::from(vec![0.1, 0.2]));
    /// ```
    #[must_use]
    pub fn values(&self) -> &[(String, Value)] {
        &self.values
    }

    /// A checked copy that has exactly the parameters of `form`, and points that the form takes.
    pub(super) fn checked(&self, form: &Form) -> Result<Self, FormError> {
        for (name, _) in &self.values {
            if !form.parameters.iter().any(|p| p.name == name) {
                return Err(FormError::UnknownParameter {
                    form: form.name,
                    parameter: name.clone(),
                    known: form.parameters.iter().map(|p| p.name).collect(),
                });
            }
        }
        let mut checked = Self::new(self.points.clone());
        for parameter in form.parameters {
            let given = self.values.iter().find(|(name, _)| name == parameter.name);
            match (given, parameter.default) {
                (Some((_, value)), _) => checked.set(parameter.name, value.clone()),
                (None, Some(value)) => checked.set(parameter.name, value),
                (None, None) => {
                    return Err(FormError::MissingParameter {
                        form: form.name,
                        parameter: parameter.name,
                        domain: parameter.domain,
                    });
                }
            }
        }
        let allowed = match self.points.kind() {
            None => form.points.is_empty() || form.points.contains(&PointKind::None),
            Some(kind) => form.points.contains(&kind),
        };
        if !allowed {
            return Err(FormError::WrongPoints {
                form: form.name,
                given: self.points.option(),
                allowed: form.points.iter().map(|kind| kind.option()).collect(),
            });
        }
        let lowest = match self.points {
            Points::Times(_) | Points::Steps(_) => 0.0,
            _ => f64::NEG_INFINITY,
        };
        let bad = |&&value: &&f64| !value.is_finite() || value < lowest;
        if let Some(&value) = self.points.values().iter().find(bad) {
            return Err(FormError::BadPoint {
                option: self.points.option(),
                value,
            });
        }
        Ok(checked)
    }

    fn value(&self, name: &str) -> &Value {
        let found = self.values.iter().find(|(known, _)| known == name);
        &found.expect("a form asks for its own parameters only").1
    }

    fn shape(&self, name: &'static str, expected: &'static str) -> FormError {
        /// Number of characters of a list that are shown.
        const SHOWN: usize = 60;
        let mut value = self.value(name).to_string();
        if let Some((end, _)) = value.char_indices().nth(SHOWN) {
            value.replace_range(end.., "…");
        }
        FormError::Shape {
            parameter: name,
            value,
            expected,
        }
    }

    /// A parameter that is one number.
    pub(super) fn number(&self, name: &'static str) -> Result<f64, FormError> {
        match self.value(name) {
            Value::Number(number) => Ok(*number),
            Value::List(_) => Err(self.shape(name, "a number")),
        }
    }

    /// A parameter that is a whole number, 0 or more.
    pub(super) fn count(&self, name: &'static str) -> Result<usize, FormError> {
        /// A limit far above any size that fits into memory, and exact in f64.
        const LARGEST: f64 = 1e12;
        let number = self.number(name)?;
        if number >= 0.0 && number.fract() == 0.0 && number <= LARGEST {
            Ok(number as usize)
        } else {
            Err(self.shape(name, "a whole number, 0 or more"))
        }
    }

    /// A parameter that is a list of numbers.
    pub(super) fn list(&self, name: &'static str) -> Result<Vec<f64>, FormError> {
        numbers(self.value(name))
            .ok_or_else(|| self.shape(name, "a list of numbers, for example [0.1, 0.2]"))
    }

    /// A parameter that is a matrix: a non-empty list of non-empty rows of equal length.
    pub(super) fn rows(&self, name: &'static str) -> Result<Vec<Vec<f64>>, FormError> {
        let expected = "a matrix: a list of rows of one length, for example [[1, 0], [0, 1]]";
        let error = || self.shape(name, expected);
        let Value::List(rows) = self.value(name) else {
            return Err(error());
        };
        let rows: Option<Vec<Vec<f64>>> = rows.iter().map(numbers).collect();
        let width = |rows: &[Vec<f64>]| rows.first().map_or(0, Vec::len);
        rows.filter(|rows| width(rows) > 0 && rows.iter().all(|row| row.len() == width(rows)))
            .ok_or_else(error)
    }

    /// A parameter that is a matrix.
    pub(super) fn matrix(&self, name: &'static str) -> Result<DMatrix<f64>, FormError> {
        let rows = self.rows(name)?;
        // `rows` has rejected empty and ragged lists.
        Ok(DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| {
            rows[i][j]
        }))
    }
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    let Value::List(items) = value else {
        return None;
    };
    let number = |item: &Value| match item {
        Value::Number(number) => Some(*number),
        Value::List(_) => None,
    };
    items.iter().map(number).collect()
}
