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
//! `layerwise show task` lists the kinds, and `layerwise show task NAME` explains one with all its keys. What
//! it says comes from the struct that parses the table, through a [`Reference`] beside the kind:
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
pub mod reference;
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
pub use reference::{Quantity, Reference};
pub use registry::{Build, Kind, Registry};
pub use residue_characters::{Characters, ResidueCharacters};
/// What derives [`Reference`]s, in the version that is used here.
pub use schemars;
pub use table::{parse_table, table_of};
pub use task::{CubeAxes, Group, Pairs, Task, TaskInstance, TrainingStream};

/// The task kinds of this crate.
pub fn kinds() -> Registry<dyn Task> {
    let mut kinds = Registry::new(
        "task kind",
        [
            (
                class_labels::KIND,
                class_labels::build,
                class_labels::REFERENCE,
            ),
            (
                gaussian_mixture::KIND,
                gaussian_mixture::build,
                gaussian_mixture::REFERENCE,
            ),
            (linear_map::KIND, linear_map::build, linear_map::REFERENCE),
            (modes::KIND, modes::build, modes::REFERENCE),
            (
                modular_arithmetic::KIND,
                modular_arithmetic::build,
                modular_arithmetic::REFERENCE,
            ),
            (
                multitask_parity::KIND,
                multitask_parity::build,
                multitask_parity::REFERENCE,
            ),
            (
                random_regression::KIND,
                random_regression::build,
                random_regression::REFERENCE,
            ),
            (
                skill_spectrum::KIND,
                skill_spectrum::build,
                skill_spectrum::REFERENCE,
            ),
            (
                sparse_parity::KIND,
                sparse_parity::build,
                sparse_parity::REFERENCE,
            ),
            (
                teacher_student::KIND,
                teacher_student::build,
                teacher_student::REFERENCE,
            ),
        ],
    );
    // Variants of a sweep share the rows of a large file.
    let tables = dataset::OwnSets::default();
    let kind = kinds.register(dataset_task::KIND, move |table| {
        dataset_task::build(table, &tables)
    });
    kind.document(dataset_task::REFERENCE);
    let tensors = FileCache::default();
    let kind = kinds.register(tensor_task::KIND, move |table| {
        tensor_task::build(table, &tensors)
    });
    kind.document(tensor_task::REFERENCE);
    kinds
}
