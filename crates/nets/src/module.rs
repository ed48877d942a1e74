//! Makes a burn module a model of the lab.
//!
//! The input is a [`ModuleKind`]: the keys of a spec table, the module that they build and its
//! forward function from `[N, D]` to `[N, K]`. The output is [`FromModule`], a model like all
//! others: its parameters of any rank are named matrices, the engine `autodiff` trains it with the
//! batches, schedules, checkpoints and optimizers of the lab, and every metric measures it that does
//! not need a plain multilayer perceptron.
//!
//! ```
//! use layerwise_nets::{FromModule, ModuleKind, burn};
//! use burn::{module::Module, nn::{Linear, LinearConfig}, tensor::{Device, Tensor}};
//! use models::Model;
//! use tasks::schemars::{self, JsonSchema};
//!
//! #[derive(Module, Debug)]
//! struct Gated {
//!     value: Linear,
//!     gate: Linear,
//!     last: Linear,
//! }
//!
//! /// A net whose hidden neurons are products of two linear maps.
//! #[derive(Clone, serde::Serialize, serde::Deserialize, JsonSchema)]
//! struct GatedNet {
//!     /// Number of hidden neurons.
//!     width: usize,
//! }
//!
//! impl ModuleKind for GatedNet {
//!     type Module = Gated;
//!     const NAME: &'static str = "gated";
//!     const EXAMPLE: &'static str = "width = 16";
//!
//!     fn build(&self, inputs: usize, outputs: usize, device: &Device) -> Gated {
//!         let linear = |from, to| LinearConfig::new(from, to).init(device);
//!         Gated {
//!             value: linear(inputs, self.width),
//!             gate: linear(inputs, self.width),
//!             last: linear(self.width, outputs),
//!         }
//!     }
//!
//!     fn forward(&self, net: &Gated, x: Tensor<2>) -> Tensor<2> {
//!         net.last.forward(net.value.forward(x.clone()) * net.gate.forward(x))
//!     }
//! }
//!
//! let task = tasks::kinds().build("kind = 'sparse-parity'\nbits = 8\nparity = 2".parse()?)?;
//! let model = FromModule::<GatedNet>::from_table("width = 3".parse()?)?;
//! model.check(task.shape())?;
//! let arrays = model.initial(&*task.instance(0), task.shape(), 0);
//! assert_eq!((arrays[0].name.as_str(), arrays[0].rows, arrays[0].columns), ("value.weight", 8, 3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Random numbers
//!
//! A forward function must not draw random numbers: such a module (dropout, noise) is refused,
//! because a run could not be repeated or resumed. Initial parameters are the ones that the module
//! was built with: burn's generator is seeded with the seed of the cell on the CPU, whatever the
//! device, and used by one thread at a time, so that the same seed gives the same numbers. Burn draws
//! them in f32. [`ModuleKind::start`] draws parameters from the streams of the lab instead, in f64.

mod arrays;
mod check;
mod forward;
mod start;

use std::sync::{Arc, Mutex, PoisonError};

use burn::{
    module::{Module, Param},
    nn::Linear,
    tensor::{DType, Device, Tensor},
};
use mlp::MlpError;
use models::{Classifier, HiddenFeatures, HiddenLayer, HostArray, Model, Needs, Role};
use serde::{Serialize, de::DeserializeOwned};
use tasks::{
    Batch, KeyError, TaskInstance, TaskShape, parse_table, positive, schemars::JsonSchema, table_of,
};

use crate::{Target, array};
use arrays::Layout;
pub use start::Start;

/// A model kind whose function is a burn module. The fields of the type are the keys of its table.
pub trait ModuleKind:
    Clone + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// The module.
    type Module: Module;

    /// Name of the kind in specs.
    const NAME: &'static str;

    /// Keys of a table that works, in TOML and without `kind`, for readers.
    const EXAMPLE: &'static str;

    /// Checks the keys for rows of D inputs and K outputs.
    ///
    /// # Errors
    /// A key is not valid, or does not fit the rows.
    fn check(&self, _inputs: usize, _outputs: usize) -> Result<(), KeyError> {
        Ok(())
    }

    /// Builds the module for rows of D inputs and K outputs. It is built for every evaluation, and
    /// parameters that burn initialises when they are first read cost nothing then.
    fn build(&self, inputs: usize, outputs: usize, device: &Device) -> Self::Module;

    /// The outputs of the module. Its parameters have the precision of the run, so that constants
    /// must be created with that of the inputs.
    ///
    /// # Shapes
    /// - `inputs`: `[N, D]`; result: `[N, K]`
    fn forward(&self, module: &Self::Module, inputs: Tensor<2>) -> Tensor<2>;

    /// Features of the last hidden layer and the linear layer behind them, for metrics of neural
    /// collapse; `None` if the outputs are no such product.
    fn readout(&self, _module: &Self::Module, _inputs: Tensor<2>) -> Option<Readout> {
        None
    }

    /// How a parameter starts, by its name in the module (`blocks.0.first.weight`) and its shape.
    fn start(&self, _name: &str, _shape: &[usize]) -> Start {
        Start::AsBuilt
    }

    /// Factor on the learning rate of the run.
    fn lr_scale(&self) -> f64 {
        1.0
    }
}

