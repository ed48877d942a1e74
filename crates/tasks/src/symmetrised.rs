//! Rows beside their mirror images: every task with ±x and ±y in place of x and y.

use crate::{
    Basis, Batch, CubeAxes, Group, KeyError, Registry, Task, TaskInstance, TaskShape,
    TrainingStream,
};

/// A task whose every row x with target y has beside it the row −x with target −y.
///
/// On such rows `ReLU` nets without biases can train as linear ones do (arXiv 2406.12615, under its
/// conditions on the start). Basis functions are continued oddly, so that twins learn the same as
/// before. Both rows of a pair share the weight of the one.
struct Symmetrised(Box<dyn Task>);

impl Registry<dyn Task> {
    /// Checks the table of a task: what its kind says, and `symmetrise = true`, which any kind may have.
    ///
    /// # Errors
    /// As [`Registry::build`], or a `symmetrise` that is not true or false.
    pub fn task(&self, mut table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
        let symmetrise = match table.remove("symmetrise") {
            None => false,
            Some(toml::Value::Boolean(symmetrise)) => symmetrise,
            Some(other) => {
                let hint = "Write symmetrise = true, or leave it out.";
                let problem = "must be true or false";
                return Err(KeyError::new("symmetrise", other, problem, hint));
            }
        };
        let task = self.build(table)?;
        Ok(if symmetrise {
            Box::new(Symmetrised(task))
        } else {
            task
        })
    }
}

/// `rows` with their mirror images behind them. `set` is the number of rows of the training set, from
/// which on the images are counted there.
fn mirrored(rows: &Batch, set: u32, into: &mut Batch) {
    fn twice<T: Copy>(from: &[T], into: &mut Vec<T>, image: impl Fn(T) -> T) {
        into.clear();
        into.extend_from_slice(from);
        into.extend(from.iter().map(|&value| image(value)));
    }
    into.shape = rows.shape;
    into.rows = 2 * rows.rows;
    twice(&rows.index, &mut into.index, |index| index + set);
    twice(&rows.group, &mut into.group, |group| group);
    twice(&rows.inputs, &mut into.inputs, |x| -x);
    twice(&rows.targets, &mut into.targets, |y| -y);
    let mut basis = match std::mem::replace(&mut into.basis, Basis::Identity) {
        Basis::Dense(basis) => basis,
        Basis::Identity => Vec::new(),
    };
    match &rows.basis {
        Basis::Dense(values) => twice(values, &mut basis, |g| -g),
        Basis::Identity => {
            let values: Vec<f64> = (0..rows.rows).flat_map(|row| rows.basis_row(row)).collect();
            twice(&values, &mut basis, |g| -g);
        }
    }
    into.basis = Basis::Dense(basis);
    into.weights = rows.weights.as_ref().map(|weights| {
        let halves: Vec<f64> = weights.iter().map(|weight| 0.5 * weight).collect();
        [&halves[..], &halves[..]].concat()
    });
}

fn symmetrised(rows: &Batch, set: u32) -> Batch {
    let mut both = Batch::empty();
    mirrored(rows, set, &mut both);
    both
}

impl Task for Symmetrised {
    fn shape(&self) -> TaskShape {
        self.0.shape()
    }

    fn resolved(&self) -> toml::Table {
        let mut table = self.0.resolved();
        table.insert("symmetrise".to_owned(), true.into());
        table
    }

    fn batch_rows(&self) -> usize {
        2 * self.0.batch_rows()
    }

    fn group_name(&self) -> &'static str {
        self.0.group_name()
    }

    fn notes(&self, seeds: &[u64]) -> Vec<String> {
        self.0.notes(seeds)
    }

    fn check_seed(&self, seed: u64) -> Result<(), KeyError> {
        self.0.check_seed(seed)
    }

    fn instance(&self, seed: u64) -> Box<dyn TaskInstance> {
        let instance = self.0.instance(seed);
        let rows = self.0.batch_rows();
        let set = instance.training_set().map_or(rows, |set| set.rows);
        Box::new(SymmetrisedInstance {
            buffer: Batch::zeros(self.0.shape(), rows),
            set: u32::try_from(set).unwrap_or(u32::MAX),
            instance,
        })
    }
}

struct SymmetrisedInstance {
    instance: Box<dyn TaskInstance>,
    /// Rows of a step before their images.
    buffer: Batch,
    /// Rows of the training set.
    set: u32,
}

impl TaskInstance for SymmetrisedInstance {
    fn groups(&self) -> &[Group] {
        self.instance.groups()
    }

    fn training(&self) -> Box<dyn TrainingStream> {
        Box::new(SymmetrisedStream {
            stream: self.instance.training(),
            buffer: self.buffer.clone(),
            set: self.set,
        })
    }

    fn test(&self) -> Batch {
        symmetrised(&self.instance.test(), self.set)
    }

    fn cube(&self, group: usize) -> Option<Batch> {
        self.instance.cube(group)
    }

    fn cube_axes(&self, group: usize) -> Option<CubeAxes> {
        self.instance.cube_axes(group)
    }

    fn training_set(&self) -> Option<Batch> {
        let set = self.instance.training_set()?;
        Some(symmetrised(&set, self.set))
    }

    fn input_scale(&self) -> f64 {
        self.instance.input_scale()
    }

    /// Second moments are those of the rows without their images.
    fn whitened(&self) -> bool {
        self.instance.whitened()
    }
}

struct SymmetrisedStream {
    stream: Box<dyn TrainingStream>,
    buffer: Batch,
    set: u32,
}

impl TrainingStream for SymmetrisedStream {
    fn is_constant(&self) -> bool {
        self.stream.is_constant()
    }

    fn fill(&mut self, step: u64, batch: &mut Batch) {
        self.stream.fill(step, &mut self.buffer);
        mirrored(&self.buffer, self.set, batch);
    }
}
