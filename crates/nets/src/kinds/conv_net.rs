use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor, activation::relu};
use serde::{Deserialize, Serialize};
use tasks::schemars::{self, JsonSchema};
use tasks::{KeyError, positive};

use super::{at_least_one, he};
use crate::{ModuleKind, Readout, Start};

/// A convolutional net for square images of one channel: 3 × 3 convolutions, relu and 2 × 2 maximum
/// pooling once for every entry of `channels`, then a layer of `width` neurons with relu and a linear
/// layer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvNet {
    /// Channels of every convolution. Each halves the sides of the image.
    pub channels: Vec<usize>,
    /// Neurons of the last hidden layer, whose outputs are the features.
    pub width: usize,
    /// κ: factor on all initial weights. Above 0.
    #[serde(default = "super::one")]
    pub weight_scale: f64,
    /// Factor on the learning rate of this model. Above 0.
    #[serde(default = "super::one")]
    pub lr_scale: f64,
}

/// A [`ConvNet`] as a module.
#[derive(Module, Debug)]
pub struct Convolutions {
    convolutions: Vec<Conv2d>,
    pool: MaxPool2d,
    hidden: Linear,
    last: Linear,
}

impl ConvNet {
    /// Side of an image, before and after all convolutions.
    fn sides(&self, inputs: usize) -> (usize, usize) {
        let side = inputs.isqrt();
        (side, self.channels.iter().fold(side, |side, _| side / 2))
    }
}

impl ModuleKind for ConvNet {
    type Module = Convolutions;
    const NAME: &'static str = "conv-net";
    const EXAMPLE: &'static str = "channels = [8, 16]\nwidth = 64";

    fn check(&self, inputs: usize, _outputs: usize) -> Result<(), KeyError> {
        at_least_one("width", self.width)?;
        for (place, &channels) in self.channels.iter().enumerate() {
            at_least_one(&format!("channels[{place}]"), channels)?;
        }
        positive("weight_scale", self.weight_scale)?;
        let (side, last) = self.sides(inputs);
        if side * side != inputs {
            let problem = format!("needs square images, and a row has {inputs} inputs");
            let hint = "Use images, such as digits.";
            return Err(KeyError::new("kind", "\"conv-net\"", problem, hint));
        }
        if last == 0 {
            let (problem, hint) = ("halves images until nothing is left", "Leave entries out.");
            let channels = format!("{:?}", self.channels);
            return Err(KeyError::new("channels", channels, problem, hint));
        }
        Ok(())
    }

    fn build(&self, inputs: usize, outputs: usize, device: &Device) -> Convolutions {
        let below = std::iter::once(&1).chain(&self.channels);
        let convolution = |(&from, &to): (&usize, &usize)| {
            let config = Conv2dConfig::new([from, to], [3, 3]);
            let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
            config.with_padding(padding).init(device)
        };
        let (_, side) = self.sides(inputs);
        let pixels = side * side * self.channels.last().unwrap_or(&1);
        Convolutions {
            convolutions: below.zip(&self.channels).map(convolution).collect(),
            pool: MaxPool2dConfig::new([2, 2]).init(),
            hidden: LinearConfig::new(pixels, self.width).init(device),
            last: LinearConfig::new(self.width, outputs).init(device),
        }
    }

    fn forward(&self, net: &Convolutions, inputs: Tensor<2>) -> Tensor<2> {
        net.last.forward(hidden(net, inputs))
    }

    fn readout(&self, net: &Convolutions, inputs: Tensor<2>) -> Option<Readout> {
        Some(Readout::new(hidden(net, inputs), &net.last))
    }

    fn start(&self, name: &str, shape: &[usize]) -> Start {
        // Kernels are [out, in, 3, 3], layers [in, out].
        let fan_in = match shape {
            [_, kernel @ ..] if kernel.len() == 3 => kernel.iter().product(),
            _ => shape[0],
        };
        he(name, fan_in, self.weight_scale)
    }

    fn lr_scale(&self) -> f64 {
        self.lr_scale
    }
}

fn hidden(net: &Convolutions, inputs: Tensor<2>) -> Tensor<2> {
    let [rows, pixels] = inputs.dims();
    let side = pixels.isqrt();
    let images = inputs.reshape([rows, 1, side, side]);
    let convolved = (net.convolutions.iter()).fold(images, |images, convolution| {
        net.pool.forward(relu(convolution.forward(images)))
    });
    relu(net.hidden.forward(convolved.flatten(1, 3)))
}
