//! Computes the flow of two scalar layers in a frame in which nothing overflows or cancels.
//!
//! Derivation. With p = a + b and q = b − a the flow a' = v b (S − s), b' = v a (S − s) reads
//! p' = v (S − s) p and q' = −v (S − s) q: the sum grows by a factor g, the difference shrinks by
//! the same factor, and p q = b² − a² = λ is conserved. Then x = p² obeys the Riccati equation x' =
//! (v/2)(λ² + 4 S x − x²), linear in homogeneous coordinates. With K = √(4S² + λ²), E = e^{−v K t},
//! M = (1 − E)/K, x0 = p(0)² and y0 = q(0)² its solution is
//!
//! g² = A/B,  A = 2E + (K + 2S + y0) M,  B = 2E + (K − 2S + x0) M.
//!
//! For S ≥ 0 every bracket is a sum of terms ≥ 0 (K − 2S = λ²/(K + 2S)), so A and B keep all their
//! digits. [`LambdaFlow::strength`] factors the product s = (x0 g² − y0/g²)/4 so that it also keeps
//! its digits.

/// One mode in units of its largest parameter, reflected so that the target is not negative.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LambdaFlow {
    /// Largest of |S|, |s0| and |λ| (1 if all are 0): the unit of the strengths below.
    unit: f64,
    /// −1 if the frame has the opposite sign of a (and so of s and S).
    sign: f64,
    /// v · unit, 1 / flow time.
    rate: f64,
    /// S ≥ 0.
    target: f64,
    /// s0; negative only if the start is on the other side of 0 than the target.
    initial: f64,
    /// S − s0, subtracted before the change of unit rounds both.
    gap: f64,
    /// |λ|.
    balance: f64,
    /// K = √(4S² + λ²).
    end_root: f64,
    /// k0 = √(4s0² + λ²) = a² + b² at the start.
    start_root: f64,
    /// x0 = (a + b)² at the start.
    sum: f64,
    /// y0 = (b − a)² at the start.
    difference: f64,
}

/// E and M at one time.
#[derive(Debug, Clone, Copy)]
struct Elapsed {
    remaining: f64,
    passed: f64,
}

/// `factor · other`, where a factor of 0 stays 0 even if `other` is infinite.
fn product(factor: f64, other: f64) -> f64 {
    if factor == 0.0 { 0.0 } else { factor * other }
}

impl LambdaFlow {
    /// The frame of a mode whose parameters were checked.
    pub(crate) fn new(input_power: f64, target: f64, initial: f64, lambda: f64) -> Self {
        let largest = target.abs().max(initial.abs()).max(lambda.abs());
        let unit = if largest > 0.0 { largest } else { 1.0 };
        let reflect = target < 0.0 || (target == 0.0 && initial < 0.0);
        let sign = if reflect { -1.0 } else { 1.0 };
        let gap = sign * (target - initial) / unit;
        let (target, initial) = (sign * target / unit, sign * initial / unit);
        let balance = lambda.abs() / unit;
        let start_root = (2.0 * initial).hypot(balance);
        let heavy = start_root + 2.0 * initial.abs();
        let light = if balance == 0.0 {
            0.0
        } else {
            balance * (balance / heavy)
        };
        let (sum, difference) = if initial >= 0.0 {
            (heavy, light)
        } else {
            (light, heavy)
        };
        Self {
            unit,
            sign,
            rate: input_power * unit,
            target,
            initial,
            gap,
            balance,
            end_root: (2.0 * target).hypot(balance),
            start_root,
            sum,
            difference,
        }
    }

    /// Whether the strength ends at 0 instead of its target, because λ = 0 and s0 is 0 or on the
    /// other side of 0.
    pub(crate) fn ends_at_saddle(&self) -> bool {
        self.balance == 0.0 && self.initial <= 0.0
    }

    /// s(t) for 0 < t ≤ ∞.
    pub(crate) fn strength(&self, t: f64) -> f64 {
        let Elapsed { remaining, passed } = self.elapsed(t);
        let (start, target) = (self.initial, self.target);
        let strength = if self.ends_at_saddle() {
            start * remaining / (1.0 - 2.0 * product(start, passed))
        } else if self.end_root == 0.0 {
            start / (1.0 + 2.0 * start * passed)
        } else if remaining == 0.0 {
            target
        } else {
            // (√x0 A − √y0 B)(√x0 A + √y0 B)/(4AB), each factor over √x0 + √y0 or times it.
            let coupling = self.coupling();
            let (starts, ends) = (self.start_root + self.balance, self.end_root + self.balance);
            let rise = 2.0 * remaining * start + target * passed * coupling / ends;
            let drift = 2.0 * remaining + passed * coupling / starts;
            let (upper, lower) = self.brackets(t);
            (rise / lower) * (drift / upper)
        };
        // Adding 0 turns −0 into 0.
        self.sign * self.unit * strength + 0.0
    }