/// Features of the last hidden layer, and the linear layer behind them: f = h W + b.
#[derive(Debug, Clone)]
pub struct Readout {
    /// h `[N, H]`.
    pub features: Tensor<2>,
    /// W `[H, K]`.
    pub weight: Tensor<2>,
    /// b `[K]`, if the layer has a bias.
    pub bias: Option<Tensor<1>>,
}

impl Readout {
    /// Features `[N, H]` and the layer behind them.
    pub fn new(features: Tensor<2>, layer: &Linear) -> Self {
        Self {
            features,
            weight: layer.weight.val(),
            bias: layer.bias.as_ref().map(Param::val),
        }
    }

    /// The outputs `[N, K]`.
    pub fn outputs(self) -> Tensor<2> {
        let outputs = self.features.matmul(self.weight);
        match self.bias {
            Some(bias) => outputs + bias.unsqueeze(),
            None => outputs,
        }
    }
}

/// A model whose function is a burn module.
pub struct FromModule<K> {
    kind: K,
    /// What is known of the module, for every shape of rows that was asked for.
    layouts: Mutex<Vec<Arc<Layout>>>,
}

impl<K: ModuleKind> FromModule<K> {
    /// The model of a table, without `kind`.
    ///
    /// # Errors
    /// A key is unknown or not valid.
    pub fn from_table(table: toml::Table) -> Result<Self, KeyError> {
        let kind: K = parse_table(table)?;
        positive("lr_scale", kind.lr_scale())?;
        Ok(Self::new(kind))
    }

    /// The same for a registry of kinds.
    ///
    /// # Errors
    /// As in [`FromModule::from_table`].
    pub fn boxed(table: toml::Table) -> Result<Box<dyn Model>, KeyError> {
        Ok(Box::new(Self::from_table(table)?))
    }

    /// The model of a kind.
    pub fn new(kind: K) -> Self {
        Self {
            kind,
            layouts: Mutex::default(),
        }
    }

    /// What is known of the module on rows of D inputs and K outputs.
    fn layout(&self, inputs: usize, outputs: usize) -> Arc<Layout> {
        let mut known = self.layouts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(layout) = known.iter().find(|layout| layout.is_for(inputs, outputs)) {
            return Arc::clone(layout);
        }
        let layout = Arc::new(Layout::of(&self.kind, inputs, outputs));
        known.push(Arc::clone(&layout));
        layout
    }
}

impl<K: ModuleKind> Model for FromModule<K> {
    fn resolved(&self) -> toml::Table {
        table_of(K::NAME, &self.kind)
    }

    fn role(&self) -> Role {
        Role::Net
    }

    fn needs(&self) -> Needs {
        Needs {
            inputs: true,
            basis: false,
        }
    }

    fn lr_scale(&self) -> f64 {
        self.kind.lr_scale()
    }

    fn check(&self, shape: TaskShape) -> Result<(), KeyError> {
        check::check(&self.kind, shape)
    }

    fn initial(&self, _task: &dyn TaskInstance, shape: TaskShape, seed: u64) -> Vec<HostArray> {
        let layout = self.layout(shape.inputs, shape.outputs);
        start::draw(&self.kind, &layout, shape, seed)
    }

    fn hidden_features(
        &self,
        parameters: &[HostArray],
        rows: &Batch,
    ) -> Result<Option<HiddenFeatures>, MlpError> {
        let (inputs, outputs) = (rows.shape.inputs, rows.shape.outputs);
        let layout = self.layout(inputs, outputs);
        layout.require(parameters)?;
        let target = host();
        let arrays = parameters.iter().map(|one| array::stack(&[one], &target));
        let module = layout.filled(&self.kind, arrays.collect(), &target.device, false);
        let rows = HostArray {
            name: String::new(),
            rows: rows.rows,
            columns: inputs,
            values: rows.inputs.clone(),
        };
        let x = array::stack(&[&rows], &target).reshape([rows.rows, inputs]);
        Ok(self.kind.readout(&module, x).map(features_of))
    }
}

/// The device of numbers that are results: the CPU in f64.
fn host() -> Target {
    let flex = crate::Backend::named("flex").expect("flex is always built in");
    Target {
        device: Device::flex(),
        dtype: DType::F64,
        backend: flex,
    }
}

fn features_of(readout: Readout) -> HiddenFeatures {
    let [_, width] = readout.features.dims();
    let numbers = |tensor: Tensor<2>| tensor.into_data().iter::<f64>().collect::<Vec<f64>>();
    let bias = readout.bias.map(|bias| numbers(bias.unsqueeze()));
    HiddenFeatures {
        layers: vec![HiddenLayer {
            values: numbers(readout.features),
            width,
        }],
        classifier: Classifier {
            weight: numbers(readout.weight.transpose()),
            bias,
        },
    }
}
