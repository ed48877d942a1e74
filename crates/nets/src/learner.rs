use tasks::{Batch, KeyError, TaskShape};
use thiserror::Error;

use crate::{
    AutodiffLearner, AutodiffLearners, HostArray, HostLayers, HostNet, LearnerState, Loss, Model,
    Optimizer, Precision, Rows, Target, host::HostLearner, moments::MomentsLearner, products,
    separate::Separate,
};

/// Engines by name: what they are.
///
/// `auto` trains linear nets on constant rows in f64 with `moments`, other multilayer perceptrons and
/// twins that are products of skills on the recommended device with `host`, and everything else with
/// `autodiff`, which covers every model on every device and is what other engines are tested against.
pub const ENGINES: [(&str, &str); 4] = [
    ("auto", "the fastest engine that applies to each model"),
    (
        "autodiff",
        "burn's recorded graph: every model, every device",
    ),
    (
        "host",
        "multilayer perceptrons on the CPU, gradients by hand",
    ),
    ("moments", "linear nets on constant rows, f64 on the host"),
];

/// Why a learner cannot be made or cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LearnerError {
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
    /// No engine has this name.
    #[error(
        "engine {0:?} is unknown. Choose one of: {list}",
        list = ENGINES.map(|(name, _)| name).join(", ")
    )]
    UnknownEngine(String),
    /// The engine refuses a constant of the training.
    #[error("{0}")]
    Refused(String),
    /// A state that is not one of this learner.
    #[error("the state of training does not fit: {0}")]
    State(String),
    /// The engine does not cover this model.
    #[error("engine {engine:?} {reason}. Use --engine auto")]
    NotCovered {
        /// The engine.
        engine: String,
        /// What it lacks.
        reason: &'static str,
    },
}

/// A model and where it starts.
pub struct Member {
    /// The model.
    pub model: Box<dyn Model>,
    /// Its initial parameters.
    pub initial: Vec<HostArray>,
}

impl Member {
    /// A plain net (the table of a model without its kind, which is `mlp`) on rows of this shape, for
    /// checks and timings: its initial weights look at no task.
    ///
    /// # Errors
    /// A key that does not fit.
    pub fn plain(mut table: toml::Table, shape: TaskShape, seed: u64) -> Result<Self, KeyError> {
        table.insert("kind".to_owned(), "mlp".into());
        let model = crate::kinds().build(table)?;
        let any = "kind = 'modes'\ninput_powers = [1.0]\ntargets = [1.0]";
        let any = any.parse().expect("this table is TOML");
        let task = tasks::kinds().build(any)?;
        let initial = model.initial(&*task.instance(seed), shape, seed);
        Ok(Self { model, initial })
    }
}

/// A model with its parameters, stepped by an engine.
pub trait Learner: Send {
    /// Name of the engine.
    fn engine(&self) -> &'static str;

    /// The model.
    fn model(&self) -> &dyn Model;

    /// One optimizer step on rows of one member. Does not wait for the device.
    fn step(&mut self, rows: &Rows<'_>, lr: f64);

    /// Outputs `[N, K]` on the host, row-major. Waits for the device.
    ///
    /// # Errors
    /// The device failed.
    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError>;

    /// The parameters on the host. Waits for the device.
    ///
    /// # Errors
    /// The device failed.
    fn parameters(&self) -> Result<Vec<HostArray>, LearnerError>;

    /// Everything that it needs to go on later. Waits for the device.
    ///
    /// # Errors
    /// The device failed.
    fn state(&self) -> Result<LearnerState, LearnerError>;

    /// Puts back what [`Learner::state`] gave, in a learner that was made as that one was.
    ///
    /// # Errors
    /// A state of another learner; then nothing is changed.
    fn set_state(&mut self, state: &LearnerState) -> Result<(), LearnerError>;
}

/// Several members that are stepped together. None feels another.
pub trait Learners: Send {
    /// Name of the engine.
    fn engine(&self) -> &'static str;

    /// The model of a member.
    fn model(&self, member: usize) -> &dyn Model;

