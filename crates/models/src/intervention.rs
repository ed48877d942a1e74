//! Interventions break the feedback between the layers of a model during training.
//!
//! They are keys of a model's table, so variants can set them (`"models.net.freeze"`):
//!
//! ```
//! use layerwise_models::kinds;
//!
//! let net = kinds().build(
//!     "kind = 'mlp'\nwidths = [16]\nfreeze = ['layer 1']\nclamp = [{ layer = 2, norm = 1.5 }]".parse()?,
//! )?;
//! let interventions = net.interventions();
//! assert_eq!(interventions.frozen_from(0), Some(0));
//! assert_eq!(interventions.norm_of(1), Some(Some(1.5)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use schemars::{JsonSchema, Schema, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error},
};
use tasks::{KeyError, positive, stream};

use crate::HostArray;

/// A layer whose weights and biases stop learning.
///
/// Write `"layer 1"`, or `{ layer = 1, from = 1000 }` for a layer that learns until step 1000, or
/// `{ layer = 1, when = { metric = "train_accuracy", above = 0.99 } }` for one that learns until a
/// condition holds. Layers are counted from 1 at the inputs. The layers below a frozen layer still
/// learn, from the error that passes through its weights.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(transform = or_name)]
pub struct Freeze {
    /// The layer, from 1.
    pub layer: usize,
    /// The step from which the layer does not change; 0 if left out.
    #[serde(skip_serializing_if = "is_zero")]
    #[schemars(default)]
    pub from: u64,
    /// In place of `from`, the condition on the model itself that ends its learning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
}

/// A condition on a model, which holds from the first recorded step at which every index of a metric of
/// the model is beyond a bound. Until the metric is recorded for the first time, it does not hold.
///
/// It is looked at where the model is measured, so that the schedule of the metric decides how soon it
/// is noticed, and it holds to the end even if the metric returns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Name of a metric that is measured on the model.
    pub metric: String,
    /// All indices are above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// All indices are below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
}

impl Condition {
    /// Whether the condition holds of one value.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        self.above.is_none_or(|bound| value > bound) && self.below.is_none_or(|bound| value < bound)
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
fn is_zero(step: &u64) -> bool {
    *step == 0
}

impl<'de> Deserialize<'de> for Freeze {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            layer: usize,
            #[serde(default)]
            from: u64,
            when: Option<Condition>,
        }
        let Written { layer, from, when } = written(from)?;
        Ok(Self { layer, from, when })
    }
}

/// Adds the short form, `"layer 1"`, to the schema of a table that names a layer.
fn or_name(table: &mut Schema) {
    let written = table.clone();
    let name = json_schema!({ "type": "string", "pattern": "^layer [0-9]+$" });
    *table = json_schema!({ "anyOf": [name, written] });
}

/// Reads a table that names a layer, or its short form, `"layer 1"`.
fn written<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<T, D::Error> {
    let table = match toml::Value::deserialize(from)? {
        table @ toml::Value::Table(_) => table,
        short => {
            let layer = (short.as_str())
                .and_then(|name| name.strip_prefix("layer ")?.parse::<u32>().ok())
                .ok_or_else(|| {
                    D::Error::custom("names no layer, as \"layer 1\" or { layer = 1 } do")
                })?;
            toml::Table::from_iter([("layer".to_owned(), i64::from(layer).into())]).into()
        }
    };
    (table.try_into()).map_err(|error: toml::de::Error| D::Error::custom(error.message()))
}

/// A layer whose weights keep their norm: after each step they are rescaled to it. Biases are not
/// rescaled.
///
/// Write `"layer 2"` to keep the norm of the initial weights, or `{ layer = 2, norm = 1.5 }` for
/// another norm, to which the initial weights are rescaled, too.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[schemars(transform = or_name)]
pub struct Clamp {
    /// The layer, from 1.
    pub layer: usize,
    /// The Frobenius norm of its weights; that of the initial weights if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norm: Option<f64>,
}

impl<'de> Deserialize<'de> for Clamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            layer: usize,
            norm: Option<f64>,
        }
        let Written { layer, norm } = written(from)?;
        Ok(Self { layer, norm })
    }
}

/// Hidden neurons that are balanced again after every n-th step: the weights into a neuron and its bias
/// are multiplied by c and the weights out of it by c^−q so that |`w_in`|² = q|`w_out`|², where q is the
/// degree of the activation \[Du2018\].
///
/// The function of the net does not change, only how fast its layers learn. The start is left as it is,
/// and so are moments of the optimizer. Gradient flow keeps neurons balanced; large steps, decay and
/// unequal starts do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rebalance {
    /// Steps between two times. 1 or more.
    pub every: u64,
}