    /// S − s(t) for 0 < t ≤ ∞.
    pub(crate) fn residual(&self, t: f64) -> f64 {
        let remaining = self.elapsed(t).remaining;
        if self.ends_at_saddle() || self.end_root == 0.0 {
            return self.sign * self.unit * self.target - self.strength(t);
        }
        if remaining == 0.0 {
            return 0.0;
        }
        let (upper, lower) = self.brackets(t);
        let root = self.upper_root();
        let share = (root + self.sum) / (self.end_root + self.start_root);
        let scale = 1.0 / lower + self.difference / (upper * root);
        self.sign * self.unit * (self.gap * share * (remaining * scale))
    }

    /// ((a + b)(t) / (a + b)(0))² for 0 ≤ t ≤ ∞; infinite at late times if a + b starts at 0.
    pub(crate) fn sum_growth_squared(&self, t: f64) -> f64 {
        let (upper, lower) = if self.end_root == 0.0 && self.sum > 0.0 && t == f64::INFINITY {
            (0.0, 1.0)
        } else {
            self.brackets(t)
        };
        if self.sign > 0.0 {
            upper / lower
        } else {
            lower / upper
        }
    }

    /// Time from the start to the strength q S, where S − q S = `gap` · S; q lies on the way.
    pub(crate) fn time_to(&self, fraction: f64, gap: f64) -> f64 {
        let start_fraction = self.initial / self.target;
        let risen = fraction - start_fraction;
        if risen == 0.0 {
            return 0.0;
        }
        let strength = fraction * self.target;
        if self.ends_at_saddle() {
            let step = self.target * (risen * self.target) / (-strength * self.gap);
            return step.ln_1p() / (self.rate * self.end_root);
        }
        let root = (2.0 * strength).hypot(self.balance);
        let sum = if strength >= 0.0 {
            2.0 * strength + root
        } else {
            self.balance * (self.balance / (root - 2.0 * strength))
        };
        // The odds (x − x₋)/(x₊ − x) grow by e^{vKt}; this is by how much they exceed their start.
        let upper_root = self.upper_root();
        let above = [
            2.0 * self.end_root * (risen / gap),
            (sum + self.sum) / (root + self.start_root),
            (self.end_root + root) / (upper_root + sum),
        ];
        let below = self.sum + self.balance * (self.balance / upper_root);
        let step = above.iter().product::<f64>() / below;
        let exponent = if step.is_finite() {
            step.ln_1p()
        } else {
            above.iter().map(|factor| factor.ln()).sum::<f64>() - below.ln()
        };
        exponent / (self.rate * self.end_root)
    }

    /// x₊ = K + 2S, the end of x.
    fn upper_root(&self) -> f64 {
        self.end_root + 2.0 * self.target
    }

    fn elapsed(&self, t: f64) -> Elapsed {
        let time = self.rate * t;
        let exponent = product(-self.end_root, time);
        Elapsed {
            remaining: exponent.exp(),
            passed: if self.end_root == 0.0 {
                time
            } else {
                -exponent.exp_m1() / self.end_root
            },
        }
    }

    /// A and B.
    fn brackets(&self, t: f64) -> (f64, f64) {
        let Elapsed { remaining, passed } = self.elapsed(t);
        let lower_root = if self.balance == 0.0 {
            0.0
        } else {
            self.balance * (self.balance / self.upper_root())
        };
        (
            2.0 * remaining + product(self.upper_root() + self.difference, passed),
            2.0 * remaining + product(lower_root + self.sum, passed),
        )
    }

    /// (k0 + |λ|)(K + |λ|) + 4 S s0, without cancellation for s0 < 0.
    fn coupling(&self) -> f64 {
        let Self {
            target,
            initial,
            balance,
            end_root,
            start_root,
            ..
        } = *self;
        if initial >= 0.0 {
            return (start_root + balance) * (end_root + balance) + 4.0 * target * initial;
        }
        let squares = 4.0 * (initial * initial + target * target) + balance * balance;
        let roots = start_root * end_root - 4.0 * target * initial;
        balance * (start_root + end_root + balance + balance * (squares / roots))
    }
}
