//! Seeded task generators: a task description in, host batches out.
//!
//! A [`Task`] is a checked description (one table of a spec). [`Task::instance`] draws everything
//! that depends on the seed (random subsets, a fixed training set) and gives a [`TaskInstance`],
//! which makes training batches and test sets. Every random number comes from a ChaCha stream
//! keyed by (seed, purpose, step), see [`stream`], so that the same bits reach every model, every
//! device and every thread order.
//!
//! # Task kinds
//!
//! | `kind` | rows | keys (with defaults) |
//! |---|---|---|
//! | `multitask-parity` | one-hot skill key, then bits; target `S` times the parity of the skill's subset | `skills`, `bits`, `bits_per_skill`, `alpha` or `probabilities`, `target = 1.0`, `encoding = "zero-one"`, `subsets = "disjoint"` or `"random"`, `data`, `test` |
//! | `sparse-parity` | bits; target `S` times the parity of one subset | `bits`, `parity`, `target = 1.0`, `encoding = "plus-minus"`, `subset = "first"` or `"random"`, `data`, `test` |
//! | `modes` | the population of independent inputs with powers `v_i` and targets `S_i` | `input_powers`, `targets` |
//! | `modular-arithmetic` | pairs (a, b) modulo p, one-hot; target τ times the one-hot of the result | `modulus`, `operation` = `"add"`, `"subtract"`, `"multiply"`, `"divide"` (prime p) or a polynomial such as `"a^2 + a*b + b^2"`, `fraction` of all pairs for training, `target = 1.0`, `input_scale = 1.0`, `label_noise = 0.0`, `features = "none"` or `"characters"`, `data` |
//! | `dataset` | rows of a data set; target τ times the one-hot of the class | `name` of a shipped set, or your own `file` (a table with its `label` column, where `separator`, `decimal`, `header` and `index = "keep"` say what is else found out; or IDX with a `label_file`; the run keeps its `sha256`), `train` rows or `class_train` = rows of each class (`imbalance = 1.0`: half of the classes keep one training row in so many; the rest, or `test` of it, is the test set), `split = "stratified"` or `"uniform"`, `inputs = "raw"`, `"unit"`, `"centred"` or `"standardised"` by training rows (default `"unit"`), `target = 1.0`, `input_scale = 1.0`, `label_noise = 0.0`, `data` |
//! | `class-labels` | labelled rows without inputs, for features that are free; target τ times the one-hot of the class, minus the mean of all rows | `per_class` = rows of each class, `imbalance = 1.0`, `centred = true`, `target = 1.0` |
//! | `gaussian-mixture` | rows from one isotropic normal distribution per class; target τ times the one-hot of the class | `inputs`, `class_train` = training rows of each class, `class_test = 100`, `means = "simplex"` or `"random"`, `radius = 1.0` of the means, `std = 1.0`, `target = 1.0`, `input_scale = 1.0`, `label_noise = 0.0`, `data` |
//! | `linear-map` | the population of whitened inputs with target `M x`; one row per input | `target` (rows of M), or `inputs`, `outputs`, `std = 1.0` of a random M |
//! | `random-regression` | a fixed set of Gaussian inputs and Gaussian targets over a divisor | `samples`, `inputs`, `outputs`, `whiten = false`, `target_divisor = 1.0` |
//! | `teacher-student` | random inputs; target τ Σ a_j σ(w_j · x) of a random teacher with unit w_j and a_j = ±1 | `inputs`, `train`, `test = 1000`, `teacher_width = 3`, `activation = "relu"`, `"tanh"` or `"identity"`, `distribution = "normal"` or `"sphere"`, `target = 1.0`, `noise = 0.0` on training targets, `data` |
//! | `tensors` | your own rows: `inputs` `[N, D]` and `labels` `[N]` (target τ times the one-hot of the class) or `targets` `[N, K]`, as they are in a safetensors file (labels beside targets are the classes of the rows); test rows are `test_inputs` with `test_labels` or `test_targets`, or else the training rows | `file` (the run keeps its `sha256`), `target = 1.0` where labels make the targets, `data` |
//! | `skill-spectrum` | the population of up to 10¹² skills of a power law, with a binned tail and no inputs | `skills`, `alpha`, `target = 1.0`, `exact = 300`, `group_ratio = 1.05` |
//!
//! Encoding `"zero-one"` shows bit 0 as 0 and bit 1 as 1; `"plus-minus"` shows bit 0 as +1 and bit 1
//! as -1, so that a parity is the product of its inputs.
//!
//! `test` is `{ per_skill = 400 }`. `data` is one of
//!
//! * `{ mode = "fresh", batch = 500 }` (the default): new samples at every step;
//! * `{ mode = "fixed", size, order = "full-batch" }`: a training set drawn once, all of it a step;
//! * `{ mode = "fixed", size, order = "epochs", batch }`: the set in a new order every epoch;
//! * `{ mode = "fixed", size, order = "replacement", batch }`: draws from the set;
//! * `{ mode = "population", over = "skills" }`: one row per skill and no inputs;
//! * `{ mode = "population", over = "inputs" }`: every input of every skill, up to 12 bits.
//!
//! A population is its own test set and takes no `test`.
//!
//! Where the rows are a fixed set already (`modular-arithmetic`, `dataset`, `gaussian-mixture`,
//! `teacher-student`, `tensors`), `data` is
//! `{ order = "full-batch" }` (the default), `{ order = "epochs", batch }` or
//! `{ order = "replacement", batch }`.
//!
//! ```
//! use layerwise_tasks::{Batch, kinds};
//!
//! let spec = "kind = 'sparse-parity'\nbits = 8\nparity = 3";
//! let task = kinds().build(spec.parse()?)?;
//! let mut batch = Batch::zeros(task.shape(), task.batch_rows());
//! task.instance(0).training().fill(17, &mut batch);
//! let product: f64 = batch.inputs[..3].iter().product();
//! assert_eq!(batch.targets[0], product);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by panicking"))]

