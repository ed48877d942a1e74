use mlp::Activation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{
    FileCache, KeyError, Reference, TaskInstance, TaskShape, parse_table, positive,
    reference::schema_of, table_of,
};

use super::{
    classifier::ClassifierStart,
    count::few_enough,
    parametrisation::{Multipliers, Parametrisation},
};
use crate::{
    Backward, BiasInit, Clamp, Freeze, HostArray, HostLayers, HostNet, Interventions, Model, Needs,
    Rebalance, Role, Scales, WeightFile, WeightInit, init::NetShape,
};

/// A multilayer perceptron: f(x) = α W_L σ(… σ(W_1 x + b_1) …) + α b_L.
///
/// Its scales are κ = `weight_scale`, g = `imbalance` and α = `output_scale`; the scales of the targets and of the
/// inputs, τ and ξ, are keys of the task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mlp {
    /// Number of neurons of each hidden layer; `[]` makes a linear model.
    pub widths: Vec<usize>,
    /// Activation σ of the hidden layers.
    #[serde(default)]
    pub activation: Activation,
    /// Whether layers have biases.
    #[serde(default = "yes")]
    pub bias: bool,
    /// Initial weights.
    #[serde(default = "he")]
    pub init: WeightInit,
    /// Rows of the last layer that are given at the start; drawn by `init` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classifier: Option<ClassifierStart>,
    /// Factor on the initial weights and biases of each layer, the output layer included; 1 for all if left out.
    #[serde(default)]
    pub layer_scales: Vec<f64>,
    /// Layers that start small: the first few, with one factor on their initial weights and biases, beside `layer_scales`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub small: Option<SmallLayers>,
    /// κ: factor on all initial weights and biases. Above 0.
    #[serde(default = "one")]
    pub weight_scale: f64,
    /// g: factor on the initial weights and biases of the first layer. Above 0. Those of the last layer are divided by
    /// g^(q^(L−1)), where q is the degree of the activation (2 for quadratic, else 1), so that a homogeneous net of
    /// L layers without biases starts at the same function.
    #[serde(default = "one")]
    pub imbalance: f64,
    /// How initial weights and learning rates depend on the widths.
    #[serde(default)]
    pub parametrisation: Parametrisation,
    /// Width at which all parametrisations are the same; 1 unless given. Not for the standard one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_width: Option<usize>,
    /// α: factor on the output. Above 0.
    #[serde(default = "one")]
    pub output_scale: f64,
    /// Whether the output at initial weights is subtracted, so that f = 0 at the start.
    #[serde(default)]
    pub centre_output: bool,
    /// Whether the net is replaced by its first-order expansion in the parameters around its start,
    /// f(θ0) + ∂f/∂θ (θ − θ0) \[Chizat2019\].
    #[serde(default)]
    pub linearised: bool,
    /// Which neurons of which rows are on, decided once: a neuron with slope σ'(z0) at its start passes
    /// σ'(z0) z on for good, so that the net is linear in each layer and starts as the net without this
    /// key; left out, neurons switch as they learn. For `relu` and `leaky-relu`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gates: Option<Gates>,
    /// Factor on the learning rate of this model. Above 0.
    #[serde(default = "one")]
    pub lr_scale: f64,
    /// Layers that do not learn, or only until a step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<Freeze>,
    /// The weights that carry the error back through the last layer; its own weights if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Backward>,
    /// Layers whose weights keep their norm.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clamp: Vec<Clamp>,
    /// When hidden neurons are balanced again, without a change of the function; for homogeneous
    /// activations (`relu`, `leaky-relu`, `quadratic`, `identity`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Rebalance>,
    /// p: the probability that a hidden neuron is left out of a row of a training step. What stays is divided by 1 − p,
    /// after the activation, as PyTorch's `Dropout` does; the net is measured whole. 0 or more, below 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
    #[serde(skip)]
    kind: Kind,
}

