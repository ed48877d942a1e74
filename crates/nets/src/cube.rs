use mlp::{Cube, Instructions, MlpError, Real, Trainer, TrainerConfig};
use models::{HostArray, HostLayers, Loss, Model, Optimizer, Precision};
use tasks::CubeAxes;

/// Outputs `[2^n]` of a multilayer perceptron on all 2^n inputs of a cube. The host trainer
/// computes them without writing out the rows. `None` if it does not cover the model, for example
/// with more than one hidden layer or output. A centred output is 0 at the parameters `initial`.
///
/// # Errors
/// The parameters do not fit the inputs.
pub fn cube_outputs(
    model: &dyn Model,
    initial: &[HostArray],
    parameters: &[HostArray],
    axes: &CubeAxes,
    precision: Precision,
) -> Result<Option<Vec<f64>>, MlpError> {
    let Some(layers) = model.host_layers(initial) else {
        return Ok(None);
    };
    match precision {
        Precision::F32 => outputs::<f32>(layers, initial, parameters, axes),
        Precision::F64 => outputs::<f64>(layers, initial, parameters, axes),
    }
}

fn outputs<T: Real>(
    layers: HostLayers,
    initial: &[HostArray],
    parameters: &[HostArray],
    axes: &CubeAxes,
) -> Result<Option<Vec<f64>>, MlpError> {
    let config = TrainerConfig {
        layers: layers.layers,
        activation: layers.activation,
        output_factor: layers.output_scale,
        centred: layers.centred,
        // Nothing is trained here.
        loss: Loss::default(),
        optimizer: Optimizer::PLAIN,
        instructions: Instructions::Detected,
    };
    let mut trainer = Trainer::<T>::new(config, &flat(initial))?;
    trainer.set_parameters(&flat(parameters))?;
    let cube = Cube {
        origin: &axes.origin,
        axes: &axes.axes,
    };
    let outputs = trainer.outputs_on_cube(&cube)?;
    Ok(outputs.map(|outputs| outputs.into_iter().map(T::to_f64).collect()))
}

fn flat(arrays: &[HostArray]) -> Vec<f64> {
    (arrays.iter().flat_map(|array| &array.values).copied()).collect()
}
