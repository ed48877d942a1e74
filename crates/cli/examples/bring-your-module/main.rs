//! Gives a burn module of your own every command of `layerwise`.
//!
//! The spec beside this file trains a net whose hidden neurons are gated by a second layer, next to its
//! layerwise-linear twin and a plain linear model, on a parity:
//!
//! ```text
//! cargo run --release --example bring-your-module -- run crates/cli/examples/bring-your-module/spec.toml
//! cargo run --release --example bring-your-module -- report runs/bring-your-module
//! cargo run --release --example bring-your-module -- show model gated
//! ```

use std::process::ExitCode;

use layerwise::{Kinds, ModuleKind, Readout, burn, schemars};
use serde::{Deserialize, Serialize};

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation::sigmoid};

/// Your module.
#[derive(Module, Debug)]
pub(crate) struct Gated {
    value: Linear,
    gate: Linear,
    last: Linear,
}

impl Gated {
    fn hidden(&self, x: Tensor<2>) -> Tensor<2> {
        self.value.forward(x.clone()) * sigmoid(self.gate.forward(x))
    }
}

// The fields of this struct are the keys of `[models.NAME]`, and its comments are what `show` prints.
/// A net whose hidden neurons are gated by a second layer, f(x) = W (A x · sigmoid(G x)).
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GatedNet {
    /// Number of hidden neurons. 1 or more.
    width: usize,
}

impl ModuleKind for GatedNet {
    type Module = Gated;
    const NAME: &'static str = "gated";
    const EXAMPLE: &'static str = "width = 64";

    fn build(&self, inputs: usize, outputs: usize, device: &Device) -> Gated {
        let linear = |from, to| LinearConfig::new(from, to).init(device);
        Gated {
            value: linear(inputs, self.width),
            gate: linear(inputs, self.width),
            last: linear(self.width, outputs),
        }
    }

    fn forward(&self, net: &Gated, x: Tensor<2>) -> Tensor<2> {
        net.last.forward(net.hidden(x))
    }

    // Only for metrics of the last hidden layer, such as neural collapse.
    fn readout(&self, net: &Gated, x: Tensor<2>) -> Option<Readout> {
        Some(Readout::new(net.hidden(x), &net.last))
    }
}

/// All kinds of the workspace, and this module.
pub(crate) fn kinds() -> Kinds {
    let mut kinds = Kinds::default();
    kinds.register_module::<GatedNet>();
    kinds
}

#[allow(dead_code, reason = "the test of this file has no main")]
fn main() -> ExitCode {
    layerwise::main(kinds())
}