/// Layers that start small while the others keep their scale: how many there are sets how long a net waits at its
/// first saddle [Rawal2026].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmallLayers {
    /// r: the first r layers are small; 0 for none, at most the number of layers.
    pub layers: usize,
    /// ε: factor on their initial weights and biases. Above 0.
    pub scale: f64,
}

/// When the gates of a net are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gates {
    /// By the initial weights.
    Start,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Mlp,
    DeepLinear,
}

/// What readers are told of `mlp`.
pub(super) const MLP: Reference =
    Reference::of::<Mlp>("widths = [64]\nactivation = \"relu\"\ninit = { kind = \"he\" }");

/// What readers are told of `deep-linear`.
pub(super) const DEEP_LINEAR: Reference = Reference::new(deep_linear_schema, "widths = [64]").about(
    "A deep linear net: a multilayer perceptron without activation, f(x) = α W_L … W_1 x, and without biases \
     unless asked for. Its keys are those of `mlp`.",
);

/// The keys of an `mlp`, without the activation and with another default of `bias`.
fn deep_linear_schema() -> serde_json::Value {
    let mut schema = schema_of::<Mlp>();
    if let Some(keys) = schema["properties"].as_object_mut() {
        keys.shift_remove("activation");
    }
    schema["properties"]["bias"]["default"] = false.into();
    schema
}

fn yes() -> bool {
    true
}

fn one() -> f64 {
    1.0
}

fn he() -> WeightInit {
    WeightInit::He {
        scale: 1.0,
        biases: BiasInit::Zero,
    }
}

/// Checks the table of an `mlp`.
///
/// # Errors
/// Keys that do not fit.
pub(super) fn mlp(
    table: toml::Table,
    files: &FileCache<WeightFile>,
) -> Result<Box<dyn Model>, KeyError> {
    Ok(Box::new(Mlp::checked(table, Kind::Mlp, files)?))
}

/// Checks the table of a `deep-linear` net: an MLP with the identity as activation and, unless
/// asked for, no biases.
///
/// # Errors
/// Keys that do not fit.
pub(super) fn deep_linear(
    mut table: toml::Table,
    files: &FileCache<WeightFile>,
) -> Result<Box<dyn Model>, KeyError> {
    if let Some(other) = table
        .get("activation")
        .filter(|a| a.as_str() != Some("identity"))
    {
        return Err(KeyError::new(
            "activation",
            other,
            "is not the identity, which makes a deep linear net",
            "Leave it out, or use kind = \"mlp\".",
        ));
    }
    table.insert(
        "activation".to_owned(),
        toml::Value::String("identity".to_owned()),
    );
    table.entry("bias").or_insert(toml::Value::Boolean(false));
    Ok(Box::new(Mlp::checked(table, Kind::DeepLinear, files)?))
}

