use std::sync::Arc;

use crate::{
    Batch, CubeAxes, Group, KeyError, Task, TaskInstance, TaskShape, TrainingStream, check,
    constant::{ConstantStream, InputColumns, independent_population},
    data::{Data, Over},
    parity::{Encoding, ParityRows},
    parity_streams::{FreshStream, Sampler, TrainingSet},
    row_selection::{RowSource, selected_rows},
    row_streams::RowOrder,
    stream::{StreamKey, keyed, permutation},
};

/// A population over inputs has all of them, for every skill.
const MOST_POPULATION_BITS: usize = 12;

/// A cube has `2^bits` rows.
const MOST_CUBE_BITS: usize = 16;

/// A stored sample is a skill and a word of bits.
const NUMBERS_PER_SAMPLE: usize = 2;

/// Which bits the subset of a skill holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subsets {
    /// Each skill has the bits that follow those of the skill before.
    Consecutive,
    /// Each skill draws distinct bits; the bits of different skills may overlap.
    Random,
}

/// A checked parity task of any kind: everything but the seed.
#[derive(Debug, Clone)]
pub(crate) struct ParitySpec {
    /// Whether the skill is shown to the net as a one-hot key.
    pub(crate) has_keys: bool,
    /// Probability of each skill; they add up to 1.
    pub(crate) probabilities: Vec<f64>,
    pub(crate) bits: usize,
    /// Number of bits of each skill.
    pub(crate) orders: Vec<usize>,
    pub(crate) target: f64,
    pub(crate) encoding: Encoding,
    pub(crate) subsets: Subsets,
    pub(crate) data: Data,
    pub(crate) test_per_skill: usize,
}

impl ParitySpec {
    /// Checks what depends on several keys: that the rows fit into memory.
    pub(crate) fn check(self) -> Result<Self, KeyError> {
        let skills = self.probabilities.len();
        let row_len = self.shape().row_len();
        match self.data {
            Data::Population(Over::Inputs) => {
                if self.bits > MOST_POPULATION_BITS {
                    return Err(KeyError::new(
                        "data.over",
                        "\"inputs\"",
                        format!("makes 2^{} rows for each skill", self.bits),
                        format!("Use at most {MOST_POPULATION_BITS} bits, or over = \"skills\"."),
                    ));
                }
                check::fits("data.over", &"\"inputs\"", self.batch_rows(), row_len)?;
            }
            Data::Population(Over::Skills) => {}
            Data::Fresh { batch } => check::fits("data.batch", &batch, batch, row_len)?,
            Data::Fixed { size, order } => match order {
                RowOrder::FullBatch => check::fits("data.size", &size, size, row_len)?,
                RowOrder::Epochs { batch } | RowOrder::Replacement { batch } => {
                    check::fits("data.size", &size, size, NUMBERS_PER_SAMPLE)?;
                    check::fits("data.batch", &batch, batch, row_len)?;
                }
            },
        }
        let test_rows = skills.saturating_mul(self.test_per_skill);
        check::fits("test.per_skill", &self.test_per_skill, test_rows, row_len)?;
        Ok(self)
    }

    fn shape(&self) -> TaskShape {
        let skills = self.probabilities.len();
        let inputs = match self.data {
            Data::Population(Over::Skills) => 0,
            _ if self.has_keys => skills + self.bits,
            _ => self.bits,
        };
        TaskShape {
            inputs,
            basis: skills,
            outputs: 1,
        }
    }

    fn batch_rows(&self) -> usize {
        let skills = self.probabilities.len();
        match self.data {
            Data::Fresh { batch } => batch,
            Data::Fixed { size, order } => order.batch_rows(size),
            Data::Population(Over::Skills) => skills,
            Data::Population(Over::Inputs) => skills << self.bits,
        }
    }

    /// Bits of each skill's subset, ascending.
    fn draw_subsets(&self, seed: u64) -> Vec<Vec<usize>> {
        let bits = u32::try_from(self.bits).expect("there are at most 64 bits");
        let key = StreamKey::new(seed, "subset");
        let mut next = 0;
        let subset = |(skill, &size): (usize, &usize)| match self.subsets {
            Subsets::Consecutive => {
                let first = next;
                next += size;
                (first..next).collect()
            }
            Subsets::Random => {
                let order = permutation(&mut key.at(skill as u64), bits);
                let mut subset: Vec<usize> =
                    order[..size].iter().map(|&bit| bit as usize).collect();
                subset.sort_unstable();
                subset
            }
        };
        self.orders.iter().enumerate().map(subset).collect()
    }
}

/// A parity task of any kind, with its spec written out.
pub(crate) struct ParityTask {
    pub(crate) spec: Arc<ParitySpec>,
    pub(crate) resolved: toml::Table,
}

impl Task for ParityTask {
    fn shape(&self) -> TaskShape {
        self.spec.shape()
    }

    fn resolved(&self) -> toml::Table {
        self.resolved.clone()
    }

    fn batch_rows(&self) -> usize {
        self.spec.batch_rows()
    }

