use std::{borrow::Cow, cell::OnceCell, rc::Rc};

use nets::{DeviceBatch, HostArray, Learner, LearnerError, Loss, Needs, Reduction, Target};
use tasks::{Basis, Batch, TaskInstance};

/// The loss of theory.
const HALVED: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Sum,
};

/// Rows that go through a model at once: the hidden layers of more rows would leave the cache, and
/// every layer would be a trip to memory.
const BLOCK_ROWS: usize = 500;

/// Rows to look at a model on, in blocks. A population over skills stays whole: its basis is the
/// identity.
pub(crate) fn upload_in_blocks(batch: &Batch, needs: Needs, target: &Target) -> Vec<DeviceBatch> {
    if batch.basis == Basis::Identity {
        return vec![DeviceBatch::upload(batch, needs, target)];
    }
    (0..batch.rows)
        .step_by(BLOCK_ROWS)
        .map(|start| {
            let rows = BLOCK_ROWS.min(batch.rows - start);
            DeviceBatch::upload(&batch.rows_from(start, rows), needs, target)
        })
        .collect()
}

fn outputs(learner: &dyn Learner, blocks: &[DeviceBatch]) -> Result<Vec<f64>, LearnerError> {
    let mut outputs = Vec::new();
    for block in blocks {
        outputs.extend(learner.outputs(block)?);
    }
    Ok(outputs)
}

/// A model at one step, with the data to look at it on. What several metrics need is read from
/// the device once.
pub struct Snapshot<'a> {
    /// Training step.
    pub step: u64,
    /// The task.
    pub task: &'a dyn TaskInstance,
    /// The test rows.
    pub test: &'a Batch,
    /// The test rows on the device, in blocks.
    pub test_on_device: &'a [DeviceBatch],
    /// The training rows of this step.
    pub batch: &'a Batch,
    /// The training rows of this step on the device.
    pub batch_on_device: &'a DeviceBatch,
    /// The whole training set and its rows on the device, in blocks, where the rows of a step are
    /// only a part of it.
    pub training_set: Option<(&'a Batch, &'a [DeviceBatch])>,
    /// What the model reads.
    pub needs: Needs,
    /// The model.
    pub learner: &'a dyn Learner,
    /// Its initial parameters.
    pub initial: &'a [HostArray],
    /// The training loss.
    pub loss: Loss,
    /// Where the model lives.
    pub target: &'a Target,
    /// The models that train beside it, itself included.
    pub beside: Vec<(&'a str, &'a dyn Learner)>,
    /// Step and parameters at which the metric was read before, if it remembers them.
    pub previous: Option<(u64, Rc<Vec<HostArray>>)>,
    outputs: OnceCell<Vec<f64>>,
    training_outputs: OnceCell<Vec<f64>>,
    parameters: OnceCell<Vec<HostArray>>,
}

impl<'a> Snapshot<'a> {
    /// A snapshot; nothing is read yet.
    #[allow(
        clippy::too_many_arguments,
        reason = "one argument per thing to look at"
    )]
    pub fn new(
        step: u64,
        task: &'a dyn TaskInstance,
        (test, test_on_device): (&'a Batch, &'a [DeviceBatch]),
        (batch, batch_on_device): (&'a Batch, &'a DeviceBatch),
        training_set: Option<(&'a Batch, &'a [DeviceBatch])>,
        needs: Needs,
        learner: &'a dyn Learner,
        initial: &'a [HostArray],
        loss: Loss,
        target: &'a Target,
    ) -> Self {
        Self {
            step,
            task,
            test,
            test_on_device,
            batch,
            batch_on_device,
            training_set,
            needs,
            learner,
            initial,
            loss,
            target,
            beside: Vec::new(),
            previous: None,
            outputs: OnceCell::new(),
            training_outputs: OnceCell::new(),
            parameters: OnceCell::new(),
        }
    }

    /// Outputs on the test rows, `[N, K]`.
    ///
    /// # Errors
    /// The device failed.
    pub fn outputs(&self) -> Result<&[f64], LearnerError> {
        read(&self.outputs, || outputs(self.learner, self.test_on_device)).map(Vec::as_slice)
    }

    /// Outputs on the test rows of another model of the cell, `[N, K]`; `None` if there is none of
    /// this name.
    ///
    /// # Errors
    /// The device failed.
    pub fn outputs_of(&self, model: &str) -> Result<Option<Vec<f64>>, LearnerError> {
        let named = |(name, _): &&(&str, &dyn Learner)| *name == model;
        let learner = self.beside.iter().find(named).map(|(_, learner)| *learner);
        learner
            .map(|learner| outputs(learner, self.test_on_device))
            .transpose()
    }

    /// The training rows: the whole set where there is one, otherwise those of this step.
    pub fn training_rows(&self) -> &'a Batch {
        self.training_set.map_or(self.batch, |(rows, _)| rows)
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
    pub fn training_outputs(&self) -> Result<&[f64], LearnerError> {
        read(&self.training_outputs, || match self.training_set {
            Some((_, blocks)) => outputs(self.learner, blocks),
            None => self.learner.outputs(self.batch_on_device),
        })
        .map(Vec::as_slice)
    }

    /// Parameters on the host.
    ///
    /// # Errors
    /// The device failed.
    pub fn parameters(&self) -> Result<&[HostArray], LearnerError> {
        read(&self.parameters, || self.learner.parameters()).map(Vec::as_slice)
    }

    /// Outputs on rows that are not already on the device.
    ///
    /// # Errors
    /// The device failed.
    pub fn outputs_on(&self, batch: &Batch) -> Result<Vec<f64>, LearnerError> {
        outputs(
            self.learner,
            &upload_in_blocks(batch, self.needs, self.target),
        )
    }

    /// ½ Σ_k m_k P_k mean_k |f − y|²: the loss of theory on the test rows, every skill with its
    /// own probability and multiplicity; ½ Σ_n w_n |f − y|² where rows belong to no group.
    ///
    /// # Errors
    /// The device failed.
    pub fn test_loss(&self) -> Result<f64, LearnerError> {
        let outputs = self.outputs()?;
        let width = self.test.shape.outputs;
        if self.test.group.is_empty() {
            let (targets, weights) = (&self.test.targets, self.test.weights.as_deref());
            return Ok(HALVED.value(outputs, targets, weights, width));
        }
        let groups = self.task.groups();
        let mut sums = vec![(0.0, 0.0); groups.len()];
        let rows = outputs
            .chunks_exact(width)
            .zip(self.test.targets.chunks_exact(width));
        for ((f, y), &group) in rows.zip(&self.test.group) {
            let (sum, count) = &mut sums[group as usize];
            *sum += f.iter().zip(y).map(|(f, y)| (f - y) * (f - y)).sum::<f64>();
            *count += 1.0;
        }
        Ok(groups
            .iter()
            .zip(sums)
            .filter(|(_, (_, count))| *count > 0.0)
            .map(|(group, (sum, count))| 0.5 * group.multiplicity * group.probability * sum / count)
            .sum())
    }
}

/// `OnceCell::get_or_try_init`, which is not stable yet.
fn read<T>(
    cell: &OnceCell<T>,
    make: impl FnOnce() -> Result<T, LearnerError>,
) -> Result<&T, LearnerError> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = make()?;
    Ok(cell.get_or_init(|| value))
}
