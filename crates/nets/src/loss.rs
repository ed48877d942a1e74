use burn::tensor::{
    Tensor,
    activation::{log_softmax, relu},
};
use models::Loss;

/// The sum of the losses of all members, as a tensor with one element. Members do not interact, so
/// the gradient of the sum contains the gradient of each member.
///
/// # Shapes
/// - `outputs`, `targets`: `[M, N, K]`; `weights`: `[M, N, 1]`; result: `[1]`
pub(crate) fn summed_loss(
    loss: Loss,
    outputs: Tensor<3>,
    targets: Tensor<3>,
    weights: Option<Tensor<3>>,
) -> Tensor<1> {
    let [_, rows, columns] = outputs.dims();
    let factor = loss.flow_factor(columns);
    let (elements, factor) = match loss {
        Loss::Mse { .. } => ((outputs - targets).square(), 0.5 * factor),
        Loss::CrossEntropy => (log_softmax(outputs, 2) * targets, -factor),
        Loss::Hinge { .. } => (relu((outputs * targets).neg().add_scalar(1.0)), factor),
    };
    match weights {
        Some(weights) => (elements * weights).sum().mul_scalar(factor),
        None => elements.sum().mul_scalar(factor / rows as f64),
    }
}
