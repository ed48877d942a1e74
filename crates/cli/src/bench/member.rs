use models::{Adam, Decay, Loss, Optimizer};
use nets::{Engines, Learners, Member as Start, Rows, Target, TrainingSetup};
use tasks::Batch;

use super::Case;
use crate::failure::Failure;

/// Small enough that no case ever diverges.
const LEARNING_RATE: f64 = 1e-5;

/// Members of one case that one engine trains together.
pub(crate) struct Members<'a> {
    learners: Box<dyn Learners>,
    rows: Rows<'a>,
    rates: Vec<f64>,
    /// Whether a step returns before the device has finished it.
    queued: bool,
}

impl<'a> Members<'a> {
    /// One member for each batch; every step trains on all rows of the batch.
    ///
    /// # Errors
    /// The engine or the device cannot train this net.
    pub(crate) fn new(
        case: &Case,
        engines: &Engines,
        engine: &str,
        target: &Target,
        batches: &'a [Batch],
    ) -> Result<Self, Failure> {
        let optimizer = match case.adamw {
            false => Optimizer::default(),
            true => Optimizer::Adam(Adam {
                beta1: 0.9,
                beta2: 0.999,
                epsilon: 1e-8,
                weight_decay: 0.01,
                decay: Decay::Decoupled,
            }),
        };
        let starts: Vec<Start> = (0..)
            .zip(batches)
            .map(|(seed, batch)| start(case, seed, batch))
            .collect::<Result<_, _>>()?;
        let needs = starts.first().map(|start| start.model.needs());
        let setup = TrainingSetup {
            members: starts,
            loss: Loss::default(),
            optimizer,
            target,
            constant: Some(batches),
            forwards: engines.forwards(),
        };
        let learners = engines.start(engine, setup).map_err(Failure::usage)?;
        let members = batches.iter().map(std::borrow::Cow::Borrowed).collect();
        Ok(Self {
            learners,
            rows: Rows::of_members(members, needs.unwrap_or_default(), target),
            rates: vec![LEARNING_RATE; batches.len()],
            queued: !target.is_host(),
        })
    }

    /// Takes this number of steps and waits until the device has finished them.
    ///
    /// # Errors
    /// The device failed.
    pub(crate) fn train(&mut self, steps: usize) -> Result<(), Failure> {
        for _ in 0..steps {
            self.learners.step(&self.rows, &self.rates);
        }
        if self.queued {
            self.learners.parameters().map_err(Failure::run)?;
        }
        Ok(())
    }
}

fn start(case: &Case, seed: u64, batch: &Batch) -> Result<Start, Failure> {
    let mut table = toml::Table::new();
    table.insert("widths".to_owned(), vec![case.hidden as i64].into());
    table.insert("activation".to_owned(), case.activation.into());
    Start::plain(table, batch.shape, seed).map_err(Failure::run)
}