impl Mlp {
    fn checked(
        table: toml::Table,
        kind: Kind,
        files: &FileCache<WeightFile>,
    ) -> Result<Self, KeyError> {
        let mut mlp: Self = parse_table(table)?;
        mlp.kind = kind;
        if let Some(position) = mlp.widths.iter().position(|&width| width == 0) {
            return Err(KeyError::new(
                format!("widths[{position}]"),
                0,
                "must be 1 or more",
                "Give each hidden layer at least one neuron.",
            ));
        }
        let layers = mlp.widths.len() + 1;
        if !mlp.layer_scales.is_empty() && mlp.layer_scales.len() != layers {
            return Err(KeyError::new(
                "layer_scales",
                format!("{:?}", mlp.layer_scales),
                format!("has {} entries for {layers} layers", mlp.layer_scales.len()),
                "Give one factor per layer, the output layer included.",
            ));
        }
        if let Some(position) = mlp.layer_scales.iter().position(|scale| !scale.is_finite()) {
            return Err(KeyError::new(
                format!("layer_scales[{position}]"),
                mlp.layer_scales[position],
                "must be finite",
                "Write 1 for a layer that stays as it is.",
            ));
        }
        if let Some(small) = mlp.small {
            positive("small.scale", small.scale)?;
            if small.layers > layers {
                return Err(KeyError::new(
                    "small.layers",
                    small.layers,
                    format!("is more than the {layers} layers of this net"),
                    "Count the output layer, and write at most that many.",
                ));
            }
        }
        mlp.init.check(files)?;
        let refuse = |problem: &str, hint: &str| {
            let init = toml::Value::try_from(&mlp.init);
            let init = init.map_or(String::new(), |init| init["kind"].to_string());
            Err(KeyError::new("init.kind", init, problem, hint))
        };
        if mlp.classifier.is_some() && mlp.init.is_given() {
            let hint = "Leave classifier out, or draw the weights.";
            return refuse("gives all weights itself", hint);
        }
        if mlp.imbalance != 1.0 && mlp.init.is_linear() {
            let hint = "Leave imbalance out, and write lambda in init.";
            return refuse("sets the balance of the layers itself", hint);
        }
        if mlp.init.is_linear() && kind == Kind::Mlp {
            let hint = "Use kind = \"deep-linear\" for the model.";
            return refuse("is for linear nets", hint);
        }
        if mlp.init.is_joint() && (mlp.bias || mlp.widths.is_empty()) {
            let hint = "Write bias = false, and at least one hidden width.";
            return refuse("is for nets without biases and with a hidden layer", hint);
        }
        if mlp.imbalance != 1.0 && mlp.widths.is_empty() {
            let hint = "Add a hidden width, or leave imbalance out.";
            let problem = "needs two layers to move weight between";
            return Err(KeyError::new("imbalance", mlp.imbalance, problem, hint));
        }
        mlp.check_parametrisation()?;
        for (key, value) in [
            ("weight_scale", mlp.weight_scale),
            ("imbalance", mlp.imbalance),
            ("output_scale", mlp.output_scale),
            ("lr_scale", mlp.lr_scale),
        ] {
            positive(key, value)?;
        }
        mlp.check_interventions()?;
        Ok(mlp)
    }

    fn check_interventions(&self) -> Result<(), KeyError> {
        self.interventions().check(self.widths.len() + 1)?;
        if self.linearised && self.feedback.is_some() {
            let problem =
                "has no meaning for a linearised net, whose layers do not govern each other";
            let hint = "Leave feedback or linearised out.";
            return Err(KeyError::new("feedback", "(given)", problem, hint));
        }
        if self.gates.is_some() {
            self.check_gates()?;
        }
        if let Some(rate) = self.dropout
            && !self.is_plain()
        {
            let problem = "does not go with linearised or gates";
            return Err(KeyError::new(
                "dropout",
                rate,
                problem,
                "Leave one of them out.",
            ));
        }
        if self.balance.is_some() && (self.linearised || !self.activation.is_homogeneous()) {
            let problem = "would change the function of this net, whose activation is not homogeneous \
                           or which is linearised";
            let hint = "Leave balance out, or write activation = \"relu\".";
            return Err(KeyError::new("balance", "(given)", problem, hint));
        }
        Ok(())
    }

    fn check_gates(&self) -> Result<(), KeyError> {
        let refuse =
            |problem: &str, hint: &str| Err(KeyError::new("gates", "\"start\"", problem, hint));
        if !self.activation.is_homogeneous() || self.activation.degree() != 1.0 {
            let hint = "Leave gates out, or write activation = \"relu\".";
            return refuse("is for nets whose neurons are on or off", hint);
        }
        if self.linearised || self.feedback.is_some() {
            let hint = "Leave one of them out.";
            return refuse("does not go with linearised or feedback", hint);
        }
        Ok(())
    }

    /// Whether the function is that of the parameters alone, layer after layer.
    fn is_plain(&self) -> bool {
        !self.linearised && self.gates.is_none()
    }

