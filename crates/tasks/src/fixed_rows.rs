use crate::{Batch, Group, TaskInstance, TrainingStream, constant::ConstantStream};

/// The simplest instance of a task: the same training rows at every step, and test rows.
///
/// # Examples
///
/// ```
/// use layerwise_tasks::{Batch, FixedRows, TaskInstance, TaskShape};
///
/// let shape = TaskShape { inputs: 1, basis: 0, outputs: 1 };
/// let rows = FixedRows::new(Batch::zeros(shape, 3), Batch::zeros(shape, 2));
/// assert_eq!((rows.training_set().unwrap().rows, rows.test().rows), (3, 2));
/// ```
#[derive(Debug, Clone)]
pub struct FixedRows {
    training: Batch,
    test: Batch,
}

impl FixedRows {
    /// An instance with these rows, which belong to no skill, mode or class.
    #[must_use]
    pub fn new(mut training: Batch, mut test: Batch) -> Self {
        training.group.clear();
        test.group.clear();
        Self { training, test }
    }
}

impl TaskInstance for FixedRows {
    fn groups(&self) -> &[Group] {
        &[]
    }

    fn training(&self) -> Box<dyn TrainingStream> {
        Box::new(ConstantStream(self.training.clone()))
    }

    fn test(&self) -> Batch {
        self.test.clone()
    }

    fn cube(&self, _group: usize) -> Option<Batch> {
        None
    }

    fn training_set(&self) -> Option<Batch> {
        Some(self.training.clone())
    }
}
