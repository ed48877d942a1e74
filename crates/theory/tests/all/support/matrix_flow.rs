//! Adaptive integration of the layers of a linear network, as an oracle that knows no closed form.

use ode_solvers::dop_shared::OutputType;
use ode_solvers::{DVector, Dop853, System};
use theory::nalgebra::DMatrix;

/// As small as f64 lets the integrator go; its error is then about 1e-12.
const RELATIVE: f64 = 1e-14;
/// Relative to the largest number of the start: small starts count.
const ABSOLUTE: f64 = 1e-15;
const MOST_STEPS: u32 = 1_000_000;

struct Field<R>(R);

impl<R: Fn(&DVector<f64>) -> DVector<f64>> System<f64, DVector<f64>> for Field<R> {
    fn system(&self, _time: f64, state: &DVector<f64>, rate: &mut DVector<f64>) {
        rate.copy_from(&(self.0)(state));
    }
}

/// State at `end` of dx/dt = `rate(x)` from `start` at t = 0.
pub(crate) fn integrate(
    start: &DVector<f64>,
    end: f64,
    rate: impl Fn(&DVector<f64>) -> DVector<f64>,
) -> DVector<f64> {
    if end == 0.0 {
        return start.clone();
    }
    let mut solver = Dop853::from_param(
        Field(rate),
        0.0,
        end,
        end,
        start.clone(),
        RELATIVE,
        ABSOLUTE * start.amax(),
        0.9,
        0.0,
        0.333,
        6.0,
        end,
        0.0,
        MOST_STEPS,
        MOST_STEPS,
        OutputType::Sparse,
    );
    solver.integrate().unwrap();
    solver.y_out().last().unwrap().clone()
}

/// Layers W1 and W2 at `end` under gradient flow to the task `correlation`.
pub(crate) fn layers_at(
    (first, second): (&DMatrix<f64>, &DMatrix<f64>),
    correlation: &DMatrix<f64>,
    end: f64,
) -> (DMatrix<f64>, DMatrix<f64>) {
    let pack = |first: &DMatrix<f64>, second: &DMatrix<f64>| {
        let numbers = first.iter().chain(second.iter()).copied();
        DVector::from_iterator(first.len() + second.len(), numbers)
    };
    let unpack = |state: &DVector<f64>| {
        let (head, tail) = state.as_slice().split_at(first.len());
        (
            DMatrix::from_column_slice(first.nrows(), first.ncols(), head),
            DMatrix::from_column_slice(second.nrows(), second.ncols(), tail),
        )
    };
    let end_state = integrate(&pack(first, second), end, |state| {
        let (one, two) = unpack(state);
        let error = correlation - &two * &one;
        pack(&two.tr_mul(&error), &(&error * one.transpose()))
    });
    unpack(&end_state)
}