    /// One optimizer step of every member, each on its own rows at its own rate. Does not wait for
    /// the device.
    fn step(&mut self, rows: &Rows<'_>, lr: &[f64]);

    /// Outputs `[N, K]` of every member on its own rows. Waits for the device.
    ///
    /// # Errors
    /// The device failed.
    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<Vec<f64>>, LearnerError>;

    /// Outputs `[N, K]` of one member on `rows`, which are its alone. Waits for the device.
    ///
    /// # Errors
    /// The device failed.
    fn outputs_of(&self, member: usize, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError>;

    /// The parameters of every member on the host. Waits for the device.
    ///
    /// # Errors
    /// The device failed.
    fn parameters(&self) -> Result<Vec<Vec<HostArray>>, LearnerError>;

    /// Everything that every member needs to go on later. Waits for the device.
    ///
    /// # Errors
    /// The device failed.
    fn states(&self) -> Result<Vec<LearnerState>, LearnerError>;

    /// Puts back what [`Learners::states`] gave, in learners that were made as those were. All
    /// members are at the same step.
    ///
    /// # Errors
    /// States of other learners; then nothing is changed.
    fn set_states(&mut self, states: &[LearnerState]) -> Result<(), LearnerError>;
}

/// Members that start together, by the named engine. `constant` are the training rows of every
/// member where every step has the same.
///
/// # Errors
/// As [`learner`].
pub fn learners(
    engine: &str,
    mut members: Vec<Member>,
    loss: Loss,
    optimizer: Optimizer,
    target: &Target,
    constant: Option<&[Batch]>,
) -> Result<Box<dyn Learners>, LearnerError> {
    let rows = |member: usize| constant.map(|rows| &rows[member]);
    if members.len() > 1 && !on_host(engine, &members[0], loss, optimizer, target, rows(0))? {
        let together = AutodiffLearners::new(members, loss, optimizer, target);
        return Ok(Box::new(together));
    }
    let separate = (members.drain(..).enumerate())
        .map(|(place, Member { model, initial })| {
            learner(engine, model, initial, loss, optimizer, target, rows(place))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Box::new(Separate::new(separate)))
}

/// Whether the named engine trains this member on the host, where there is nothing to gain from
/// stepping several together.
fn on_host(
    engine: &str,
    member: &Member,
    loss: Loss,
    optimizer: Optimizer,
    target: &Target,
    constant: Option<&Batch>,
) -> Result<bool, LearnerError> {
    let Member { model, initial } = member;
    choose(engine, &**model, initial, loss, optimizer, target, constant)
        .map(|choice| !matches!(choice, Choice::Autodiff))
}

/// The engine of a learner.
enum Choice<'a> {
    Autodiff,
    Host(HostLayers),
    Products,
    Moments(HostNet, &'a Batch),
}

fn choose<'a>(
    engine: &str,
    model: &dyn Model,
    initial: &[HostArray],
    loss: Loss,
    optimizer: Optimizer,
    target: &Target,
    constant: Option<&'a Batch>,
) -> Result<Choice<'a>, LearnerError> {
    let moments = || {
        let host = MomentsLearner::applies(model, initial, loss, optimizer)?;
        let rows = constant.ok_or("needs the same rows at every step")?;
        Ok(Choice::Moments(host, rows))
    };
    let by_hand = || match model.host_layers(initial) {
        Some(layers) => Ok(Choice::Host(layers)),
        None => products::covers(model, initial, loss).map(|()| Choice::Products),
    };
    // In f32 the host's f64 would hide the precision that was asked for.
    let single = target.precision() == Precision::F32;
    let covered = match engine {
        "autodiff" => Ok(Choice::Autodiff),
        "auto" => {
            // Whoever names another device wants to see that device compute.
            let flex = target.backend.name == "flex";
            let moments = (flex && !single).then(moments).and_then(Result::ok);
            let by_hand = || flex.then(by_hand)?.ok();
            Ok(moments.or_else(by_hand).unwrap_or(Choice::Autodiff))
        }
        "host" if !target.is_host() => Err("computes on the CPU"),
        "host" => by_hand(),
        "moments" if single => Err("trains in f64 only"),
        "moments" => moments(),
        other => return Err(LearnerError::UnknownEngine(other.to_owned())),
    };
    covered.map_err(|reason| LearnerError::NotCovered {
        engine: engine.to_owned(),
        reason,
    })
}

/// A learner of the named engine. `constant` are the training rows where every step has the same.
///
/// # Errors
/// An unknown engine, or one that does not cover this model.
pub fn learner(
    engine: &str,
    model: Box<dyn Model>,
    initial: Vec<HostArray>,
    loss: Loss,
    optimizer: Optimizer,
    target: &Target,
    constant: Option<&Batch>,
) -> Result<Box<dyn Learner>, LearnerError> {
    let refused = |error: mlp::MlpError| LearnerError::Refused(error.to_string());
    let choice = choose(engine, &*model, &initial, loss, optimizer, target, constant)?;
    Ok(match choice {
        Choice::Moments(host, rows) => Box::new(MomentsLearner::new(
            model, initial, &host, loss, rows, target,
        )),
        Choice::Host(layers) => {
            by_hand(model, initial, layers, loss, optimizer, target, constant).map_err(refused)?
        }
        Choice::Products => {
            products::products(model, initial, loss, optimizer, target).map_err(refused)?
        }
        Choice::Autodiff => Box::new(AutodiffLearner::new(
            model, initial, loss, optimizer, target,
        )),
    })
}

fn by_hand(
    model: Box<dyn Model>,
    initial: Vec<HostArray>,
    layers: HostLayers,
    loss: Loss,
    optimizer: Optimizer,
    target: &Target,
    constant: Option<&Batch>,
) -> Result<Box<dyn Learner>, mlp::MlpError> {
    Ok(match target.precision() {
        Precision::F32 => Box::new(HostLearner::<f32>::new(
            model, initial, layers, loss, optimizer, constant,
        )?),
        Precision::F64 => Box::new(HostLearner::<f64>::new(
            model, initial, layers, loss, optimizer, constant,
        )?),
    })
}
