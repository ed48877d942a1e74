use std::any::Any;

use mlp::{LayerRate, MlpError};
use tasks::{Batch, KeyError, TaskInstance, TaskShape};

use crate::{HiddenFeatures, HostArray, Interventions, Role, Scales};

/// Which parts of a batch a model reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// The inputs `[N, D]`.
    pub inputs: bool,
    /// The basis functions `[N, B]`.
    pub basis: bool,
}

impl Needs {
    /// The union of both needs.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            inputs: self.inputs || other.inputs,
            basis: self.basis || other.basis,
        }
    }
}

/// A net on the host, for metrics that need its gradients.
#[derive(Debug, Clone, PartialEq)]
pub struct HostNet {
    /// The net, with multipliers included in its weights, but without the factor on its output.
    pub net: mlp::Mlp,
    /// α: factor on the output. It also multiplies gradients of the output.
    pub output_scale: f64,
    /// Squared multipliers of the parametrisation, layer by layer.
    pub rates: Vec<LayerRate>,
}

impl HostNet {
    /// Whether the weights of the net are the parameters themselves.
    pub fn is_standard(&self) -> bool {
        self.rates.iter().all(|rate| *rate == LayerRate::default())
    }

    /// The packed tangent kernel of the parameters on these rows, without the factor α² of the
    /// output scale; see [`mlp::Mlp::ntk_packed`].
    ///
    /// # Errors
    /// The rows do not fit the net.
    pub fn kernel(&self, inputs: &[f64], rows: usize) -> Result<Vec<f64>, MlpError> {
        self.net.ntk_packed(inputs, rows, &self.rates)
    }
}

/// A multilayer perceptron in the form that the host trainer needs.
#[derive(Debug, Clone, PartialEq)]
pub struct HostLayers {
    /// Layers from input to output, with the multipliers of the parametrisation.
    pub layers: Vec<mlp::LayerConfig>,
    /// φ between them.
    pub activation: mlp::Activation,
    /// α: factor on the output.
    pub output_scale: f64,
    /// Whether the output at initial weights is subtracted.
    pub centred: bool,
}

/// A model: a pure function of its parameters and a batch.
///
/// This trait is its description: its initial parameters, the parts of a batch that it reads, and
/// the same net on the host. Engines provide the function itself.
pub trait Model: Any + Send + Sync {
    /// The spec table with every default written out, `kind` included.
    fn resolved(&self) -> toml::Table;

    /// The role of the model, unless the spec sets another.
    fn role(&self) -> Role {
        Role::Twin
    }

    /// Which parts of a batch the model reads.
    fn needs(&self) -> Needs;

    /// Everything that determines the function of parameters and rows, without keys that affect
    /// only the initial parameters or the learning rate. Models of one structure can be trained
    /// together.
    fn structure(&self) -> toml::Table {
        self.resolved()
    }

    /// Factor on the learning rate of the run, because twins have their own clock.
    fn lr_scale(&self) -> f64;

    /// Whether the output at initial weights is subtracted, so that the model starts at zero.
    fn centred(&self) -> bool {
        false
    }

    /// Checks that the model can be trained on rows of this shape.
    ///
    /// # Errors
    /// A key of the model does not fit the rows.
    fn check(&self, shape: TaskShape) -> Result<(), KeyError>;

    /// Checks problems that depend on the seed, such as a missing file of initial weights.
    ///
    /// # Errors
    /// A key of the model is not valid for this seed.
    fn check_seed(&self, _seed: u64) -> Result<(), KeyError> {
        Ok(())
    }

    /// Initial parameters of `seed`, drawn on the host.
    fn initial(&self, task: &dyn TaskInstance, shape: TaskShape, seed: u64) -> Vec<HostArray>;

    /// The same net on the host; `None` if the model is not a multilayer perceptron.
    fn host(&self, _parameters: &[HostArray]) -> Option<HostNet> {
        None
    }

    /// What the host trainer needs to train the model from these parameters; `None` if it does not
    /// cover the model.
    fn host_layers(&self, _parameters: &[HostArray]) -> Option<HostLayers> {
        None
    }

    /// Whether the outputs are Σ_k s_k g_k on the basis functions g, with s the product of all
    /// parameters, entry by entry.
    fn is_product(&self) -> bool {
        false
    }

    /// Whether every array that is not a bias is the matrix of a linear map, so that its singular
    /// values have a meaning. Optimizers [of matrices](mlp::Optimizer::of_matrices) need it.
    fn has_matrices(&self) -> bool {
        false
    }

    /// Features of every hidden layer on some rows of the task, and the last layer; `None` if the
    /// model has no hidden layer.
    ///
    /// # Errors
    /// The parameters do not fit the rows.
    fn hidden_features(
        &self,
        parameters: &[HostArray],
        rows: &Batch,
    ) -> Result<Option<HiddenFeatures>, MlpError> {
        match self.host(parameters) {
            Some(host) => HiddenFeatures::of_net(&host, rows),
            None => Ok(None),
        }
    }

    /// The scales of the net, whose combination alone matters to gradient descent; `None` if the
    /// model has no such scales.
    fn scales(&self) -> Option<Scales> {
        None
    }

    /// What is done to it in training to break the feedback between its layers.
    fn interventions(&self) -> Interventions {
        Interventions::default()
    }

    /// The layer, from 0, of the array at `place` among those of [`Model::initial`]. Interventions
    /// name layers.
    fn layer_of(&self, place: usize) -> usize {
        place
    }

    /// Backward weights in place of the last layer's, drawn on the host; `None` where the error goes
    /// back through the weights themselves.
    fn backward(&self, _shape: TaskShape, _seed: u64) -> Option<HostArray> {
        None
    }

    /// Whether the outputs also depend on the initial parameters, for example because the initial
    /// output is subtracted.
    fn remembers_start(&self) -> bool {
        self.centred()
    }
}
