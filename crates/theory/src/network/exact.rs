use nalgebra::DMatrix;

use super::balance::balance;
use super::graded::top_of_orthonormal_columns;
use super::require_matrix;
use super::state::NetworkState;
use super::svd::{FullSvd, full_svd};
use crate::error::TheoryError;

/// Bound on t and on l t, the exponent of the fastest mode; beyond it, nothing changes in f64.
const LONGEST: f64 = 1e300;

/// Exact gradient flow of a λ-balanced two-layer linear network from any start, aligned or not.
///
/// With Q = \[W1ᵀ; W2\] ((d+c)×h) and F = \[\[−λ/2 I, Syxᵀ\], \[Syx, λ/2 I\]\], gradient flow is the
/// Riccati equation (QQᵀ)' = F QQᵀ + QQᵀ F − (QQᵀ)², solved by
///
/// QQᵀ(t) = e^{Ft}Q₀ \[I + ½ Q₀ᵀF⁻¹(e^{2Ft} − I)Q₀\]⁻¹ Q₀ᵀe^{Ft}.
///
/// # How it is evaluated
///
/// Derived here, because the formula above divides by 0 where F is singular (λ = 0 with d ≠ c)
/// and overflows at late times. F has the eigenvalues l = ±√(S_α² + λ²/4), with eigenvectors in
/// the plane of u_α and v_α, and ±λ/2 on what is left. With Y = OᵀQ₀, D_i = (e^{2 l_i t} − 1)/(2 l_i)
/// (t where l_i = 0), g_i = e^{l_i t}/√D_i and B = diag(√D) Y,
///
/// QQᵀ(t) = O diag(g) B (I + BᵀB)⁻¹ Bᵀ diag(g) Oᵀ,
///
/// and the middle is T Tᵀ for the first rows T of an orthonormal basis of the columns of \[B; I\].
/// That basis needs differences of ln D only, so every t ≥ 0 can be evaluated, infinity included.
/// Compared with an adaptive Runge–Kutta integrator of W1 and W2 for square, wide, tall, narrow
/// and over-complete shapes and |λ| up to 50: the difference is below 1e-12 of the largest entry.
///
/// A start on a saddle (a direction of Syx that both layers miss *exactly*) is left by rounding
/// once e^{l t} exceeds 1e15; so is the true flow of the rounded weights.
///
/// # Assumes
///
/// Whitened inputs, halved squared error, W2ᵀW2 − W1W1ᵀ = λ I (checked). Any widths, a bottleneck
/// h < min(c, d) and surplus units included, but not every λ exists for each; see
/// [`balanced_weights`](crate::balanced_weights).
///
/// # Examples
///
/// ```
/// use theory::nalgebra::dmatrix;
/// let first = dmatrix![0.1, 0.2; -0.2, 0.1];
/// let second = dmatrix![0.2, 0.1; -0.1, 0.2];
/// let task = dmatrix![2.0, 0.5; 0.0, 1.0];
/// let network = theory::BalancedNetwork::new(&first, &second, &task)?;
/// assert_eq!(network.lambda(), 0.0);
/// assert!((network.at(f64::INFINITY).product() - &task).amax() < 1e-14);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Braun2022, exact dynamics for λ = 0; Domine2024, exact dynamics for any λ]
#[derive(Debug, Clone, PartialEq)]
pub struct BalancedNetwork {
    lambda: f64,
    start: NetworkState,
    svd: FullSvd,
    /// Cosine and sine of the growing eigenvector of every mode, along v and u.
    directions: Vec<(f64, f64)>,
    /// Eigenvalues l: the growing and the shrinking one of every mode, then the null directions.
    rates: Vec<f64>,
    /// Y, one row per eigenvalue.
    coordinates: DMatrix<f64>,
}

impl BalancedNetwork {
    /// The flow from W1 (`first`, h×d) and W2 (`second`, c×h) to the task Syx (`correlation`, c×d).
    ///
    /// Decomposes F once; [`at`](Self::at) is then cheap.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Shape`] if the matrices do not fit together, [`TheoryError::Domain`] for an
    /// entry that is not finite, [`TheoryError::Unbalanced`] for layers that are not λ-balanced to
    /// [`BALANCE_TOLERANCE`](crate::BALANCE_TOLERANCE).
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let identity = dmatrix![1.0, 0.0; 0.0, 1.0];
    /// let network = theory::BalancedNetwork::new(&identity, &(2.0 * &identity), &identity)?;
    /// assert_eq!(network.lambda(), 3.0);
    /// let skew = dmatrix![1.0, 0.5; 0.0, 1.0];
    /// assert!(theory::BalancedNetwork::new(&identity, &skew, &identity).is_err());
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn new(
        first: &DMatrix<f64>,
        second: &DMatrix<f64>,
        correlation: &DMatrix<f64>,
    ) -> Result<Self, TheoryError> {
        let lambda = balance(first, second)?.require_balanced()?;
        let (inputs, outputs) = (first.ncols(), second.nrows());
        require_matrix(
            "correlation",
            correlation,
            (outputs, inputs),
            "outputs x inputs",
        )?;
        let svd = full_svd(correlation);
        // W1ᵀ and W2 in the coordinates of v and u.
        let first_rows = svd.right.tr_mul(&first.transpose());
        let second_rows = svd.left.tr_mul(second);

        let half = 0.5 * lambda;
        let modes = svd.values.len();
        let mut directions = Vec::with_capacity(modes);
        let mut rates = Vec::with_capacity(inputs + outputs);
        let mut coordinates = DMatrix::zeros(inputs + outputs, first.nrows());
        for (mode, &value) in svd.values.iter().enumerate() {
            let rate = value.hypot(half);
            let (cosine, sine) = direction(value, half, rate);
            let (along_v, along_u) = (first_rows.row(mode), second_rows.row(mode));
            coordinates.set_row(2 * mode, &(along_v * cosine + along_u * sine));
            coordinates.set_row(2 * mode + 1, &(along_v * sine - along_u * cosine));
            rates.extend([rate, -rate]);
            directions.push((cosine, sine));
        }
        let rest_v = (modes..inputs).map(|row| (-half, first_rows.row(row)));
        let rest_u = (modes..outputs).map(|row| (half, second_rows.row(row)));
        for (rate, row) in rest_v.chain(rest_u) {
            coordinates.set_row(rates.len(), &row);
            rates.push(rate);
        }
        Ok(Self {
            lambda,
            start: NetworkState::of_layers(&first.transpose(), second),
            svd,
            directions,
            rates,
            coordinates,
        })
    }

