/// Scales of a net of which only one combination matters to gradient descent. f(x) has degree D in
/// the weights and degree d in the inputs, so training depends on the scales only through the
/// weight-to-target ratio α κ^D ξ^d/τ [Nam2025, weight-to-target ratio].
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
    /// Whether the net is homogeneous. Other nets (tanh, gelu, biases) have these degrees only in
    /// their linear range, and the equivalence is qualitative.
    pub exact: bool,
}

impl Scales {
    /// The weight-to-target ratio α κ^D ξ^d/τ for inputs times ξ and targets times τ.
    pub fn weight_to_target(&self, input: f64, target: f64) -> f64 {
        let inputs = input.powf(self.input_degree);
        self.output * self.weights.powf(self.degree) * inputs / target
    }
}