mod batch;
mod characters;
mod check;
mod class_labels;
mod classified;
mod constant;
mod data;
pub mod dataset;
mod dataset_task;
mod error;
mod file_cache;
pub mod file_kind;
mod fixed_rows;
mod gaussian_mixture;
pub mod label_noise;
mod linear_map;
mod modes;
mod modular_arithmetic;
mod multitask_parity;
mod nearest;
mod parity;
mod parity_streams;
mod parity_task;
mod power_law;
mod quotes;
mod random_regression;
mod registry;
mod regression;
mod residue_characters;
mod residue_polynomial;
mod row_order;
mod row_selection;
pub mod row_streams;
mod skill_spectrum;
mod sparse_parity;
pub mod split;
pub mod stream;
mod symmetrised;
mod table;
mod task;
mod teacher_student;
mod tensor_task;
pub mod tensors;
#[cfg(test)]
mod testing;

pub use batch::{Basis, Batch, TaskShape};
pub use check::{positive, same_content};
pub use error::KeyError;
pub use file_cache::{FileCache, FileContent, FileProblem};
pub use fixed_rows::FixedRows;
pub use nearest::{choose_one_of, nearest};
pub use quotes::unclosed_quote;
pub(crate) use quotes::unclosed_quote_between;
pub use registry::{Build, Registry};
pub use residue_characters::{Characters, ResidueCharacters};
pub use table::{parse_table, table_of};
pub use task::{CubeAxes, Group, Pairs, Task, TaskInstance, TrainingStream};

/// The task kinds of this crate.
pub fn kinds() -> Registry<dyn Task> {
    let mut kinds = Registry::new(
        "task kind",
        [
            (class_labels::KIND, class_labels::build),
            (gaussian_mixture::KIND, gaussian_mixture::build),
            (linear_map::KIND, linear_map::build),
            (modes::KIND, modes::build),
            (modular_arithmetic::KIND, modular_arithmetic::build),
            (multitask_parity::KIND, multitask_parity::build),
            (random_regression::KIND, random_regression::build),
            (skill_spectrum::KIND, skill_spectrum::build),
            (sparse_parity::KIND, sparse_parity::build),
            (teacher_student::KIND, teacher_student::build),
        ],
    );
    // Variants of a sweep share the rows of a large file.
    let tables = dataset::OwnSets::default();
    kinds.register(dataset_task::KIND, move |table| {
        dataset_task::build(table, &tables)
    });
    let tensors = FileCache::default();
    kinds.register(tensor_task::KIND, move |table| {
        tensor_task::build(table, &tensors)
    });
    kinds
}
