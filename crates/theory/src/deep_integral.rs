//! J(a) = ∫ y^{a−1}/(1 − y) dy between two points of (0, 1), and its inverse.
//!
//! J is the flow time of a deep mode in its own unit. Its antiderivative (y^a/a) ₂F₁(1, a; a+1; y)
//! loses digits in two ways: two terms of size 1/a cancel for a → 0 and a → −1, and two nearly
//! equal values cancel for nearly equal points. The *difference* is therefore summed term by term,
//! below ½ in powers of y, and above ½ in powers of the gap u = 1 − y beside the logarithm. All
//! terms have the same sign.

use crate::error::{TheoryError, require};

/// Smallest s0/S; for smaller values, powers of it leave the range of f64.
const SMALLEST_START: f64 = 1e-300;
/// Largest s0/S, for the same reason.
const LARGEST_START: f64 = 1e100;
/// Point at which the series change.
const MIDDLE: f64 = 0.5;
/// Number of terms after which a series in powers of at most ½ has converged to rounding.
const TERMS: u32 = 60;
/// Largest number of Newton steps, far more than quadratic convergence needs.
const NEWTON_STEPS: usize = 100;

/// A point y of (0, 1) with its gap 1 − y, both with all their digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) y: f64,
    pub(crate) gap: f64,
}

const HALF: Point = Point {
    y: MIDDLE,
    gap: MIDDLE,
};

pub(crate) fn require_start(ratio: f64, initial: f64) -> Result<(), TheoryError> {
    require(
        (SMALLEST_START..=LARGEST_START).contains(&ratio),
        "initial",
        initial,
        "so that initial / target is between 1e-300 and 1e100",
    )
}

/// s/S for a strength below the target, S/s above it: in (0, 1) and rising.
pub(crate) fn start_point(target: f64, initial: f64) -> Point {
    if initial < target {
        Point {
            y: initial / target,
            gap: (target - initial) / target,
        }
    } else {
        Point {
            y: target / initial,
            gap: (initial - target) / initial,
        }
    }
}

/// ∫ dz/(z^p (1 − z)) with p = `power` from `start` to q = `fraction`, with all digits of
/// 1 − q = `gap` and q − s0/S = `moved`.
pub(crate) fn scaled_time(power: f64, start: Point, fraction: f64, gap: f64, moved: f64) -> f64 {
    if moved > 0.0 {
        let end = Point { y: fraction, gap };
        integral(1.0 - power, start, end, moved)
    } else {
        // In y = S/s the integrand z^{−p}/(z − 1) dz is y^{p−1}/(1 − y) dy.
        let end = Point {
            y: 1.0 / fraction,
            gap: -gap / fraction,
        };
        integral(power, start, end, start.y * (-moved / fraction))
    }
}

/// J from `start` up to `end`; `step` is their distance with all its digits.
///
/// For −1 ≤ a ≤ 2.
fn integral(a: f64, start: Point, end: Point, step: f64) -> f64 {
    if start.y >= MIDDLE {
        above(a, start.gap, end.gap, step)
    } else if end.y <= MIDDLE {
        below(a, start.y, end.y, step)
    } else {
        below(a, start.y, MIDDLE, MIDDLE - start.y) + above(a, MIDDLE, end.gap, MIDDLE - end.gap)
    }
}

/// The point at which J from `start` is `value` ≥ 0.
pub(crate) fn advance(a: f64, start: Point, value: f64) -> Point {
    if start.y >= MIDDLE {
        return advance_above(a, start.gap, value);
    }
    let to_half = below(a, start.y, MIDDLE, MIDDLE - start.y);
    let left = to_half - value;
    if left <= 0.0 {
        advance_above(a, HALF.gap, -left)
    } else if a < 0.0 && left < value {
        // Backward from ½, because computed from the start y^a has lost its digits here.
        retreat_below(a, left)
    } else {
        advance_below(a, start.y, value)
    }
}

/// ∫ y^{k−1} dy from `start` to `end` = `start` e^`log_ratio`, without overflow.
fn power(k: f64, start: f64, end: f64, log_ratio: f64) -> f64 {
    if k == 0.0 {
        log_ratio
    } else if k > 0.0 {
        -end.powf(k) * (-k * log_ratio).exp_m1() / k
    } else {
        start.powf(k) * (k * log_ratio).exp_m1() / k
    }
}

