use crate::{HostArray, Learner, LearnerError, LearnerState, Learners, Model, Rows};

/// Members that have nothing to gain from each other: one after another.
pub struct Separate(Vec<Box<dyn Learner>>);

impl Separate {
    /// Members in the order of their rows.
    pub fn new(members: Vec<Box<dyn Learner>>) -> Self {
        Self(members)
    }

    fn each<T>(
        &self,
        rows: &Rows<'_>,
        read: impl Fn(&dyn Learner, &Rows<'_>) -> Result<T, LearnerError>,
    ) -> Result<Vec<T>, LearnerError> {
        // A single member keeps what is on the device already.
        if let [only] = &self.0[..] {
            return Ok(vec![read(&**only, rows)?]);
        }
        let members = self.0.iter().enumerate();
        members
            .map(|(place, member)| read(&**member, &rows.member(place)))
            .collect()
    }
}

impl Learners for Separate {
    fn engine(&self) -> &'static str {
        self.0.first().map_or("none", |member| member.engine())
    }

    fn model(&self, member: usize) -> &dyn Model {
        self.0[member].model()
    }

    fn step(&mut self, rows: &Rows<'_>, lr: &[f64]) {
        if let [only] = &mut self.0[..] {
            only.step(rows, lr[0]);
            return;
        }
        for (place, member) in self.0.iter_mut().enumerate() {
            member.step(&rows.member(place), lr[place]);
        }
    }

    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<Vec<f64>>, LearnerError> {
        self.each(rows, |member, rows| member.outputs(rows))
    }

    fn outputs_of(&self, member: usize, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError> {
        self.0[member].outputs(rows)
    }

    fn parameters(&self) -> Result<Vec<Vec<HostArray>>, LearnerError> {
        self.0.iter().map(|member| member.parameters()).collect()
    }

    fn states(&self) -> Result<Vec<LearnerState>, LearnerError> {
        self.0.iter().map(|member| member.state()).collect()
    }

    fn set_states(&mut self, states: &[LearnerState]) -> Result<(), LearnerError> {
        let mut members = self.0.iter_mut().zip(states);
        members.try_for_each(|(member, state)| member.set_state(state))
    }
}