    fn check_parametrisation(&self) -> Result<(), KeyError> {
        let standard = self.parametrisation == Parametrisation::Standard;
        match self.base_width {
            Some(width) if standard => {
                let problem = "has no effect in the standard parametrisation";
                let hint = "Leave it out, or write parametrisation = \"ntk\" or \"mean-field\".";
                Err(KeyError::new("base_width", width, problem, hint))
            }
            Some(0) => {
                let hint =
                    "Write the width at which the net is as in the standard parametrisation.";
                Err(KeyError::new("base_width", 0, "must be 1 or more", hint))
            }
            _ if !standard && self.init.is_joint() => {
                let value = toml::Value::try_from(self.parametrisation);
                let value = value.map_or(String::new(), |value| value.to_string());
                let problem = "goes with weights that are drawn layer by layer";
                let hint = "Write init = { kind = \"he\" }, or leave parametrisation out.";
                Err(KeyError::new("parametrisation", value, problem, hint))
            }
            _ => Ok(()),
        }
    }

    /// Multipliers of every layer.
    pub fn multipliers(&self) -> Vec<Multipliers> {
        (self.parametrisation).multipliers(&self.widths, self.base_width.unwrap_or(1))
    }

    /// Layers L.
    fn depth(&self) -> i32 {
        i32::try_from(self.widths.len() + 1).unwrap_or(i32::MAX)
    }

    /// Factors on the initial weights of each layer.
    fn initial_scales(&self) -> Vec<f64> {
        let last = self.widths.len();
        let of_layer = |layer: usize| {
            let own = self.layer_scales.get(layer).copied().unwrap_or(1.0);
            let moved = match layer {
                _ if self.imbalance == 1.0 => 1.0,
                0 => self.imbalance,
                layer if layer == last => {
                    let degree = self.activation.degree().powi(self.depth() - 1);
                    self.imbalance.powf(-degree)
                }
                _ => 1.0,
            };
            let small = match self.small {
                Some(small) if layer < small.layers => small.scale,
                _ => 1.0,
            };
            own * small * self.weight_scale * moved
        };
        (0..=last).map(of_layer).collect()
    }

    /// Widths from the inputs to the outputs.
    fn all_widths(&self, shape: TaskShape) -> Vec<usize> {
        std::iter::once(shape.inputs)
            .chain(self.widths.iter().copied())
            .chain(std::iter::once(shape.outputs))
            .collect()
    }
}

impl Model for Mlp {
    fn resolved(&self) -> toml::Table {
        table_of(
            match self.kind {
                Kind::Mlp => "mlp",
                Kind::DeepLinear => "deep-linear",
            },
            self,
        )
    }

    fn structure(&self) -> toml::Table {
        let mut table = self.resolved();
        for start in [
            "init",
            "layer_scales",
            "small",
            "weight_scale",
            "imbalance",
            "lr_scale",
        ] {
            table.remove(start);
        }
        table
    }

    fn role(&self) -> Role {
        match self.kind {
            Kind::Mlp if self.gates.is_some() => Role::Twin,
            Kind::Mlp => Role::Net,
            // One affine map has no layers that could govern each other.
            Kind::DeepLinear if self.widths.is_empty() => Role::Linear,
            Kind::DeepLinear => Role::Twin,
        }
    }

    fn check_seed(&self, seed: u64) -> Result<(), KeyError> {
        self.init.check_seed(seed)
    }

    fn has_matrices(&self) -> bool {
        true
    }

    fn needs(&self) -> Needs {
        Needs {
            inputs: true,
            basis: false,
        }
    }

    fn lr_scale(&self) -> f64 {
        self.lr_scale
    }

    fn centred(&self) -> bool {
        self.centre_output
    }

    fn interventions(&self) -> Interventions {
        Interventions {
            freeze: self.freeze.clone(),
            feedback: self.feedback,
            clamp: self.clamp.clone(),
            balance: self.balance,
            dropout: self.dropout,
        }
    }

    fn layer_of(&self, place: usize) -> usize {
        place / if self.bias { 2 } else { 1 }
    }

    fn backward(&self, shape: TaskShape, seed: u64) -> Option<HostArray> {
        let inputs = *self.widths.last()?;
        Some(self.feedback?.weights(inputs, shape.outputs, seed))
    }

