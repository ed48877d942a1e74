/// The scales of a net that gradient descent feels only together: f(x) has degree D in the weights
/// and some degree in the inputs, so that α κ^D ξ^d/τ, the weight-to-target ratio, is all that
/// matters [Nam2025, weight-to-target ratio].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scales {
    /// κ: factor on the initial weights.
    pub weights: f64,
    /// α: factor on the output.
    pub output: f64,
    /// D: degree in the weights, 1 + q + … + q^(L−1) for L layers of an activation of degree q.
    pub degree: f64,
    /// d = q^(L−1): degree in the inputs.
    pub input_degree: f64,
    /// Whether the net is homogeneous. A net that is not (tanh, gelu, biases) has these degrees in
    /// its linear range only, and the equivalence is qualitative.
    pub exact: bool,
}

impl Scales {
    /// The weight-to-target ratio α κ^D ξ^d/τ for inputs times ξ and targets times τ.
    pub fn weight_to_target(&self, input: f64, target: f64) -> f64 {
        let inputs = input.powf(self.input_degree);
        self.output * self.weights.powf(self.degree) * inputs / target
    }
}
