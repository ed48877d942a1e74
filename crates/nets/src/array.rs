use std::{any::Any, borrow::Cow, cell::OnceCell};

use burn::tensor::{DType, Tensor, TensorData};
use mlp::{HostRows, MlpError, Real};
use models::{HostArray, Needs};
use tasks::{Basis, Batch};

use crate::Target;

/// Stacks matrices of several members, which all have the same shape, into one tensor.
///
/// # Shapes
/// - result: `[M, rows, columns]`
pub(crate) fn stack(members: &[&HostArray], target: &Target) -> Tensor<3> {
    let (rows, columns) = members.first().map_or((0, 0), |a| (a.rows, a.columns));
    let values = members.iter().map(|array| &array.values[..]);
    upload(values, [members.len(), rows, columns], target)
}

/// Basis functions on a device.
#[derive(Debug, Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one value per batch, so boxing would gain nothing"
)]
pub enum DeviceBasis {
    /// `[M, N, B]`.
    Dense(Tensor<3>),
    /// Row `i` is the `i`-th unit vector.
    Identity,
}

/// The parts of a batch that the models of a run need, on a device, for all M members.
#[derive(Debug, Clone)]
pub struct DeviceBatch {
    /// Inputs `[M, N, D]`.
    pub inputs: Option<Tensor<3>>,
    /// Basis functions.
    pub basis: Option<DeviceBasis>,
    /// Targets `[M, N, K]`.
    pub targets: Tensor<3>,
    /// Row weights `[M, N, 1]`; `None` means `1/N` each.
    pub weights: Option<Tensor<3>>,
    /// Whether the device is the processor of this machine.
    pub(crate) on_host: bool,
}

impl DeviceBatch {
    /// Uploads the parts in `needs`. All members have the same number and shape of rows.
    fn upload(members: &[Cow<'_, Batch>], needs: Needs, target: &Target) -> Self {
        let first = &members[0];
        let (shape, rows) = (first.shape, first.rows);
        let stack = |values: &dyn Fn(&Batch) -> &[f64], columns: usize| {
            let values: Vec<&[f64]> = members.iter().map(|member| values(member)).collect();
            upload(values.into_iter(), [members.len(), rows, columns], target)
        };
        Self {
            inputs: (needs.inputs).then(|| stack(&|batch| &batch.inputs, shape.inputs)),
            basis: needs.basis.then(|| match first.basis {
                Basis::Dense(_) => DeviceBasis::Dense(stack(&dense_basis, shape.basis)),
                Basis::Identity => DeviceBasis::Identity,
            }),
            targets: stack(&|batch| &batch.targets, shape.outputs),
            weights: (first.weights.is_some())
                .then(|| stack(&|batch| batch.weights.as_deref().unwrap_or_default(), 1)),
            on_host: target.is_host(),
        }
    }
}

fn dense_basis(batch: &Batch) -> &[f64] {
    match &batch.basis {
        Basis::Dense(values) => values,
        Basis::Identity => unreachable!("all members have the same task"),
    }
}

/// Rows for every member of a batch of learners: on the host, and on the device once an engine
/// requests them.
#[derive(Debug)]
pub struct Rows<'a> {
    members: Vec<Cow<'a, Batch>>,
    needs: Needs,
    target: Target,
    on_device: OnceCell<DeviceBatch>,
    /// Rows of each member in the layout of the host trainer; empty if they are not kept.
    on_host: Vec<OnceCell<Box<dyn Any>>>,
}

impl<'a> Rows<'a> {
    /// Rows of a single member.
    pub fn new(batch: &'a Batch, needs: Needs, target: &Target) -> Self {
        Self::of_members(vec![Cow::Borrowed(batch)], needs, target)
    }

    /// Rows of several members, which have the same number and shape of rows.
    pub fn of_members(members: Vec<Cow<'a, Batch>>, needs: Needs, target: &Target) -> Self {
        Self {
            members,
            needs,
            target: target.clone(),
            on_device: OnceCell::new(),
            on_host: Vec::new(),
        }
    }