    fn instance(&self, seed: u64) -> Box<dyn TaskInstance> {
        let spec = Arc::clone(&self.spec);
        let subsets = spec.draw_subsets(seed);
        let rows = ParityRows::new(
            spec.has_keys,
            spec.bits,
            spec.encoding,
            spec.target,
            &subsets,
        );
        let rows = Arc::new(rows);
        let sampler = Arc::new(Sampler::new(&spec.probabilities, spec.bits));
        let samples = spec.data.fixed_size().map(|size| {
            let mut rng = keyed(seed, "training set", 0);
            Arc::new(TrainingSet {
                rows: Arc::clone(&rows),
                samples: (0..size).map(|_| sampler.draw(&mut rng)).collect(),
            })
        });
        let groups = spec
            .probabilities
            .iter()
            .zip(subsets)
            .map(|(&probability, subset)| Group {
                probability,
                multiplicity: 1.0,
                target: spec.target,
                subset,
            });
        let groups = groups.collect();
        Box::new(ParityInstance {
            spec,
            seed,
            groups,
            rows,
            sampler,
            samples,
        })
    }
}

struct ParityInstance {
    spec: Arc<ParitySpec>,
    seed: u64,
    groups: Vec<Group>,
    rows: Arc<ParityRows>,
    sampler: Arc<Sampler>,
    /// The samples of a fixed training set.
    samples: Option<Arc<TrainingSet>>,
}

impl ParityInstance {
    fn fixed_samples(&self) -> Arc<TrainingSet> {
        let set = self
            .samples
            .as_ref()
            .expect("they were drawn because data.mode is fixed");
        Arc::clone(set)
    }

    fn population(&self, over: Over) -> Batch {
        if over == Over::Skills {
            return independent_population(&self.groups, InputColumns::None);
        }
        let mut batch = Batch::zeros(self.rows.shape(), 0);
        let rows = self.spec.batch_rows();
        self.rows.write(
            &mut batch,
            rows,
            self.skills().flat_map(|k| self.rows.counting(k)),
        );
        let inputs = (1_u64 << self.spec.bits) as f64;
        let weight = |&skill: &u32| self.groups[skill as usize].probability / inputs;
        batch.weights = Some(batch.group.iter().map(weight).collect());
        batch
    }

    /// The skill of a group that has a cube.
    fn skill_of_cube(&self, group: usize) -> Option<u32> {
        let shape = self.spec.shape();
        if shape.inputs == 0 || self.spec.bits > MOST_CUBE_BITS || group >= self.groups.len() {
            return None;
        }
        let rows = 1 << self.spec.bits;
        check::fits("bits", &self.spec.bits, rows, shape.row_len()).ok()?;
        Some(u32::try_from(group).expect("there are fewer than 2^32 skills"))
    }

    fn skills(&self) -> impl Iterator<Item = u32> + use<> {
        (0..).take(self.rows.skills())
    }
}

impl TaskInstance for ParityInstance {
    fn groups(&self) -> &[Group] {
        &self.groups
    }

    fn training(&self) -> Box<dyn TrainingStream> {
        match self.spec.data {
            Data::Fresh { batch } => Box::new(FreshStream {
                rows: Arc::clone(&self.rows),
                sampler: Arc::clone(&self.sampler),
                key: StreamKey::new(self.seed, "train"),
                batch,
            }),
            Data::Fixed { order, .. } => {
                let purpose = match order {
                    RowOrder::FullBatch | RowOrder::Epochs { .. } => "epoch order",
                    RowOrder::Replacement { .. } => "replacement",
                };
                let key = StreamKey::new(self.seed, purpose);
                selected_rows(self.fixed_samples(), order, key)
            }
            Data::Population(over) => Box::new(ConstantStream(self.population(over))),
        }
    }

    fn test(&self) -> Batch {
        if let Data::Population(over) = self.spec.data {
            return self.population(over);
        }
        let per_skill = self.spec.test_per_skill;
        let mut rng = keyed(self.seed, "test", 0);
        let skills = self
            .skills()
            .flat_map(|skill| std::iter::repeat_n(skill, per_skill));
        let samples = skills.map(|skill| (skill, self.sampler.word(&mut rng)));
        let mut batch = Batch::zeros(self.rows.shape(), 0);
        self.rows
            .write(&mut batch, per_skill * self.rows.skills(), samples);
        batch
    }

    /// `None`, too, for a population over skills, whose rows have no inputs, and where the rows
    /// would not fit into memory.
    fn cube(&self, group: usize) -> Option<Batch> {
        let skill = self.skill_of_cube(group)?;
        let mut batch = Batch::zeros(self.spec.shape(), 0);
        let rows = 1 << self.spec.bits;
        self.rows.write(&mut batch, rows, self.rows.counting(skill));
        Some(batch)
    }

    fn cube_axes(&self, group: usize) -> Option<CubeAxes> {
        let skill = self.skill_of_cube(group)?;
        Some(self.rows.axes(skill))
    }

    fn training_set(&self) -> Option<Batch> {
        match self.spec.data {
            Data::Fresh { .. } => None,
            Data::Population(over) => Some(self.population(over)),
            Data::Fixed { size, .. } => {
                // Streams of batches hold the samples only, of which there may be many more.
                check::fits("data.size", &size, size, self.spec.shape().row_len()).ok()?;
                Some(self.fixed_samples().all())
            }
        }
    }
}
