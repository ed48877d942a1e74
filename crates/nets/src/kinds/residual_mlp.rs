use burn::module::Module;
use burn::nn::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation::relu};
use serde::{Deserialize, Serialize};
use tasks::schemars::{self, JsonSchema};
use tasks::{KeyError, positive};

use super::{at_least_one, he};
use crate::{ModuleKind, Readout, Start};

/// A residual net: h_0 = W x + b, then h ← h + B relu(A norm(h) + a) + c for every block, and a
/// linear layer on the last h.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResidualMlp {
    /// Length of h, and number of neurons of every block.
    pub width: usize,
    /// Number of blocks. 0 makes a linear net.
    pub blocks: usize,
    /// What normalises h before every block.
    #[serde(default)]
    pub norm: Norm,
    /// κ: factor on all initial weights. Above 0.
    #[serde(default = "super::one")]
    pub weight_scale: f64,
    /// Factor on the learning rate of this model. Above 0.
    #[serde(default = "super::one")]
    pub lr_scale: f64,
}

/// A normalisation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    /// None.
    #[default]
    None,
    /// Of every row over its numbers \[Ba2016\].
    Layer,
    /// Of every number over the rows of the batch, in measurements by running statistics
    /// \[Ioffe2015\].
    Batch,
}

/// A [`ResidualMlp`] as a module.
#[derive(Module, Debug)]
pub struct Residual {
    first: Linear,
    blocks: Vec<Block>,
    last: Linear,
}

#[derive(Module, Debug)]
struct Block {
    layer_norm: Option<LayerNorm>,
    batch_norm: Option<BatchNorm>,
    inner: Linear,
    outer: Linear,
}

impl Block {
    fn forward(&self, h: Tensor<2>) -> Tensor<2> {
        let normed = match (&self.layer_norm, &self.batch_norm) {
            (Some(norm), _) => norm.forward(h.clone()),
            (_, Some(norm)) => norm.forward(h.clone()),
            _ => h.clone(),
        };
        h + self.outer.forward(relu(self.inner.forward(normed)))
    }
}

impl ModuleKind for ResidualMlp {
    type Module = Residual;
    const NAME: &'static str = "residual-mlp";
    const EXAMPLE: &'static str = "width = 64\nblocks = 2\nnorm = \"layer\"";

    fn check(&self, _inputs: usize, _outputs: usize) -> Result<(), KeyError> {
        at_least_one("width", self.width)?;
        positive("weight_scale", self.weight_scale).map(drop)
    }

    fn build(&self, inputs: usize, outputs: usize, device: &Device) -> Residual {
        let linear = |from, to| LinearConfig::new(from, to).init(device);
        let width = self.width;
        let layer_norm = || LayerNormConfig::new(width).init(device);
        let batch_norm = || BatchNormConfig::new(width).init(device);
        let block = |_| Block {
            layer_norm: (self.norm == Norm::Layer).then(layer_norm),
            batch_norm: (self.norm == Norm::Batch).then(batch_norm),
            inner: linear(width, width),
            outer: linear(width, width),
        };
        Residual {
            first: linear(inputs, width),
            blocks: (0..self.blocks).map(block).collect(),
            last: linear(width, outputs),
        }
    }

    fn forward(&self, net: &Residual, inputs: Tensor<2>) -> Tensor<2> {
        net.last.forward(hidden(net, inputs))
    }

    fn readout(&self, net: &Residual, inputs: Tensor<2>) -> Option<Readout> {
        Some(Readout::new(hidden(net, inputs), &net.last))
    }

    fn start(&self, name: &str, shape: &[usize]) -> Start {
        he(name, shape[0], self.weight_scale)
    }

    fn lr_scale(&self) -> f64 {
        self.lr_scale
    }
}

fn hidden(net: &Residual, inputs: Tensor<2>) -> Tensor<2> {
    let blocks = net.blocks.iter();
    blocks.fold(net.first.forward(inputs), |h, block| block.forward(h))
}
