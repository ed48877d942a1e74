use mlp::MlpError;
use tasks::Batch;

use crate::HostNet;

/// Features of one hidden layer on some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct HiddenLayer {
    /// `[N, H]`, row-major, after the activation.
    pub values: Vec<f64>,
    /// H.
    pub width: usize,
}

/// The last layer, f = W h + b.
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier {
    /// W `[K, H]`, row-major, with the factor on the output.
    pub weight: Vec<f64>,
    /// b `[K]`, also with the factor on the output, if the layer has a bias.
    pub bias: Option<Vec<f64>>,
}

/// The hidden features of a model on some rows, and its last layer.
#[derive(Debug, Clone, PartialEq)]
pub struct HiddenFeatures {
    /// Every hidden layer, first layer first; at least one.
    pub layers: Vec<HiddenLayer>,
    /// The last layer.
    pub classifier: Classifier,
}

impl HiddenFeatures {
    /// The features of a net; `None` if it has no hidden layer.
    pub(crate) fn of_net(host: &HostNet, rows: &Batch) -> Result<Option<Self>, MlpError> {
        let Some((last, hidden)) = host.net.layers.split_last() else {
            return Ok(None);
        };
        if hidden.is_empty() {
            return Ok(None);
        }
        let features = host.net.features(&rows.inputs, rows.rows)?;
        let layers = features.into_iter().zip(hidden);
        let weight = (0..last.outputs)
            .flat_map(|class| last.weight[class..].iter().step_by(last.outputs))
            .map(|weight| weight * host.output_scale);
        let bias = last.bias.as_ref();
        Ok(Some(Self {
            layers: layers
                .map(|(values, layer)| HiddenLayer {
                    values,
                    width: layer.outputs,
                })
                .collect(),
            classifier: Classifier {
                weight: weight.collect(),
                bias: bias.map(|bias| bias.iter().map(|b| b * host.output_scale).collect()),
            },
        }))
    }
}
