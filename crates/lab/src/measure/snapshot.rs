use std::{borrow::Cow, cell::OnceCell, rc::Rc};

use nets::{
    HostArray, LearnerError, Learners, Loss, Model, Needs, Reduction, Rows, Target, cube_outputs,
};
use tasks::{Basis, Batch, TaskInstance};

/// The loss of theory.
const HALVED: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Sum,
};

/// Rows that go through a model at once on a CPU: the hidden layers of more rows would leave the
/// cache, and every layer would be a trip to memory.
const BLOCK_ROWS: usize = 500;

/// Rows to look at a model on again and again, in blocks, for all members. A population over skills
/// stays whole: its basis is the identity.
pub(crate) fn in_blocks<'a>(members: &[&'a Batch], needs: Needs, target: &Target) -> Vec<Rows<'a>> {
    blocks(members, needs, target).map(Rows::kept).collect()
}

/// [`in_blocks`] one after another: of many rows only one block is copied at a time.
fn blocks<'a>(
    members: &[&'a Batch],
    needs: Needs,
    target: &Target,
) -> impl Iterator<Item = Rows<'a>> {
    let first = members[0];
    let whole = first.basis == Basis::Identity || first.rows <= BLOCK_ROWS || !target.is_host();
    let height = if whole { first.rows.max(1) } else { BLOCK_ROWS };
    (0..first.rows.max(1)).step_by(height).map(move |start| {
        let rows = height.min(first.rows - start);
        let members = members.iter().map(|&batch| {
            if whole {
                Cow::Borrowed(batch)
            } else {
                Cow::Owned(batch.rows_from(start, rows))
            }
        });
        Rows::of_members(members.collect(), needs, target)
    })
}

/// One model at one step, in all members of a batch. What several metrics or members need is read
/// from the device once.
pub(crate) struct Reads<'a> {
    learners: &'a dyn Learners,
    test: &'a [Rows<'a>],
    batch: &'a Rows<'a>,
    training_set: Option<&'a [Rows<'a>]>,
    outputs: OnceCell<Vec<Vec<f64>>>,
    batch_outputs: OnceCell<Vec<Vec<f64>>>,
    training_outputs: OnceCell<Vec<Vec<f64>>>,
    parameters: OnceCell<Vec<Vec<HostArray>>>,
}

impl<'a> Reads<'a> {
    /// Nothing is read yet.
    pub(crate) fn new(
        learners: &'a dyn Learners,
        test: &'a [Rows<'a>],
        batch: &'a Rows<'a>,
        training_set: Option<&'a [Rows<'a>]>,
    ) -> Self {
        Self {
            learners,
            test,
            batch,
            training_set,
            outputs: OnceCell::new(),
            batch_outputs: OnceCell::new(),
            training_outputs: OnceCell::new(),
            parameters: OnceCell::new(),
        }
    }

    fn on_blocks(&self, blocks: &[Rows<'_>]) -> Result<Vec<Vec<f64>>, LearnerError> {
        let mut members: Vec<Vec<f64>> = Vec::new();
        for block in blocks {
            let outputs = self.learners.outputs(block)?;
            if members.is_empty() {
                members = outputs;
            } else {
                for (all, outputs) in members.iter_mut().zip(outputs) {
                    all.extend(outputs);
                }
            }
        }
        Ok(members)
    }

    fn outputs(&self, member: usize) -> Result<&[f64], LearnerError> {
        let all = read(&self.outputs, || self.on_blocks(self.test))?;
        Ok(&all[member])
    }

    fn batch_outputs(&self, member: usize) -> Result<&[f64], LearnerError> {
        let all = read(&self.batch_outputs, || self.learners.outputs(self.batch))?;
        Ok(&all[member])
    }

    fn training_outputs(&self, member: usize) -> Result<&[f64], LearnerError> {
        let Some(blocks) = self.training_set else {
            return self.batch_outputs(member);
        };
        let all = read(&self.training_outputs, || self.on_blocks(blocks))?;
        Ok(&all[member])
    }

    fn parameters(&self, member: usize) -> Result<&[HostArray], LearnerError> {
        let all = read(&self.parameters, || self.learners.parameters())?;
        Ok(&all[member])
    }
}

/// A model of one cell at one step, with the data to look at it on.
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
    /// What the model reads.
    pub needs: Needs,
    /// The model.
    pub model: &'a dyn Model,
    /// Its initial parameters.
    pub initial: &'a [HostArray],
    /// The training loss.
    pub loss: Loss,
    /// Where the model lives.
    pub target: &'a Target,
    /// Step and parameters at which the metric was read before, if it remembers them.
    pub previous: Option<(u64, Rc<Vec<HostArray>>)>,
    /// Which member of the batch the cell is.
    pub(crate) member: usize,
    /// What is read off it.
    pub(crate) reads: &'a Reads<'a>,
    /// The models that train beside it, itself included.
    pub(crate) beside: Vec<(&'a str, &'a Reads<'a>)>,
}

impl<'a> Snapshot<'a> {
    /// Outputs on the test rows, `[N, K]`.
    ///
    /// # Errors
    /// The device failed.
    pub fn outputs(&self) -> Result<&[f64], LearnerError> {
        self.reads.outputs(self.member)
    }

    /// Outputs on the test rows of another model of the cell, `[N, K]`; `None` if there is none of
    /// this name.
    ///
    /// # Errors
    /// The device failed.
    pub fn outputs_of(&self, model: &str) -> Result<Option<&[f64]>, LearnerError> {
        let reads = self.beside.iter().find(|(name, _)| *name == model);
        reads
            .map(|(_, reads)| reads.outputs(self.member))
            .transpose()
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
    pub fn training_outputs(&self) -> Result<&[f64], LearnerError> {
        self.reads.training_outputs(self.member)
    }

    /// Outputs on the training rows of this step, `[N, K]`.
    ///
    /// # Errors
    /// The device failed.
    pub fn batch_outputs(&self) -> Result<&[f64], LearnerError> {
        self.reads.batch_outputs(self.member)
    }

    /// Parameters on the host.
    ///
    /// # Errors
    /// The device failed.
    pub fn parameters(&self) -> Result<&[HostArray], LearnerError> {
        self.reads.parameters(self.member)
    }

    /// Outputs on rows that are not already on the device.
    ///
    /// # Errors
    /// The device failed.
    pub fn outputs_on(&self, batch: &Batch) -> Result<Vec<f64>, LearnerError> {
        let mut outputs = Vec::new();
        for block in blocks(&[batch], self.needs, self.target) {
            outputs.extend(self.reads.learners.outputs_of(self.member, &block)?);
        }
        Ok(outputs)
    }

    /// Outputs on all `2^n` inputs of a group, `[2^n, K]`, in the order of [`TaskInstance::cube`];
    /// `None` where it has none. On a CPU they follow from the parameters alone: the rows would cost
    /// more than the net.
    ///
    /// # Errors
    /// The device failed.
    pub fn outputs_on_cube(&self, group: usize) -> Result<Option<Vec<f64>>, LearnerError> {
        if let (true, Some(axes)) = (self.target.is_host(), self.task.cube_axes(group)) {
            let (start, now) = (self.initial, self.parameters()?);
            let outputs = cube_outputs(self.model, start, now, &axes, self.target.precision());
            let outputs = outputs.map_err(|error| LearnerError::Refused(error.to_string()))?;
            if outputs.is_some() {
                return Ok(outputs);
            }
        }
        let cube = self.task.cube(group);
        cube.map(|cube| self.outputs_on(&cube)).transpose()
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
