use std::{borrow::Cow, rc::Rc};

use metrics::FloatFormat;
use models::{HostArray, Loss, Model, Precision, Reduction};
use tasks::{Batch, CubeAxes, TaskInstance};

use super::MeasureError;

/// The loss of theory.
const HALVED: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Sum,
};

/// What can be read off one model in training. What several metrics need is read from the device once.
pub trait ModelReader {
    /// Outputs on the test rows, `[N, K]`.
    ///
    /// # Errors
    /// The device failed.
    fn outputs(&self) -> Result<&[f64], MeasureError>;

    /// Outputs on the training rows of this step, `[N, K]`.
    ///
    /// # Errors
    /// The device failed.
    fn batch_outputs(&self) -> Result<&[f64], MeasureError>;

    /// Outputs on the whole training set where there is one, otherwise on the rows of this step.
    ///
    /// # Errors
    /// The device failed.
    fn training_outputs(&self) -> Result<&[f64], MeasureError>;

    /// Parameters on the host.
    ///
    /// # Errors
    /// The device failed.
    fn parameters(&self) -> Result<&[HostArray], MeasureError>;

    /// Outputs on any rows, `[N, K]`.
    ///
    /// # Errors
    /// The device failed.
    fn outputs_on(&self, batch: &Batch) -> Result<Vec<f64>, MeasureError>;

    /// Outputs on the rows of a cube without writing them out, where that is possible. `initial` are the
    /// parameters at which a centred output is 0.
    ///
    /// # Errors
    /// The device failed.
    fn outputs_on_cube(
        &self,
        initial: &[HostArray],
        axes: &CubeAxes,
    ) -> Result<Option<Vec<f64>>, MeasureError>;
}

/// A model of one cell at one step, with the data to measure it on.
pub struct Snapshot<'a> {
    /// Training step.
    pub step: u64,
    /// The task.
    pub task: &'a dyn TaskInstance,
    /// The test rows.
    pub test: &'a Batch,
    /// The training rows of this step.
    pub batch: &'a Batch,
    /// The whole training set, where the rows of a step are only a part of it.
    pub training_set: Option<&'a Batch>,
    /// The model.
    pub model: &'a dyn Model,
    /// Its initial parameters.
    pub initial: &'a [HostArray],
    /// The training loss.
    pub loss: Loss,
    /// The precision of training.
    pub precision: Precision,
    /// Step and parameters at which the metric was read before, if it remembers them.
    pub previous: Option<(u64, Rc<Vec<HostArray>>)>,
    /// What is read off the model.
    pub reader: &'a dyn ModelReader,
    /// The models that train beside it, itself included.
    pub beside: &'a [(&'a str, &'a dyn ModelReader)],
}

impl<'a> Snapshot<'a> {
    /// The floating-point format of training: its rounding is in the parameters, and in all that
    /// follows from them.
    pub fn format(&self) -> FloatFormat {
        match self.precision {
            Precision::F32 => FloatFormat::F32,
            Precision::F64 => FloatFormat::F64,
        }
    }

    /// Outputs on the test rows, `[N, K]`.
    ///
    /// # Errors
    /// The device failed.
    pub fn outputs(&self) -> Result<&[f64], MeasureError> {
        self.reader.outputs()
    }

    /// Outputs on the test rows of another model of the cell, `[N, K]`; `None` if there is none of
    /// this name.
    ///
    /// # Errors
    /// The device failed.
    pub fn outputs_of(&self, model: &str) -> Result<Option<&[f64]>, MeasureError> {
        let other = self.beside.iter().find(|(name, _)| *name == model);
        other.map(|(_, reader)| reader.outputs()).transpose()
    }

    /// The training rows: the whole set where there is one, otherwise those of this step.
    pub fn training_rows(&self) -> &'a Batch {
        self.training_set.unwrap_or(self.batch)
    }

    /// At most `most` of the training rows, spread evenly over them: they may be sorted.
    pub fn some_training_rows(&self, most: Option<u32>) -> Cow<'a, Batch> {
        let all = self.training_rows();
        match most
            .map(|most| most as usize)
            .filter(|&most| most < all.rows)
        {
            None => Cow::Borrowed(all),
            Some(most) => {
                let place = |row| u32::try_from(row * all.rows / most).unwrap_or(u32::MAX);
                let mut part = Batch::empty();
                all.gather(&(0..most).map(place).collect::<Vec<_>>(), &mut part);
                Cow::Owned(part)
            }
        }
    }

    /// Outputs on the training rows, `[N, K]`.
    ///
    /// # Errors
    /// The device failed.
    pub fn training_outputs(&self) -> Result<&[f64], MeasureError> {
        self.reader.training_outputs()
    }

    /// Outputs on the training rows of this step, `[N, K]`.
    ///
    /// # Errors
    /// The device failed.
    pub fn batch_outputs(&self) -> Result<&[f64], MeasureError> {
        self.reader.batch_outputs()
    }

    /// Parameters on the host.
    ///
    /// # Errors
    /// The device failed.
    pub fn parameters(&self) -> Result<&[HostArray], MeasureError> {
        self.reader.parameters()
    }

    /// Outputs on rows that are not already on the device.
    ///
    /// # Errors
    /// The device failed.
    pub fn outputs_on(&self, batch: &Batch) -> Result<Vec<f64>, MeasureError> {
        self.reader.outputs_on(batch)
    }

    /// Outputs on all `2^n` inputs of a group, `[2^n, K]`, in the order of [`TaskInstance::cube`];
    /// `None` where it has none. Where the reader can, they follow
    /// from the parameters alone: the rows would cost more than the net.
    ///
    /// # Errors
    /// The device failed.
    pub fn outputs_on_cube(&self, group: usize) -> Result<Option<Vec<f64>>, MeasureError> {
        if let Some(axes) = self.task.cube_axes(group)
            && let Some(outputs) = self.reader.outputs_on_cube(self.initial, &axes)?
        {
            return Ok(Some(outputs));
        }
        let cube = self.task.cube(group);
        cube.map(|cube| self.outputs_on(&cube)).transpose()
    }

    /// ½ Σ_k m_k P_k mean_k |f − y|²: the loss of theory on the test rows, every skill with its
    /// own probability and multiplicity; ½ Σ_n w_n |f − y|² where rows belong to no group.
    ///
    /// # Errors
    /// The device failed.
    pub fn test_loss(&self) -> Result<f64, MeasureError> {
        let outputs = self.outputs()?;
        let width = self.test.shape.outputs;
        if self.test.group.is_empty() {
            let (targets, weights) = (&self.test.targets, self.test.weights.as_deref());
            return Ok(HALVED.value(outputs, targets, weights, width));
        }
        let groups = self.task.groups();
        let mut sums = vec![(0.0, 0.0); groups.len()];
        let mut place = 0;
        // Runs of one group, whose sum stays in a register.
        for run in self.test.group.chunk_by(PartialEq::eq) {
            let rows = place * width..(place + run.len()) * width;
            place += run.len();
            let pairs = outputs[rows.clone()].iter().zip(&self.test.targets[rows]);
            let (sum, count) = &mut sums[run[0] as usize];
            *sum += pairs.map(|(f, y)| (f - y) * (f - y)).sum::<f64>();
            *count += run.len() as f64;
        }
        Ok(groups
            .iter()
            .zip(sums)
            .filter(|(_, (_, count))| *count > 0.0)
            .map(|(group, (sum, count))| 0.5 * group.multiplicity * group.probability * sum / count)
            .sum())
    }
}
