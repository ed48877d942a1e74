#![doc = include_str!("../README.md")]
//!
//! # How it works
//!
//! An [`Engine`] takes a [`TrainingSetup`] and returns [`Learners`], which train a model on a
//! device. The engine `autodiff` uses burn's recorded graph and covers every model on every device.
//! The other engines have gradients written by hand and are faster on what they cover. [`Engines`]
//! is the registry. No random numbers are drawn on a device: initial weights come from the keyed
//! host streams of [`tasks::stream`].
//!
//! ```
//! use layerwise_nets::{Engines, Member, Precision, Rows, Target, TrainingSetup};
//! use models::{Loss, Optimizer};
//!
//! let task = tasks::kinds().build("kind = 'sparse-parity'\nbits = 4\nparity = 2".parse()?)?;
//! let instance = task.instance(0);
//! let model = models::kinds().build("kind = 'mlp'\nwidths = [8]".parse()?)?;
//! let target = Target::open("flex", Precision::F32)?;
//! let initial = model.initial(&*instance, task.shape(), 0);
//! let engines = Engines::default();
//! let mut learners = engines.start(
//!     "auto",
//!     TrainingSetup {
//!         members: vec![Member::untouched(model.into(), initial)],
//!         loss: Loss::default(),
//!         optimizer: Optimizer::default(),
//!         target: &target,
//!         constant: None,
//!         forwards: engines.forwards(),
//!     },
//! )?;
//! let test = instance.test();
//! let rows = Rows::new(&test, learners.model(0).needs(), &target);
//! learners.step(&rows, &[0.1]);
//! assert_eq!(learners.engine(), "mlp");
//! assert_eq!(learners.outputs(&rows)?[0].len(), test.rows);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod array;
mod autodiff;
mod checkpoints;
mod cube;
mod device;
mod elements;
mod engine;
mod engines;
mod forward;
mod interventions;
mod kinds;
mod learner_state;
mod learners;
mod loss;
mod module;
mod moments;
mod optimizer;
mod perceptron;
mod products;
mod references;
mod self_check;

/// burn, so that a model in another crate uses the same version.
pub use burn;

pub use array::{DeviceBasis, DeviceBatch, Rows};
pub use cube::cube_outputs;
pub use device::{BACKENDS, Backend, Device, DeviceError, FoundDevice, Target};
pub use engine::{Coverage, Engine, Member, TrainingSetup};
pub use engines::{AUTO, Engines};
pub use forward::{Forward, Forwards};
pub use kinds::{Attention, AttentionLayer, ConvNet, Convolutions, Norm, Residual, ResidualMlp};
pub use learners::{LearnerError, Learners};
pub use models::Precision;
pub use module::{FromModule, ModuleKind, Readout, Start};
pub use references::{ReferenceCurve, References};
pub use self_check::{bits_survive, together_and_alone};
