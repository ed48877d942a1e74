//! Tries a module on a few rows before anything is trained.

use burn::tensor::{Device, Tensor, TensorData};
use tasks::{
    KeyError, TaskShape,
    stream::{keyed, standard_normals},
};

use super::{ModuleKind, arrays::Layout, start};
use crate::{
    array,
    device::{Target, quiet},
};

/// More parameters than these are refused, as for all nets.
const MOST_PARAMETERS: f64 = 2_147_483_648.0;
/// Rows that are tried.
const ROWS: usize = 3;
/// Largest difference of the outputs from their last layer, relative to the largest output: twenty
/// times the rounding of f32 in a small net.
const SAME: f32 = 1e-4;

/// Checks that a module can be trained on rows of this shape.
///
/// # Errors
/// A key does not fit, or the module does not do what the lab needs of it.
pub(super) fn check<K: ModuleKind>(kind: &K, shape: TaskShape) -> Result<(), KeyError> {
    let (inputs, outputs) = (shape.inputs, shape.outputs);
    let refused = |problem: String, hint: &str| {
        Err(KeyError::new(
            "kind",
            format!("{:?}", K::NAME),
            problem,
            hint,
        ))
    };
    if inputs == 0 {
        return refused(
            "needs inputs, and this task (a population over skills) has none".to_owned(),
            "Use a model on the skill basis, or data with inputs.",
        );
    }
    kind.check(inputs, outputs)?;
    let mend = "Correct the module, or use a task with rows of another shape.";
    let failed = |message: &str| {
        let shape = format!("on rows of {inputs} inputs and {outputs} outputs");
        refused(format!("fails {shape}: {message}"), mend)
    };
    let layout = quiet::or_message(|| Layout::of(kind, inputs, outputs));
    let layout = match layout {
        Ok(layout) => layout,
        Err(message) => return failed(&message),
    };
    let parameters = (layout.entries.iter())
        .map(|entry| entry.shape.iter().product::<usize>() as f64)
        .sum::<f64>();
    if parameters > MOST_PARAMETERS {
        let problem = format!("has {parameters:.1e} parameters, more than 2^31");
        return refused(problem, "Make it smaller.");
    }
    if parameters == 0.0 {
        return refused("has no parameters".to_owned(), mend);
    }
    let tried = match quiet::or_message(|| Tried::of(kind, &layout, shape)) {
        Ok(tried) => tried,
        Err(message) => return failed(&message),
    };
    if tried.shape != [ROWS, outputs] {
        let [rows, found] = tried.shape;
        let problem = format!(
            "gives outputs [{rows}, {found}] in place of [{ROWS}, {outputs}] on {ROWS} rows"
        );
        return refused(problem, mend);
    }
    if tried.training[0] != tried.training[1] {
        let problem = "gives other outputs each time it is trained on the same rows";
        let hint = "Leave out layers that draw random numbers, such as dropout.";
        return refused(problem.to_owned(), hint);
    }
    if tried.beside_readout > SAME {
        let problem = "gives outputs that are not those of its readout";
        let hint = "Let readout return the inputs of the last linear layer, and this layer.";
        return refused(problem.to_owned(), hint);
    }
    Ok(())
}

/// What a module gives on random rows.
struct Tried {
    /// Shape of the outputs.
    shape: [usize; 2],
    /// Outputs in training, twice.
    training: [TensorData; 2],
    /// Largest difference of the outputs from those of the readout.
    beside_readout: f32,
}

impl Tried {
    fn of<K: ModuleKind>(kind: &K, layout: &Layout, shape: TaskShape) -> Self {
        let target = Target {
            dtype: burn::tensor::DType::F32,
            ..super::host()
        };
        let mut rows = vec![0.0; ROWS * shape.inputs];
        standard_normals(&mut keyed(0, "module check", 0), &mut rows);
        let rows: Vec<f32> = rows.iter().map(|&value| value as f32).collect();
        let device: Device = target.device.clone();
        let x = Tensor::<2>::from_data(TensorData::new(rows, [ROWS, shape.inputs]), &device);
        let initial = start::draw(kind, layout, shape, 0);
        let module = |training| {
            let arrays = initial.iter().map(|one| array::stack(&[one], &target));
            let arrays = arrays.map(|one| if training { one.autodiff() } else { one });
            layout.filled(kind, arrays.collect(), &device, training)
        };
        let in_training = || {
            let outputs = kind.forward(&module(true), x.clone().autodiff());
            outputs.without_autodiff().into_data()
        };
        let trained = module(false);
        let outputs = kind.forward(&trained, x.clone());
        let readout = kind
            .readout(&trained, x.clone())
            .map(super::Readout::outputs);
        let beside_readout = readout.map_or(0.0, |readout| {
            let size: f32 = outputs.clone().abs().max().into_scalar();
            let gap: f32 = (outputs.clone() - readout).abs().max().into_scalar();
            gap / size.max(f32::MIN_POSITIVE)
        });
        Self {
            shape: outputs.dims(),
            training: [in_training(), in_training()],
            beside_readout,
        }
    }
}