/// Σ_{n≥1} ∫ y^{a+n−1} dy: J without its first term.
fn below_rest(a: f64, start: f64, end: f64, log_ratio: f64) -> f64 {
    // Smallest terms first.
    (1..TERMS)
        .rev()
        .map(|n| power(a + f64::from(n), start, end, log_ratio))
        .sum()
}

/// J between two points at most at ½.
fn below(a: f64, start: f64, end: f64, step: f64) -> f64 {
    let log_ratio = if step < start {
        (step / start).ln_1p()
    } else {
        end.ln() - start.ln()
    };
    below_rest(a, start, end, log_ratio) + power(a, start, end, log_ratio)
}

/// Σ_{n≥1} (1−a)_n/(n! n) (u0^n − u1^n) for u0 = `start`, u0 − u1 = `step`.
fn above_rest(a: f64, start: f64, end: f64, step: f64) -> f64 {
    let (mut coefficient, mut difference, mut end_power) = (1.0, step, 1.0);
    let mut sum = 0.0;
    for n in 1..TERMS {
        let n = f64::from(n);
        coefficient *= (n - a) / n;
        sum += coefficient / n * difference;
        end_power *= end;
        difference = start * difference + step * end_power;
    }
    sum
}

/// J between two points at or above ½, given by their gaps `start` > `end`.
fn above(a: f64, start: f64, end: f64, step: f64) -> f64 {
    let logarithm = if step < 0.5 * start {
        -(-step / start).ln_1p()
    } else {
        start.ln() - end.ln()
    };
    logarithm + above_rest(a, start, end, step)
}

/// Below ½ the unknown is the first term of J: J is nearly linear in it, with slope 1/(1 − y).
fn advance_below(a: f64, start: f64, value: f64) -> Point {
    let log_ratio = |first: f64| {
        if a == 0.0 {
            first
        } else {
            (a * (first / start.powf(a))).ln_1p() / a
        }
    };
    let end = |log_ratio: f64| start * log_ratio.exp();
    // J is convex in its first term: from above, Newton's method descends.
    let largest = power(a, start, MIDDLE, MIDDLE.ln() - start.ln());
    let first = newton(value.min(largest), |first| {
        let ratio = log_ratio(first);
        let y = end(ratio);
        let error = (first - value) + below_rest(a, start, y, ratio);
        (error, 1.0 / (1.0 - y))
    });
    let y = end(log_ratio(first)).min(MIDDLE);
    Point { y, gap: 1.0 - y }
}

/// The point below ½ from which J to ½ is `value`; a < 0.
fn retreat_below(a: f64, value: f64) -> Point {
    let log_ratio = |first: f64| (-a * first * MIDDLE.powf(-a)).ln_1p() / -a;
    let start = |log_ratio: f64| MIDDLE * (-log_ratio).exp();
    // J is concave in its first term: from 0, Newton's method ascends.
    let first = newton(0.0, |first| {
        let ratio = log_ratio(first);
        let y = start(ratio);
        let error = (first - value) + below_rest(a, y, MIDDLE, ratio);
        (error, 1.0 / (1.0 - y))
    });
    let y = start(log_ratio(first));
    Point { y, gap: 1.0 - y }
}

/// Above ½ the unknown is the logarithm in J; the slope (1 − u)^{a−1} lies between ¼ and 4.
fn advance_above(a: f64, start: f64, value: f64) -> Point {
    let shrunk = |logarithm: f64| {
        let end = start * (-logarithm).exp();
        (end, -start * (-logarithm).exp_m1())
    };
    // Concave for a < 1, convex above: from 0, or from the first step on, the steps are monotone.
    let logarithm = newton(0.0, |logarithm| {
        let (end, step) = shrunk(logarithm);
        let error = (logarithm - value) + above_rest(a, start, end, step);
        (error, (1.0 - end).powf(a - 1.0))
    });
    let gap = shrunk(logarithm).0;
    Point { y: 1.0 - gap, gap }
}

/// Newton's method on an `equation` that gives its error and slope.
fn newton(start: f64, equation: impl Fn(f64) -> (f64, f64)) -> f64 {
    let mut x = start;
    for _ in 0..NEWTON_STEPS {
        let (error, slope) = equation(x);
        let next = (x - error / slope).max(0.0);
        if (next - x).abs() <= f64::EPSILON * next {
            return next;
        }
        x = next;
    }
    x
}
