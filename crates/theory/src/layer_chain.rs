//! One mode of a linear network whose layers start at any strengths.

use crate::error::{TheoryError, require, require_on_the_way, require_positive};

/// One mode f = `a_1` ⋯ `a_L` x of a linear network of L layers that start at any strengths above 0.
///
/// * `layers` a_l(0), unit strength^{1/L}, each finite and above 0;
/// * `input_power` v = E\[x²\], unit 1 / (strength^{2−2/L} · flow time), above 0;
/// * `target` S, unit strength, above 0; a strength above it falls.
///
/// Gradient flow changes every a_l² at the same rate, (a_l²)' = 2 v s (S − s), so that the differences
/// a_l² − a_1² are conserved and one number moves: the square u of the smallest layer. In the logit
/// w = ln(s/(S − s)) its time is one smooth integral,
///
/// t = ∫ dw / (v S s Σ_l 1/a_l²),
///
/// which is w/(2 v S) for two equal layers: the sigmoid.
///
/// # Small layers
///
/// Let r layers start at ε and the others at order one, with product P. Near the saddle only the small ones
/// move, a' = v S P a^{r−1}, so that the plateau lasts
///
/// * ε^{−(r−2)}/((r − 2) v S P) for r > 2,
/// * ln(1/ε)/(v S P) for r = 2, and
/// * a time that does not grow as ε falls for r = 1 and r = 0.
///
/// **The number of small layers sets the power, not the depth**: with r = L these are the waits of
/// [`DeepMode`](crate::DeepMode), and two small layers wait for a logarithm in a net of any depth.
///
/// # Assumes
///
/// Gradient flow on ½ E(a_1 ⋯ a_L x − S x)²; modes that decouple (whitened inputs, aligned start).
///
/// # Derived here
///
/// The integral, evaluated by Gauss–Legendre quadrature, and its inverse s(t). Checked against an adaptive
/// integrator of L separate layers, and against the forms of equal and of two layers (`tests/all/layer_chain.rs`).
///
/// [Saxe2014, deeper networks; Rawal2026, plateaus of small layers]
#[derive(Debug, Clone, PartialEq)]
pub struct LayerChain {
    /// a_l(0), largest last.
    layers: Vec<f64>,
    /// a_l² − a_1², conserved.
    excess: Vec<f64>,
    input_power: f64,
    target: f64,
}

/// Nodes above 0 and weights of the Gauss–Legendre rule of ten points on [−1, 1].
const RULE: [(f64, f64); 5] = [
    (0.148_874_338_981_631_22, 0.295_524_224_714_752_87),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_35),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
];
/// Width of a panel in the logit. The integrand's nearest singularities are π/2 away, so that ten points
/// per panel leave an error below rounding.
const PANEL: f64 = 1.0;
/// Logit at which the strength is its target up to rounding.
const COMPLETE: f64 = 40.0;
/// Largest number of Newton steps, far more than quadratic convergence needs.
const NEWTON_STEPS: usize = 100;
/// Smallest and largest square of a layer: products of a few stay within the range of f64.
const SMALLEST_SQUARE: f64 = 1e-60;
const LARGEST_SQUARE: f64 = 1e60;

impl LayerChain {
    /// The mode whose layers start at `layers`, in any order, with input power v and target S.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless v and S are finite and above 0 and every layer lies between 1e-30 and
    /// 1e30, with a product between 1e-200 and 1e100 of S; [`TheoryError::Shape`] without layers.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(theory::LayerChain::new(&[0.01, 0.01, 1.0, 1.0], 1.0, 2.0).is_ok());
    /// let error = theory::LayerChain::new(&[0.01, 0.0], 1.0, 2.0).unwrap_err();
    /// assert_eq!(error.to_string(), "layers = 0: must be between 1e-30 and 1e30");
    /// ```
    pub fn new(layers: &[f64], input_power: f64, target: f64) -> Result<Self, TheoryError> {
        if layers.is_empty() {
            return Err(TheoryError::Shape {
                matrix: "layers",
                rows: 0,
                columns: 1,
                expected: "one strength per layer, at least one".to_owned(),
            });
        }
        require_positive("input_power", input_power)?;
        require_positive("target", target)?;
        for &layer in layers {
            let inside =
                layer > 0.0 && (SMALLEST_SQUARE..=LARGEST_SQUARE).contains(&(layer * layer));
            require(inside, "layers", layer, "between 1e-30 and 1e30")?;
        }
        let mut layers = layers.to_vec();
        layers.sort_by(f64::total_cmp);
        let smallest = layers[0];
        let excess = layers
            .iter()
            .map(|layer| (layer - smallest) * (layer + smallest))
            .collect();
        let chain = Self {
            layers,
            excess,
            input_power,
            target,
        };
        require(
            (1e-200..=1e100).contains(&chain.start()),
            "target",
            target,
            "so that the product of the layers is between 1e-200 and 1e100 of it",
        )?;
        Ok(chain)
    }