    /// λ of W2ᵀW2 − W1W1ᵀ = λ I, strength units; above 0 if the second layer is the larger one.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let network = theory::BalancedNetwork::new(&dmatrix![2.0], &dmatrix![1.0], &dmatrix![1.0])?;
    /// assert_eq!(network.lambda(), -3.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn lambda(&self) -> f64 {
        self.lambda
    }

    /// The network at flow time `t` ≥ 0, which may be infinite.
    ///
    /// NaN in every entry for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// // One mode, aligned and balanced: the sigmoid.
    /// use theory::nalgebra::dmatrix;
    /// let network = theory::BalancedNetwork::new(&dmatrix![0.1], &dmatrix![0.1], &dmatrix![2.0])?;
    /// let mode = theory::BalancedMode::new(1.0, 2.0, 0.01)?;
    /// assert!((network.at(1.3).product()[(0, 0)] / mode.strength(1.3) - 1.0).abs() < 1e-14);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Braun2022, exact dynamics for λ = 0; Domine2024, exact dynamics for any λ]
    #[must_use]
    pub fn at(&self, t: f64) -> NetworkState {
        let (inputs, outputs) = (self.svd.right.nrows(), self.svd.left.nrows());
        if t.is_nan() || t < 0.0 {
            return NetworkState::unknown(inputs, outputs);
        }
        if t == 0.0 {
            return self.start.clone();
        }
        let fastest = self.rates.iter().fold(1.0, |m: f64, l| m.max(l.abs()));
        let t = t.min(LONGEST / fastest);
        let logs: Vec<f64> = self.rates.iter().map(|&l| log_root_growth(l, t)).collect();
        let mut factor = top_of_orthonormal_columns(&self.coordinates, &logs);
        for (mut row, &rate) in factor.row_iter_mut().zip(&self.rates) {
            row *= gain(rate, t);
        }
        self.state(&factor)
    }

    /// The state whose Q is O times `factor`, one row per eigenvalue.
    fn state(&self, factor: &DMatrix<f64>) -> NetworkState {
        let (inputs, outputs) = (self.svd.right.nrows(), self.svd.left.nrows());
        let modes = self.directions.len();
        let mut first = DMatrix::zeros(inputs, factor.ncols());
        let mut second = DMatrix::zeros(outputs, factor.ncols());
        for (mode, &(cosine, sine)) in self.directions.iter().enumerate() {
            let (growing, shrinking) = (factor.row(2 * mode), factor.row(2 * mode + 1));
            first.set_row(mode, &(growing * cosine + shrinking * sine));
            second.set_row(mode, &(growing * sine - shrinking * cosine));
        }
        let mut next = 2 * modes;
        for (layer, size) in [(&mut first, inputs), (&mut second, outputs)] {
            for row in modes..size {
                layer.set_row(row, &factor.row(next));
                next += 1;
            }
        }
        NetworkState::of_layers(&(&self.svd.right * first), &(&self.svd.left * second))
    }
}

/// Unit eigenvector of \[\[−λ/2, S\], \[S, λ/2\]\] to its eigenvalue +l, without cancellation.
fn direction(value: f64, half: f64, rate: f64) -> (f64, f64) {
    let (along_v, along_u) = if half >= 0.0 {
        (value, rate + half)
    } else {
        (rate - half, value)
    };
    let norm = along_v.hypot(along_u);
    if norm > 0.0 {
        (along_v / norm, along_u / norm)
    } else {
        (1.0, 0.0)
    }
}

/// ½ ln D, D = (e^{2lt} − 1)/(2l), t > 0.
fn log_root_growth(rate: f64, t: f64) -> f64 {
    let exponent = 2.0 * rate.abs() * t;
    if exponent == 0.0 {
        return 0.5 * t.ln();
    }
    // (1 − e^{−2|l|t})/(2|l|), times e^{2lt} for growth.
    let saturating = (-(-exponent).exp_m1() / (2.0 * rate.abs())).ln();
    0.5 * saturating + if rate > 0.0 { 0.5 * exponent } else { 0.0 }
}

/// g = e^{lt}/√D, t > 0.
fn gain(rate: f64, t: f64) -> f64 {
    let exponent = 2.0 * rate * t;
    if exponent == 0.0 {
        t.sqrt().recip()
    } else {
        (2.0 * rate / -(-exponent).exp_m1()).sqrt()
    }
}
