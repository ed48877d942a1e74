//! Initial biases.

use tasks::TaskShape;

use crate::start::{initial, model};

/// The first layer of a net of 4 inputs and many hidden neurons: weights and biases.
fn first_layer(biases: &str, weight_scale: f64) -> [Vec<f64>; 2] {
    let net = model(&format!(
        "kind = 'mlp'\nwidths = [4000]\nweight_scale = {weight_scale:?}\n\
         init = {{ kind = 'fan-in', scale = 5.0, biases = '{biases}' }}"
    ));
    let shape = TaskShape {
        inputs: 4,
        basis: 0,
        outputs: 1,
    };
    let mut arrays = initial(&*net, shape, 3).into_iter();
    [(); 2].map(|()| arrays.next().unwrap().values)
}

#[test]
fn pytorch_draws_biases_uniformly_up_to_the_root_of_the_fan_in() {
    let [weights, biases] = first_layer("pytorch", 1.0);
    assert_eq!(weights, first_layer("zero", 1.0)[0]);
    // Within ±1/√4, whatever the scale of the weights, and evenly. Allowed are four standard errors: of the
    // mean ½/√3 over √4,000, of the mean square 0.9 of it over √4,000.
    let count = biases.len() as f64;
    let mean = biases.iter().sum::<f64>() / count;
    let square = biases.iter().map(|b| b * b).sum::<f64>() / count;
    assert!(biases.iter().all(|b| b.abs() <= 0.5));
    assert!(mean.abs() < 4.0 * 0.5 / (3.0 * count).sqrt(), "{mean}");
    assert!(
        (square * 12.0 - 1.0).abs() < 4.0 * 0.9 / count.sqrt(),
        "{square}"
    );
    // `weight_scale` is a factor on biases, too.
    let scaled: Vec<f64> = biases.iter().map(|b| 0.2 * b).collect();
    assert_eq!(first_layer("pytorch", 0.2)[1], scaled);
}
