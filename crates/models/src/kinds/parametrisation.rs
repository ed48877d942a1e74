use mlp::LayerRate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a net of growing width is parametrised: layer l computes m_l W_l h + n_l b_l with constant
/// multipliers m_l and n_l, and W and b are trained. All parametrisations agree at the base width.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Parametrisation {
    /// No multipliers: only the initial weights depend on the width.
    #[default]
    Standard,
    /// The function starts as in the standard parametrisation, and the tangent kernel keeps its
    /// size as the width grows, so that the net becomes lazy \[Jacot2018\]: √(base/width) on every
    /// layer that reads a hidden one.
    Ntk,
    /// Features move as much at every width, in steps of one learning rate \[Yang2021\]: √(width/base)
    /// on the first layer and on hidden biases, √(base/width) on the last, whose weights also start
    /// smaller by this factor. With one hidden layer it is the mean-field parametrisation.
    MeanField,
}

/// Multipliers of one layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Multipliers {
    /// m, on the weight.
    pub weight: f64,
    /// n, on the bias.
    pub bias: f64,
    /// Factor on the layer's effective initial weight m W, beside the standard one.
    pub start: f64,
}

impl Multipliers {
    const ONE: Self = Self {
        weight: 1.0,
        bias: 1.0,
        start: 1.0,
    };

    /// What a step on the parameters is worth in m W and n b.
    pub(super) fn rate(self) -> LayerRate {
        LayerRate {
            weight: self.weight.powi(2),
            bias: self.bias.powi(2),
        }
    }
}

impl Parametrisation {
    /// Multipliers of every layer for these hidden widths.
    pub(super) fn multipliers(self, widths: &[usize], base: usize) -> Vec<Multipliers> {
        let last = widths.len();
        // √(a/b) of two widths.
        let root = |a: usize, b: usize| (a as f64 / b as f64).sqrt();
        let of_layer = |layer: usize| match (self, layer.checked_sub(1)) {
            (Self::Standard, _) => Multipliers::ONE,
            // A single affine map has no width.
            _ if last == 0 => Multipliers::ONE,
            (Self::Ntk, below) => Multipliers {
                weight: below.map_or(1.0, |below| root(base, widths[below])),
                ..Multipliers::ONE
            },
            (Self::MeanField, Some(below)) if layer == last => Multipliers {
                weight: root(base, widths[below]),
                start: root(base, widths[below]),
                ..Multipliers::ONE
            },
            (Self::MeanField, below) => Multipliers {
                weight: root(widths[layer], below.map_or(base, |below| widths[below])),
                bias: root(widths[layer], base),
                start: 1.0,
            },
        };
        (0..=last).map(of_layer).collect()
    }
}