    fn scales(&self) -> Option<Scales> {
        let (degree, depth) = (self.activation.degree(), self.depth());
        if self.linearised {
            return None;
        }
        Some(Scales {
            weights: self.weight_scale,
            output: self.output_scale,
            degree: (0..depth).map(|power| degree.powi(power)).sum(),
            input_degree: degree.powi(depth - 1),
            exact: self.activation.is_homogeneous() && !self.bias,
        })
    }

    fn check(&self, shape: TaskShape) -> Result<(), KeyError> {
        if shape.inputs > 0 {
            let widths = self.all_widths(shape);
            let layers = widths.windows(2);
            let parameters = layers
                .map(|ends| (ends[0] as f64 + 1.0) * ends[1] as f64)
                .sum();
            few_enough("widths", format!("{:?}", self.widths), parameters)?;
            if let Some(start) = self.classifier {
                start.check(widths[widths.len() - 2], shape.outputs)?;
            }
            return self.init.check_widths(&widths, self.bias);
        }
        Err(KeyError::new(
            "kind",
            "\"mlp\"",
            "needs inputs, and this task (a population over skills) has none",
            "Use a model on the skill basis, or data with inputs.",
        ))
    }

    fn initial(&self, task: &dyn TaskInstance, shape: TaskShape, seed: u64) -> Vec<HostArray> {
        let net = NetShape {
            bias: self.bias,
            output_scale: self.output_scale,
        };
        let widths = self.all_widths(shape);
        let mut arrays = (self.init).layers(seed, task, &widths, &self.initial_scales(), net);
        if self.init.is_given() {
            self.interventions()
                .rescale(&mut arrays, |place| self.layer_of(place));
            return arrays;
        }
        let per_layer = if self.bias { 2 } else { 1 };
        for (arrays, factors) in arrays.chunks_mut(per_layer).zip(self.multipliers()) {
            for (array, factor) in arrays
                .iter_mut()
                .zip([factors.start / factors.weight, 1.0 / factors.bias])
                .filter(|(_, factor)| *factor != 1.0)
            {
                array.values.iter_mut().for_each(|value| *value *= factor);
            }
        }
        if let Some(start) = self.classifier {
            let last = arrays.len() - per_layer;
            start.set(&mut arrays[last], seed);
        }
        self.interventions()
            .rescale(&mut arrays, |place| self.layer_of(place));
        arrays
    }

    fn host(&self, parameters: &[HostArray]) -> Option<HostNet> {
        if !self.is_plain() {
            return None;
        }
        let per_layer = if self.bias { 2 } else { 1 };
        let scaled = |array: &HostArray, factor: f64| {
            let values = array.values.iter();
            values.map(|value| factor * value).collect::<Vec<f64>>()
        };
        let multipliers = self.multipliers();
        let layers = parameters.chunks(per_layer).zip(&multipliers);
        let layers = layers.map(|(arrays, factors)| mlp::Layer {
            inputs: arrays[0].rows,
            outputs: arrays[0].columns,
            weight: scaled(&arrays[0], factors.weight),
            bias: arrays.get(1).map(|bias| scaled(bias, factors.bias)),
        });
        let net = mlp::Mlp {
            layers: layers.collect(),
            activation: self.activation,
        };
        Some(HostNet {
            net,
            output_scale: self.output_scale,
            rates: multipliers.into_iter().map(Multipliers::rate).collect(),
        })
    }

    fn host_layers(&self, parameters: &[HostArray]) -> Option<HostLayers> {
        if !self.is_plain() {
            return None;
        }
        let per_layer = if self.bias { 2 } else { 1 };
        let layers = parameters.chunks(per_layer).zip(self.multipliers());
        let layers = layers.map(|(arrays, factors)| mlp::LayerConfig {
            inputs: arrays[0].rows,
            outputs: arrays[0].columns,
            bias: self.bias,
            weight_multiplier: factors.weight,
            bias_multiplier: factors.bias,
        });
        Some(HostLayers {
            layers: layers.collect(),
            activation: self.activation,
            output_scale: self.output_scale,
            centred: self.centre_output,
        })
    }

    fn remembers_start(&self) -> bool {
        self.centre_output || !self.is_plain()
    }
}
