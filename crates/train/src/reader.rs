use std::{borrow::Cow, cell::OnceCell};

use models::{HostArray, Needs};
use nets::{LearnerError, Learners, Rows, Target, cube_outputs};
use plan::{MeasureError, ModelReader};
use tasks::{Basis, Batch, CubeAxes};

use crate::error::model_error;

/// Number of rows that are evaluated at once on a CPU. With more rows the hidden layers no longer
/// fit into the cache, and every layer would have to access main memory.
const BLOCK_ROWS: usize = 500;

/// Splits rows on which a model is measured repeatedly into blocks, for all members. A population
/// over skills is not split, because its basis is the identity.
pub(crate) fn in_blocks<'a>(members: &[&'a Batch], needs: Needs, target: &Target) -> Vec<Rows<'a>> {
    blocks(members, needs, target).map(Rows::kept).collect()
}

/// [`in_blocks`] as an iterator, which copies only one block of rows at a time.
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

/// Readings of one model at one step in all members. A value that several metrics or members need
/// is read from the device only once.
pub(crate) struct ModelReadings<'a> {
    learners: &'a dyn Learners,
    test: &'a [Rows<'a>],
    batch: &'a Rows<'a>,
    training_set: Option<&'a [Rows<'a>]>,
    needs: Needs,
    target: &'a Target,
    outputs: OnceCell<Vec<Vec<f64>>>,
    batch_outputs: OnceCell<Vec<Vec<f64>>>,
    training_outputs: OnceCell<Vec<Vec<f64>>>,
    parameters: OnceCell<Vec<Vec<HostArray>>>,
}

impl<'a> ModelReadings<'a> {
    /// Creates readings that are still empty.
    pub(crate) fn new(
        learners: &'a dyn Learners,
        test: &'a [Rows<'a>],
        batch: &'a Rows<'a>,
        training_set: Option<&'a [Rows<'a>]>,
        needs: Needs,
        target: &'a Target,
    ) -> Self {
        Self {
            learners,
            test,
            batch,
            training_set,
            needs,
            target,
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

/// One member of a model in training, as metrics see it.
pub(crate) struct MemberReader<'a> {
    pub(crate) readings: &'a ModelReadings<'a>,
    pub(crate) member: usize,
}

impl ModelReader for MemberReader<'_> {
    fn outputs(&self) -> Result<&[f64], MeasureError> {
        self.readings
            .outputs(self.member)
            .map_err(|e| model_error(&e))
    }

    fn batch_outputs(&self) -> Result<&[f64], MeasureError> {
        self.readings
            .batch_outputs(self.member)
            .map_err(|e| model_error(&e))
    }

    fn training_outputs(&self) -> Result<&[f64], MeasureError> {
        self.readings
            .training_outputs(self.member)
            .map_err(|e| model_error(&e))
    }

    fn parameters(&self) -> Result<&[HostArray], MeasureError> {
        self.readings
            .parameters(self.member)
            .map_err(|e| model_error(&e))
    }

    fn outputs_on(&self, batch: &Batch) -> Result<Vec<f64>, MeasureError> {
        let ModelReadings {
            learners,
            needs,
            target,
            ..
        } = *self.readings;
        let mut outputs = Vec::new();
        for block in blocks(&[batch], needs, target) {
            let found = learners.outputs_of(self.member, &block);
            outputs.extend(found.map_err(|e| model_error(&e))?);
        }
        Ok(outputs)
    }

    fn outputs_on_cube(
        &self,
        initial: &[HostArray],
        axes: &CubeAxes,
    ) -> Result<Option<Vec<f64>>, MeasureError> {
        let target = self.readings.target;
        if !target.is_host() {
            return Ok(None);
        }
        let (model, now) = (
            self.readings.learners.model(self.member),
            self.parameters()?,
        );
        let outputs = cube_outputs(model, initial, now, axes, target.precision());
        outputs.map_err(|error| MeasureError::Model(error.to_string()))
    }
}
