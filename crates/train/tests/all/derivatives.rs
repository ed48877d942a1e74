//! Sharpness, size of gradients, and times of losses, in runs whose answer is known.

use crate::runs::{curve, last, recorded};

/// Five digits are promised for the sharpness.
const PROMISED: f64 = 1e-5;
/// A scalar net's gradient, from numbers that are recorded in full.
const ROUNDING: f64 = 1e-10;

/// f = b a x with x = 1 and the target 1.5, loss ½ (a b − 1.5)².
const SCALAR: &str = "name = 'small'\ntitle = 'T'\nsummary = 'S'\nsource = 'S'\nminutes = 0.1\n\
    [task]\nkind = 'linear-map'\ntarget = [[1.5]]\n\
    [models.net]\nkind = 'deep-linear'\nwidths = [1]\ninit = { kind = 'normal', std = 0.8 }\n\
    [training]\nseeds = 1\nsteps = 2000\nlr = 0.05\nprecision = 'f64'\n\
    loss = { kind = 'mse', half = true, outputs = 'sum' }\n\
    [[measure]]\nkind = 'curvature'\nschedule = { kind = 'ends' }\n\
    [[measure]]\nkind = 'gradients'\nschedule = { kind = 'ends' }\n\
    [[measure]]\nkind = 'weights'\nschedule = { kind = 'ends' }\n\
    [[measure]]\nkind = 'outputs'\nschedule = { kind = 'ends' }\n";

#[test]
fn a_scalar_net_has_the_sharpness_and_gradient_of_the_formula() {
    let run = recorded(SCALAR, &[]);
    let of = |metric: &str, index| curve(&run, "net", metric, index);
    for (place, (_, sharpness)) in of("sharpness", 0).into_iter().enumerate() {
        let [a, b] = [1, 2].map(|layer| of("weight_norm", layer)[place].1);
        let product = of("output", 1)[place].1;
        let error = product - 1.5;
        // [[b², ab + e], [ab + e, a²]].
        let (half, off) = ((b * b - a * a) / 2.0, product + error);
        let expected = (a * a + b * b) / 2.0 + half.hypot(off);
        assert!(
            (sharpness / expected - 1.0).abs() < PROMISED,
            "{sharpness} {expected}"
        );
        let norms = [0, 1, 2].map(|layer| of("gradient_norm", layer)[place].1);
        let slopes = [(b * error).abs(), (a * error).abs()];
        for (found, expected) in
            norms
                .into_iter()
                .zip([slopes[0].hypot(slopes[1]), slopes[0], slopes[1]])
        {
            assert!((found - expected).abs() < ROUNDING, "{found} {expected}");
        }
    }
    // At the minimum it is |θ|².
    let at_minimum = last(&run, "net", "weight_norm", 0).powi(2);
    assert!((last(&run, "net", "sharpness", 0) / at_minimum - 1.0).abs() < PROMISED);
}

#[test]
fn gradient_descent_is_unstable_beyond_two_over_the_sharpness() {
    // One linear layer: the sharpness is E[x²] = 1 for good.
    let linear = |rate: &str| {
        let spec = SCALAR.replace("widths = [1]", "widths = []");
        recorded(
            &spec,
            &[&format!("training.lr={rate}"), "training.steps=60"],
        )
    };
    let run = linear("1.9");
    assert!((last(&run, "net", "sharpness", 0) - 1.0).abs() < PROMISED);
    assert!((last(&run, "net", "output", 1) - 1.5).abs() < 0.01);
    let run = linear("2.1");
    assert!((last(&run, "net", "output", 1) - 1.5).abs() > 10.0);
}

#[test]
fn losses_fall_to_their_levels_when_the_formula_says() {
    // f = w: its error is multiplied by 1 − η every step.
    let spec = SCALAR.replace("widths = [1]", "widths = []")
        + "[[measure]]\nkind = 'loss'\nfit = 0.1\ngeneralised = 0.001\nschedule = { kind = 'linear', every = 1 }\n";
    let run = recorded(&spec, &["training.steps=200"]);
    let start = curve(&run, "net", "train_loss", 0)[0].1;
    let expected = |level: f64| (level / start).ln() / (2.0 * 0.95_f64.ln());
    let times = ["loss_t_fit", "loss_t_gen", "loss_gap"].map(|metric| last(&run, "net", metric, 0));
    let expected = [
        expected(0.1),
        expected(0.001),
        expected(0.001) - expected(0.1),
    ];
    for (found, expected) in times.into_iter().zip(expected) {
        // A straight line between two records is at most this far off.
        assert!(
            (found - expected).abs() < 0.05 && expected > 1.0,
            "{found} {expected}"
        );
    }
    // A level that is not reached is infinite, and so is the gap.
    let run = recorded(&spec, &["training.steps=30"]);
    assert!(last(&run, "net", "loss_t_fit", 0).is_finite());
    assert_eq!(last(&run, "net", "loss_t_gen", 0), f64::INFINITY);
    assert_eq!(last(&run, "net", "loss_gap", 0), f64::INFINITY);
}
