//! An adaptive integrator of order 8, as an oracle that knows no closed form.

use ode_solvers::{DVector, Dop853, OutputType, System};

/// Error per step relative to each component: as small as the rounding of f64 lets it be.
const RELATIVE: f64 = 1e-14;
/// Error per step of components near 0.
const ABSOLUTE: f64 = 1e-20;

struct Flow<F>(F);

impl<F: Fn(&[f64], &mut [f64])> System<f64, DVector<f64>> for Flow<F> {
    fn system(&self, _: f64, state: &DVector<f64>, rate: &mut DVector<f64>) {
        (self.0)(state.as_slice(), rate.as_mut_slice());
    }
}

/// State at `end` of dx/dt = `rate(x)` from `start` at t = 0.
pub(crate) fn integrate(start: &[f64], end: f64, rate: impl Fn(&[f64], &mut [f64])) -> Vec<f64> {
    if end == 0.0 {
        return start.to_vec();
    }
    let mut solver = Dop853::from_param(
        Flow(rate),
        0.0,
        end,
        end,
        DVector::from_column_slice(start),
        RELATIVE,
        ABSOLUTE,
        0.9,
        0.0,
        0.333,
        6.0,
        end,
        0.0,
        1_000_000,
        // No test for stiffness: a slow answer is fine here.
        u32::MAX,
        OutputType::Sparse,
    );
    solver.integrate().unwrap();
    let reached = *solver.x_out().last().unwrap();
    assert!(
        (reached - end).abs() <= 2.0 * f64::EPSILON * end.abs(),
        "{reached} of {end}"
    );
    solver.y_out().last().unwrap().as_slice().to_vec()
}