    /// Marks these rows as used repeatedly, so that the engine prepares them once in the fastest
    /// layout.
    #[must_use]
    pub fn kept(mut self) -> Self {
        self.on_host = self.members.iter().map(|_| OnceCell::new()).collect();
        self
    }

    /// Calls `look` with the rows of a member in the layout of the host trainer.
    pub(crate) fn look<T: Real, R>(
        &self,
        member: usize,
        look: impl FnOnce(&mlp::Rows<T>) -> Result<R, MlpError>,
    ) -> Result<R, MlpError> {
        let batch = &self.members[member];
        let (inputs, outputs) = (batch.shape.inputs, batch.shape.outputs);
        let host = HostRows {
            rows: batch.rows,
            inputs: &batch.inputs,
            targets: &batch.targets,
            weights: batch.weights.as_deref(),
        };
        let Some(kept) = self.on_host.get(member) else {
            return look(&mlp::Rows::new(inputs, outputs, &host)?);
        };
        if kept.get().is_none() {
            let rows = mlp::Rows::<T>::for_evaluation(inputs, outputs, &host)?;
            // The cell was empty a moment ago, and only this thread uses it.
            let _ = kept.set(Box::new(rows));
        }
        let rows = kept.get().and_then(|rows| rows.downcast_ref());
        look(rows.expect("the rows of a run have one precision"))
    }

    /// The rows of one member.
    pub fn host(&self, member: usize) -> &Batch {
        &self.members[member]
    }

    /// Number of members.
    pub fn members(&self) -> usize {
        self.members.len()
    }

    /// The rows of all members on the device, uploaded at the first call.
    pub fn on_device(&self) -> &DeviceBatch {
        self.on_device
            .get_or_init(|| DeviceBatch::upload(&self.members, self.needs, &self.target))
    }
}

/// Uploads the concatenated values of the members.
fn upload<'a>(
    members: impl Iterator<Item = &'a [f64]>,
    shape: [usize; 3],
    target: &Target,
) -> Tensor<3> {
    Tensor::from_data(
        data(members, shape, target.dtype),
        (&target.device, target.dtype),
    )
}

/// The concatenated values of the members, converted on the host, so that a device gets its own
/// precision in one copy.
fn data<'a>(
    members: impl Iterator<Item = &'a [f64]>,
    shape: [usize; 3],
    dtype: DType,
) -> TensorData {
    let values = members.flatten();
    match dtype {
        DType::F64 => TensorData::new(values.copied().collect::<Vec<f64>>(), shape),
        _ => TensorData::new(
            values.map(|&value| value as f32).collect::<Vec<f32>>(),
            shape,
        ),
    }
}

/// Uploads the values of the members as a tensor with the shape, precision and device of `like`.
pub(crate) fn upload_like(members: &[Vec<f64>], like: &Tensor<3>) -> Tensor<3> {
    let target = (&like.device(), like.dtype());
    Tensor::from_data(
        data(members.iter().map(Vec::as_slice), like.dims(), target.1),
        target,
    )
}

/// The values of `tensor` in f64, member by member. This waits for the device.
pub(crate) fn download(tensor: &Tensor<3>) -> Result<Vec<Vec<f64>>, String> {
    let [members, rows, columns] = tensor.dims();
    let data = tensor
        .clone()
        .try_into_data()
        .map_err(|error| format!("{error:?}"))?;
    let values: Vec<f64> = data.iter::<f64>().collect();
    let size = (rows * columns).max(1);
    let mut split: Vec<Vec<f64>> = values.chunks(size).map(<[f64]>::to_vec).collect();
    split.resize(members, Vec::new());
    Ok(split)
}

/// Learning rates of the members, `[M, 1, 1]`.
pub(crate) fn upload_rates(rates: &[f64], target: &Target) -> Tensor<3> {
    upload(std::iter::once(rates), [rates.len(), 1, 1], target)
}
