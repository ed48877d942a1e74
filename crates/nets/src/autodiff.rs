use burn::tensor::Tensor;

use crate::{
    HostArray, Learner, LearnerError, Learners, Loss, Member, Model, Optimizer, Rows, Target,
    array::{download, upload_rates},
    optimizer::{Rate, State},
};

/// The reference engine: burn records the graph of the loss and differentiates it. Members are
/// stacked into tensors of rank 3, so that they are stepped by the same launches.
pub struct AutodiffLearners {
    members: Vec<Member>,
    /// `[M, rows, columns]` each.
    parameters: Vec<Tensor<3>>,
    /// Initial parameters on the device, where the model remembers them.
    origin: Option<Vec<Tensor<3>>>,
    states: Vec<State>,
    loss: Loss,
    optimizer: Optimizer,
    target: Target,
    /// Learning rates of the last step, and what they are on the device.
    rate: Option<(Vec<f64>, Rate)>,
}

impl AutodiffLearners {
    /// Members that start from their initial parameters. Their models compute the same function of
    /// parameters and rows.
    pub fn new(members: Vec<Member>, loss: Loss, optimizer: Optimizer, target: &Target) -> Self {
        let parameters = stack(members.iter().map(|member| &member.initial[..]), target);
        let remembers = members.iter().any(|member| member.model.remembers_start());
        Self {
            origin: remembers.then(|| parameters.clone()),
            states: vec![State::default(); parameters.len()],
            members,
            parameters,
            loss,
            optimizer,
            target: target.clone(),
            rate: None,
        }
    }

    fn forward(&self, parameters: &[Tensor<3>], rows: &Rows<'_>) -> Tensor<3> {
        let model = &self.members[0].model;
        match &self.origin {
            Some(origin) => model.forward_from(origin, parameters, rows.on_device()),
            None => model.forward(parameters, rows.on_device()),
        }
    }

    /// The learning rates of the members, uploaded when they change.
    fn rate(&mut self, lr: &[f64]) -> Rate {
        if let Some((known, rate)) = &self.rate
            && known == lr
        {
            return rate.clone();
        }
        let scaled = self.members.iter().zip(lr);
        let scaled: Vec<f64> = scaled
            .map(|(member, lr)| lr * member.model.lr_scale())
            .collect();
        let rate = if scaled.iter().all(|lr| *lr == scaled[0]) {
            Rate::Same(scaled[0])
        } else {
            Rate::Each(upload_rates(&scaled, &self.target))
        };
        self.rate = Some((lr.to_vec(), rate.clone()));
        rate
    }
}

fn stack<'a>(members: impl Iterator<Item = &'a [HostArray]>, target: &Target) -> Vec<Tensor<3>> {
    let members: Vec<&[HostArray]> = members.collect();
    let arrays = members.first().map_or(0, |arrays| arrays.len());
    (0..arrays)
        .map(|place| {
            let alike: Vec<&HostArray> = members.iter().map(|arrays| &arrays[place]).collect();
            HostArray::stack(&alike, target)
        })
        .collect()
}

impl Learners for AutodiffLearners {
    fn engine(&self) -> &'static str {
        "autodiff"
    }

    fn model(&self, member: usize) -> &dyn Model {
        &*self.members[member].model
    }

    fn step(&mut self, rows: &Rows<'_>, lr: &[f64]) {
        let leaves: Vec<_> = self
            .parameters
            .iter()
            .map(|p| p.clone().autodiff().require_grad())
            .collect();
        let outputs = self.forward(&leaves, rows);
        let batch = rows.on_device();
        let loss = self
            .loss
            .of(outputs, batch.targets.clone(), batch.weights.clone());
        let mut gradients = loss.backward();
        let rate = self.rate(lr);
        for ((parameter, leaf), state) in
            self.parameters.iter_mut().zip(leaves).zip(&mut self.states)
        {
            // A parameter that the loss does not reach has no gradient and stays.
            if let Some(gradient) = leaf.grad_remove(&mut gradients) {
                *parameter = self
                    .optimizer
                    .step(state, parameter.clone(), gradient, &rate);
            }
        }
    }

    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<Vec<f64>>, LearnerError> {
        download(&self.forward(&self.parameters, rows)).map_err(LearnerError::Device)
    }

    fn outputs_of(&self, member: usize, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError> {
        let of_member = |all: &[Tensor<3>]| -> Vec<Tensor<3>> {
            all.iter()
                .map(|array| array.clone().narrow(0, member, 1))
                .collect()
        };
        let (model, parameters) = (self.model(member), of_member(&self.parameters));
        let outputs = match &self.origin {
            Some(origin) => model.forward_from(&of_member(origin), &parameters, rows.on_device()),
            None => model.forward(&parameters, rows.on_device()),
        };
        let mut outputs = download(&outputs).map_err(LearnerError::Device)?;
        Ok(outputs.swap_remove(0))
    }

    fn parameters(&self) -> Result<Vec<Vec<HostArray>>, LearnerError> {
        let mut members: Vec<Vec<HostArray>> = vec![Vec::new(); self.members.len()];
        for (place, tensor) in self.parameters.iter().enumerate() {
            let values = download(tensor).map_err(LearnerError::Device)?;
            for ((arrays, member), values) in members.iter_mut().zip(&self.members).zip(values) {
                arrays.push(HostArray {
                    values,
                    ..member.initial[place].clone()
                });
            }
        }
        Ok(members)
    }
}

/// One member of the reference engine.
pub struct AutodiffLearner(AutodiffLearners);

impl AutodiffLearner {
    /// A learner that starts from `initial`.
    pub fn new(
        model: Box<dyn Model>,
        initial: Vec<HostArray>,
        loss: Loss,
        optimizer: Optimizer,
        target: &Target,
    ) -> Self {
        let member = Member { model, initial };
        Self(AutodiffLearners::new(vec![member], loss, optimizer, target))
    }

    /// Puts other parameters in the place of the present ones.
    pub(crate) fn set(&mut self, arrays: &[HostArray]) {
        self.0.parameters = stack(std::iter::once(arrays), &self.0.target);
    }
}

impl Learner for AutodiffLearner {
    fn engine(&self) -> &'static str {
        self.0.engine()
    }

    fn model(&self) -> &dyn Model {
        self.0.model(0)
    }

    fn step(&mut self, rows: &Rows<'_>, lr: f64) {
        self.0.step(rows, &[lr]);
    }

    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError> {
        Ok(self.0.outputs(rows)?.swap_remove(0))
    }

    fn parameters(&self) -> Result<Vec<HostArray>, LearnerError> {
        Ok(self.0.parameters()?.swap_remove(0))
    }
}
