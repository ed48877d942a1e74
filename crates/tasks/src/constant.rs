use crate::{Basis, Batch, Group, TaskInstance, TaskShape, TrainingStream};

/// A stream that gives the same rows at every step.
pub(crate) struct ConstantStream(pub(crate) Batch);

impl TrainingStream for ConstantStream {
    fn is_constant(&self) -> bool {
        true
    }

    fn fill(&mut self, _step: u64, batch: &mut Batch) {
        batch.copy_from(&self.0);
    }
}

/// The population of independent groups, one row each: row `i` has the `i`-th unit vector as its
/// basis, the group's target, and the group's probability as its weight.
pub(crate) fn independent_population(groups: &[Group], inputs: InputColumns) -> Batch {
    let rows = groups.len();
    let columns = match inputs {
        InputColumns::None => 0,
        InputColumns::UnitVectors => rows,
    };
    let mut values = vec![0.0; rows * columns];
    if columns > 0 {
        values
            .iter_mut()
            .step_by(columns + 1)
            .for_each(|diagonal| *diagonal = 1.0);
    }
    Batch {
        shape: TaskShape {
            inputs: columns,
            basis: rows,
            outputs: 1,
        },
        rows,
        index: Vec::new(),
        group: (0..).take(rows).collect(),
        inputs: values,
        basis: Basis::Identity,
        targets: groups.iter().map(|group| group.target).collect(),
        weights: Some(groups.iter().map(|group| group.probability).collect()),
    }
}

/// Inputs of a net in an [`independent_population`].
#[derive(Debug, Clone, Copy)]
pub(crate) enum InputColumns {
    /// No inputs; only a model on the basis functions can be trained.
    None,
    /// The same unit vectors as the basis.
    UnitVectors,
}

/// An instance that consists of one population of independent groups, without randomness.
pub(crate) struct IndependentGroups {
    pub(crate) groups: Vec<Group>,
    pub(crate) inputs: InputColumns,
}

impl TaskInstance for IndependentGroups {
    fn groups(&self) -> &[Group] {
        &self.groups
    }

    fn training(&self) -> Box<dyn TrainingStream> {
        Box::new(ConstantStream(self.test()))
    }

    fn test(&self) -> Batch {
        independent_population(&self.groups, self.inputs)
    }

    fn cube(&self, _group: usize) -> Option<Batch> {
        None
    }

    fn training_set(&self) -> Option<Batch> {
        Some(self.test())
    }
}

/// Constant rows that are their own test set.
pub(crate) struct ConstantRows {
    pub(crate) rows: Batch,
    pub(crate) groups: Vec<Group>,
    pub(crate) whitened: bool,
}

impl TaskInstance for ConstantRows {
    fn whitened(&self) -> bool {
        self.whitened
    }

    fn groups(&self) -> &[Group] {
        &self.groups
    }

    fn training(&self) -> Box<dyn TrainingStream> {
        Box::new(ConstantStream(self.rows.clone()))
    }

    fn test(&self) -> Batch {
        self.rows.clone()
    }

    fn cube(&self, _group: usize) -> Option<Batch> {
        None
    }

    fn training_set(&self) -> Option<Batch> {
        Some(self.rows.clone())
    }
}
