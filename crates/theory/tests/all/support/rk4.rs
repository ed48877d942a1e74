//! The classical Runge-Kutta integrator, as an oracle that knows no closed form.

/// State at `end` of dx/dt = `rate(x)` from `start` at t = 0, with `steps` equal steps.
pub(crate) fn integrate<const N: usize>(
    start: [f64; N],
    end: f64,
    steps: u32,
    rate: impl Fn(&[f64; N]) -> [f64; N],
) -> [f64; N] {
    let step = end / f64::from(steps);
    let moved = |x: &[f64; N], slope: &[f64; N], by: f64| {
        std::array::from_fn::<f64, N, _>(|i| x[i] + by * slope[i])
    };
    let mut x = start;
    for _ in 0..steps {
        let k1 = rate(&x);
        let k2 = rate(&moved(&x, &k1, 0.5 * step));
        let k3 = rate(&moved(&x, &k2, 0.5 * step));
        let k4 = rate(&moved(&x, &k3, step));
        x = std::array::from_fn(|i| {
            x[i] + step / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i])
        });
    }
    x
}