/// What carries the error back through the last layer, in place of its transposed weights.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Backward {
    /// Weights that never change: feedback alignment \[Lillicrap2016\]. The last layer follows its
    /// true gradient. The layers below it follow the gradient of the error that these weights carry
    /// back.
    Fixed {
        /// Standard deviation of random backward weights, drawn from the seed; give this or
        /// `value`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        std: Option<f64>,
        /// One value for all backward weights, for twins whose modes have one weight each.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<f64>,
    },
}

impl Backward {
    /// The backward weights in place of a last layer `[rows, columns]`.
    pub(crate) fn weights(self, rows: usize, columns: usize, seed: u64) -> HostArray {
        let Self::Fixed { std, value } = self;
        let values = match (value, std) {
            (Some(value), _) => vec![value; rows * columns],
            (None, std) => {
                let mut values = vec![0.0; rows * columns];
                let rng = &mut stream::keyed(seed, "backward weights", 0);
                stream::standard_normals(rng, &mut values);
                let std = std.unwrap_or(0.0);
                values.iter_mut().for_each(|value| *value *= std);
                values
            }
        };
        HostArray {
            name: "backward".to_owned(),
            rows,
            columns,
            values,
        }
    }
}

/// All interventions on one model. An engine that covers the model carries out all of them exactly.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Interventions {
    /// Layers that stop learning.
    pub freeze: Vec<Freeze>,
    /// What carries the error back through the last layer.
    pub feedback: Option<Backward>,
    /// Layers that keep their norm.
    pub clamp: Vec<Clamp>,
    /// When hidden neurons are balanced again.
    pub balance: Option<Rebalance>,
    /// The probability that a hidden neuron is left out of a row of a step.
    pub dropout: Option<f64>,
}

impl Interventions {
    /// Whether there are no interventions.
    #[must_use]
    pub fn is_none(&self) -> bool {
        let Self {
            freeze,
            feedback,
            clamp,
            balance,
            dropout,
        } = self;
        let every_layer = feedback.is_none() && balance.is_none() && dropout.is_none();
        freeze.is_empty() && clamp.is_empty() && every_layer
    }

    /// The step from which a layer, counted from 0, does not learn; `None` if it always learns, or learns
    /// until a condition holds.
    #[must_use]
    pub fn frozen_from(&self, layer: usize) -> Option<u64> {
        let own = self
            .freeze
            .iter()
            .filter(|freeze| freeze.layer == layer + 1 && freeze.when.is_none());
        own.map(|freeze| freeze.from).min()
    }

    /// The layers, counted from 0, that learn until a condition holds.
    pub fn frozen_when(&self) -> impl Iterator<Item = (usize, &Condition)> {
        (self.freeze.iter()).filter_map(|freeze| Some((freeze.layer - 1, freeze.when.as_ref()?)))
    }

    /// The norm that a layer, counted from 0, keeps: `None` if it keeps none, `Some(None)` if it
    /// keeps the norm of its initial weights.
    #[must_use]
    pub fn norm_of(&self, layer: usize) -> Option<Option<f64>> {
        let clamp = self.clamp.iter().find(|clamp| clamp.layer == layer + 1);
        clamp.map(|clamp| clamp.norm)
    }