    /// Target S, strength units.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::LayerChain::new(&[0.1, 1.0], 1.0, 5.0)?.target(), 5.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn target(&self) -> f64 {
        self.target
    }

    /// Flow time at which s = q S.
    ///
    /// `fraction` is q = strength/target, from s0/S (included) to 1 (excluded), rising or falling.
    ///
    /// # Errors
    ///
    /// [`TheoryError::FractionNotReached`] for a fraction outside that interval.
    ///
    /// # Examples
    ///
    /// ```
    /// // Three of four layers are small: half as small waits twice as long. Two of four: by ln 2 longer.
    /// let wait = |layers: [f64; 4]| theory::LayerChain::new(&layers, 1.0, 1.0)?.time_to_fraction(0.5);
    /// let (small, smaller) = (1e-3, 5e-4);
    /// let three = wait([smaller, smaller, smaller, 1.0])? / wait([small, small, small, 1.0])?;
    /// assert!((three - 2.0).abs() < 1e-2);
    /// let two = wait([smaller, smaller, 1.0, 1.0])? - wait([small, small, 1.0, 1.0])?;
    /// assert!((two - 2.0_f64.ln()).abs() < 1e-4);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn time_to_fraction(&self, fraction: f64) -> Result<f64, TheoryError> {
        let start = self.start();
        require_on_the_way(fraction, start)?;
        if fraction == start {
            return Ok(0.0);
        }
        let end = (fraction / (1.0 - fraction).abs()).ln();
        let (mut time, mut from) = (0.0, self.start_logit());
        while from < end {
            let to = end.min(from + self.panel(from));
            time += self.panel_time(from, to);
            from = to;
        }
        Ok(time)
    }

    /// Strength s(t), strength units, at flow time t ≥ 0; `t` may be infinite. NaN for a negative or NaN `t`.
    ///
    /// The inverse of [`LayerChain::time_to_fraction`] by Newton's method in the logit.
    ///
    /// # Examples
    ///
    /// ```
    /// let chain = theory::LayerChain::new(&[0.1, 0.1, 1.0], 1.0, 2.0)?;
    /// let time = chain.time_to_fraction(0.5)?;
    /// assert!((chain.strength(time) - 1.0).abs() < 1e-12);
    /// assert_eq!(chain.strength(f64::INFINITY), 2.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn strength(&self, t: f64) -> f64 {
        if t.is_nan() || t < 0.0 {
            return f64::NAN;
        }
        let start = self.start();
        if t == 0.0 || start == 1.0 {
            return start * self.target;
        }
        let (mut left, mut from) = (t, self.start_logit());
        while from < COMPLETE {
            let to = from + self.panel(from);
            let panel = self.panel_time(from, to);
            if panel >= left {
                // The time to the end of the panel grows with slope `slowness`, which changes little in it.
                let mut logit = from + (to - from) * (left / panel);
                for _ in 0..NEWTON_STEPS {
                    let error = self.panel_time(from, logit) - left;
                    let next = (logit - error / self.slowness(logit)).clamp(from, to);
                    let moved = (next - logit).abs();
                    logit = next;
                    if moved <= f64::EPSILON * PANEL {
                        break;
                    }
                }
                return self.target * self.fraction(logit);
            }
            left -= panel;
            from = to;
        }
        self.target
    }

    /// s0/S.
    fn start(&self) -> f64 {
        // Logarithms, because squares of small layers leave the range of f64 first.
        let logarithm: f64 = self.layers.iter().map(|layer| layer.ln()).sum();
        let product: f64 = self.layers.iter().product();
        if product.is_normal() {
            product / self.target
        } else {
            (logarithm - self.target.ln()).exp()
        }
    }

    fn rises(&self) -> bool {
        self.start() < 1.0
    }

    /// ln(s/|S − s|) at the start.
    fn start_logit(&self) -> f64 {
        let start = self.start();
        (start / (1.0 - start).abs()).ln()
    }

    /// s/S at a logit.
    fn fraction(&self, logit: f64) -> f64 {
        if self.rises() {
            1.0 / (1.0 + (-logit).exp())
        } else {
            -1.0 / (-logit).exp_m1()
        }
    }

    /// ln(s/S) at a logit.
    fn log_fraction(&self, logit: f64) -> f64 {
        if self.rises() {
            if logit < 0.0 {
                logit - logit.exp().ln_1p()
            } else {
                -(-logit).exp().ln_1p()
            }
        } else {
            -(-(-logit).exp_m1()).ln()
        }
    }

    /// Width of the panel that begins at a logit. A falling strength has its pole s = ∞ at 0.
    fn panel(&self, from: f64) -> f64 {
        if self.rises() { PANEL } else { PANEL.min(from) }
    }

    /// Flow time between two logits at most a panel apart.
    fn panel_time(&self, from: f64, to: f64) -> f64 {
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        let pair = |&(node, weight): &(f64, f64)| {
            let shift = half * node;
            weight * (self.slowness(middle - shift) + self.slowness(middle + shift))
        };
        half * RULE.iter().map(pair).sum::<f64>()
    }

    /// dt/dw = 1/(v S s Σ 1/a_l²).
    fn slowness(&self, logit: f64) -> f64 {
        let square = self.smallest_square(self.log_fraction(logit));
        let inverse: f64 = self.excess.iter().map(|c| 1.0 / (square + c)).sum();
        let strength = self.target * self.fraction(logit);
        1.0 / (self.input_power * self.target * strength * inverse)
    }

    /// The square u of the smallest layer at which ½ Σ ln(u + c_l) = ln s, by Newton's method in ln u.
    fn smallest_square(&self, log_fraction: f64) -> f64 {
        let goal = log_fraction + self.target.ln();
        // Equal layers have this root; the equation is convex in ln u, and rises with slope ½ or more.
        let mut log_square = 2.0 * goal / self.layers.len() as f64;
        for _ in 0..NEWTON_STEPS {
            let square = log_square.exp();
            let (mut value, mut slope) = (0.0, 0.0);
            for c in &self.excess {
                value += 0.5 * (square + c).ln();
                slope += 0.5 * square / (square + c);
            }
            let step = (value - goal) / slope;
            log_square -= step;
            if step.abs() <= 4.0 * f64::EPSILON * log_square.abs().max(1.0) {
                break;
            }
        }
        log_square.exp()
    }
}
