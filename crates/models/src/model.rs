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
    /// What either needs.
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
    /// The net, multipliers in its weights, without the factor on its output.
    pub net: mlp::Mlp,
    /// α: factor on the output. Gradients of the output carry it, too.
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

/// A multilayer perceptron as the host's own trainer sees it.
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
/// This is its description, without the function itself: where it starts, what it reads, what it is
/// on the host. Engines bring the function.
pub trait Model: Any + Send + Sync {
    /// The spec table with every default written out, `kind` included.
    fn resolved(&self) -> toml::Table;

    /// What it is beside the other models of a spec, unless the spec says otherwise.
    fn role(&self) -> Role {
        Role::Twin
    }

    /// Which parts of a batch it reads.
    fn needs(&self) -> Needs;

    /// What decides the function of parameters and rows, without what decides only where it starts
    /// and how fast it learns: models of one structure are stepped together.
    fn structure(&self) -> toml::Table {
        self.resolved()
    }

    /// Factor on the learning rate of the run: twins live on their own clock.
    fn lr_scale(&self) -> f64;

    /// Whether the output at initial weights is subtracted, so that the model starts at zero.
    fn centred(&self) -> bool {
        false
    }

    /// Checks that the model can be trained on rows of this shape.
    ///
    /// # Errors
    /// The key of the model that does not fit.
    fn check(&self, shape: TaskShape) -> Result<(), KeyError>;

    /// Checks what can go wrong for one seed only, such as a file of initial weights that is missing.
    ///
    /// # Errors
    /// The key of the model that does not fit this seed.
    fn check_seed(&self, _seed: u64) -> Result<(), KeyError> {
        Ok(())
    }

    /// Initial parameters of `seed`, drawn on the host.
    fn initial(&self, task: &dyn TaskInstance, shape: TaskShape, seed: u64) -> Vec<HostArray>;

    /// The same net on the host; `None` where the model is not a multilayer perceptron.
    fn host(&self, _parameters: &[HostArray]) -> Option<HostNet> {
        None
    }

    /// What the host's own trainer needs to train the model from these parameters; `None` where it
    /// does not cover it.
    fn host_layers(&self, _parameters: &[HostArray]) -> Option<HostLayers> {
        None
    }

    /// Whether the outputs are Σ_k s_k g_k on the basis functions g, with s the product of all
    /// parameters, entry by entry.
    fn is_product(&self) -> bool {
        false
    }

    /// Features of every hidden layer on some rows of the task, and the last layer; `None` where the
    /// model has none.
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

    /// Scales that gradient descent feels only together; `None` where the model has none.
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

    /// Whether the outputs depend on the initial parameters, too, as where the output at the start is
    /// subtracted.
    fn remembers_start(&self) -> bool {
        self.centred()
    }
}