    /// Checks that the interventions fit a model with this number of layers.
    ///
    /// # Errors
    /// The key that does not fit.
    pub(crate) fn check(&self, layers: usize) -> Result<(), KeyError> {
        let freeze = self.freeze.iter().map(|freeze| freeze.layer);
        let clamp = self.clamp.iter().map(|clamp| clamp.layer);
        let entries = (freeze.enumerate().map(|entry| ("freeze", entry)))
            .chain(clamp.enumerate().map(|entry| ("clamp", entry)));
        let mut seen: Vec<usize> = Vec::new();
        for (key, (position, layer)) in entries {
            let key = format!("{key}[{position}].layer");
            if !(1..=layers).contains(&layer) {
                let problem = format!("is no layer of this model, which has {layers}");
                let hint = "Count the layers from 1 at the inputs.";
                return Err(KeyError::new(key, layer, problem, hint));
            }
            if seen.contains(&layer) {
                let problem = "is named twice among freeze and clamp";
                return Err(KeyError::new(key, layer, problem, "Keep one of the two."));
            }
            seen.push(layer);
        }
        for (position, freeze) in self.freeze.iter().enumerate() {
            if let Some(when) = &freeze.when {
                check_condition(&format!("freeze[{position}]"), freeze.from, when)?;
            }
        }
        for (position, clamp) in self.clamp.iter().enumerate() {
            if let Some(norm) = clamp.norm {
                positive(&format!("clamp[{position}].norm"), norm)?;
            }
        }
        self.check_balance(layers)?;
        self.check_dropout(layers)?;
        let Some(Backward::Fixed { std, value }) = self.feedback else {
            return Ok(());
        };
        if layers < 2 {
            let hint = "Leave feedback out, or add a layer.";
            let problem = "needs a layer below the last one, for which it carries the error back";
            return Err(KeyError::new("feedback", "(given)", problem, hint));
        }
        match (std, value) {
            (Some(std), None) => positive("feedback.std", std).map(drop),
            (None, Some(value)) if value.is_finite() && value != 0.0 => Ok(()),
            (None, Some(value)) => {
                let problem = "must be finite and not 0";
                Err(KeyError::new(
                    "feedback.value",
                    value,
                    problem,
                    "Write for example 0.01.",
                ))
            }
            (std, _) => {
                let given = if std.is_some() { "(both)" } else { "(neither)" };
                let problem = "needs exactly one of std and value";
                let hint = "Write feedback = { kind = \"fixed\", std = 0.01 }.";
                Err(KeyError::new("feedback", given, problem, hint))
            }
        }
    }

    fn check_dropout(&self, layers: usize) -> Result<(), KeyError> {
        let Some(rate) = self.dropout else {
            return Ok(());
        };
        if !(0.0..1.0).contains(&rate) {
            let (problem, hint) = (
                "must be 0 or more and below 1: a probability to be left out",
                "Write for example dropout = 0.5.",
            );
            return Err(KeyError::new("dropout", rate, problem, hint));
        }
        if layers < 2 {
            let problem = "needs a hidden layer, whose neurons it leaves out";
            let hint = "Leave dropout out, or add a width.";
            return Err(KeyError::new("dropout", rate, problem, hint));
        }
        Ok(())
    }

    fn check_balance(&self, layers: usize) -> Result<(), KeyError> {
        let Some(Rebalance { every }) = self.balance else {
            return Ok(());
        };
        let refused =
            |problem: &str, hint: &str| Err(KeyError::new("balance", "(given)", problem, hint));
        if every == 0 {
            let (problem, hint) = ("must be 1 or more", "Write for example every = 100.");
            return Err(KeyError::new("balance.every", every, problem, hint));
        }
        if layers < 2 {
            let problem = "needs a hidden layer, whose neurons it balances";
            return refused(problem, "Leave balance out, or add a width.");
        }
        if !(self.freeze.is_empty() && self.clamp.is_empty()) {
            let problem = "would rescale layers that are frozen or keep their norm";
            return refused(problem, "Leave balance, or freeze and clamp, out.");
        }
        Ok(())
    }

    /// Rescales the initial weights of layers that keep a given norm. `layer_of` gives the layer of
    /// an array; biases do not change.
    pub(crate) fn rescale(&self, arrays: &mut [HostArray], layer_of: impl Fn(usize) -> usize) {
        for (place, array) in arrays.iter_mut().enumerate() {
            if let Some(Some(norm)) = self.norm_of(layer_of(place))
                && !array.is_bias()
            {
                let factor = norm / array.norm();
                // Weights that are all 0 cannot be rescaled.
                if factor.is_finite() {
                    array.values.iter_mut().for_each(|value| *value *= factor);
                }
            }
        }
    }
}

/// Checks what a layer learns until.
fn check_condition(place: &str, from: u64, when: &Condition) -> Result<(), KeyError> {
    let hint = "Write for example when = { metric = \"train_accuracy\", above = 0.99 }.";
    if from > 0 {
        let problem = "cannot be given beside when";
        return Err(KeyError::new(
            format!("{place}.from"),
            from,
            problem,
            "Keep one of the two.",
        ));
    }
    if when.above.is_none() && when.below.is_none() {
        let (key, problem) = (format!("{place}.when"), "needs above or below");
        return Err(KeyError::new(key, "(no bound)", problem, hint));
    }
    for (key, bound) in [("above", when.above), ("below", when.below)] {
        if let Some(bound) = bound.filter(|bound| !bound.is_finite()) {
            let key = format!("{place}.when.{key}");
            return Err(KeyError::new(key, bound, "must be finite", hint));
        }
    }
    Ok(())
}
