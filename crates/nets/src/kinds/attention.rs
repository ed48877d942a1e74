use burn::module::{Module, Param};
use burn::nn::attention::{MhaInput, MultiHeadAttention, MultiHeadAttentionConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation::relu};
use serde::{Deserialize, Serialize};
use tasks::schemars::{self, JsonSchema};
use tasks::{KeyError, positive};

use super::{at_least_one, he};
use crate::{ModuleKind, Readout, Start};

/// One layer of attention over a few tokens, as two residues in modular arithmetic: h_t = E x_t + p_t,
/// h ← h + attention(h), and a layer of `width` neurons with relu on the mean over tokens.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attention {
    /// Length of h, and neurons of the last hidden layer; a multiple of `heads`.
    pub width: usize,
    /// Attention heads.
    #[serde(default = "four")]
    pub heads: usize,
    /// Tokens into which the inputs of a row are divided.
    #[serde(default = "two")]
    pub tokens: usize,
    /// κ: factor on all initial weights. Above 0.
    #[serde(default = "super::one")]
    pub weight_scale: f64,
    /// Factor on the learning rate of this model. Above 0.
    #[serde(default = "super::one")]
    pub lr_scale: f64,
}

fn two() -> usize {
    2
}

fn four() -> usize {
    4
}

/// An [`Attention`] as a module.
#[derive(Module, Debug)]
pub struct AttentionLayer {
    embedding: Linear,
    position: Param<Tensor<2>>,
    attention: MultiHeadAttention,
    hidden: Linear,
    last: Linear,
}

impl ModuleKind for Attention {
    type Module = AttentionLayer;
    const NAME: &'static str = "attention";
    const EXAMPLE: &'static str = "width = 64\nheads = 4";

    fn check(&self, inputs: usize, _outputs: usize) -> Result<(), KeyError> {
        at_least_one("width", self.width)?;
        at_least_one("heads", self.heads)?;
        at_least_one("tokens", self.tokens)?;
        positive("weight_scale", self.weight_scale)?;
        if !self.width.is_multiple_of(self.heads) {
            let problem = format!("is no multiple of {} heads", self.heads);
            let hint = "Change width or heads.";
            return Err(KeyError::new("width", self.width, problem, hint));
        }
        if !inputs.is_multiple_of(self.tokens) {
            let problem = format!("does not divide the {inputs} inputs of a row");
            let hint = "Modular arithmetic has 2 tokens.";
            return Err(KeyError::new("tokens", self.tokens, problem, hint));
        }
        Ok(())
    }

    fn build(&self, inputs: usize, outputs: usize, device: &Device) -> AttentionLayer {
        let linear = |from, to| LinearConfig::new(from, to);
        let attention = MultiHeadAttentionConfig::new(self.width, self.heads);
        AttentionLayer {
            embedding: linear(inputs / self.tokens, self.width)
                .with_bias(false)
                .init(device),
            position: Param::from_tensor(Tensor::zeros([self.tokens, self.width], device)),
            attention: attention.with_dropout(0.0).init(device),
            hidden: linear(self.width, self.width).init(device),
            last: linear(self.width, outputs).init(device),
        }
    }

    fn forward(&self, net: &AttentionLayer, inputs: Tensor<2>) -> Tensor<2> {
        net.last.forward(self.hidden(net, inputs))
    }

    fn readout(&self, net: &AttentionLayer, inputs: Tensor<2>) -> Option<Readout> {
        Some(Readout::new(self.hidden(net, inputs), &net.last))
    }

    fn start(&self, name: &str, shape: &[usize]) -> Start {
        he(name, shape[0], self.weight_scale)
    }

    fn lr_scale(&self) -> f64 {
        self.lr_scale
    }
}

impl Attention {
    fn hidden(&self, net: &AttentionLayer, inputs: Tensor<2>) -> Tensor<2> {
        let [rows, columns] = inputs.dims();
        let tokens = inputs.reshape([rows, self.tokens, columns / self.tokens]);
        let h = net.embedding.forward(tokens) + net.position.val().unsqueeze();
        let attended = net
            .attention
            .forward(MhaInput::self_attn(h.clone()))
            .context;
        let mean = (h + attended).mean_dim(1).reshape([rows, self.width]);
        relu(net.hidden.forward(mean))
    }
}
