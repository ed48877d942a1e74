//! The matrix forms by name give the numbers of the typed functions.

use theory::forms::{Inputs, Points, Value, form};
use theory::nalgebra::{DMatrix, dmatrix};
use theory::{BalancedNetwork, linear_ntk, random_start_half_times};

fn network() -> (DMatrix<f64>, DMatrix<f64>, DMatrix<f64>) {
    (
        dmatrix![0.3, 0.1, 0.0; -0.1, 0.3, 0.0],
        dmatrix![0.3, 0.1; -0.1, 0.3],
        dmatrix![2.0, 0.5, 0.1; 0.0, 1.0, -0.3],
    )
}

fn inputs(points: Points) -> Inputs {
    let (first, second, task) = network();
    let mut inputs = Inputs::new(points);
    inputs.set("W1", &first);
    inputs.set("W2", &second);
    inputs.set("correlation", &task);
    inputs
}

#[test]
fn the_balanced_network_by_name_is_the_exact_solution() {
    let (first, second, task) = network();
    let times = vec![0.0, 0.7, 30.0];
    let outputs = form("balanced-network").unwrap();
    let outputs = outputs
        .evaluate(&inputs(Points::Times(times.clone())))
        .unwrap();
    let exact = BalancedNetwork::new(&first, &second, &task).unwrap();
    let identity = DMatrix::identity(3, 3);
    let products = times.iter().map(|&t| exact.at(t).product().into());
    let kernels = times
        .iter()
        .map(|&t| (&exact.at(t).kernel(&identity).unwrap()).into());
    assert_eq!(outputs[0], ("network", Value::List(products.collect())));
    assert_eq!(outputs[1], ("kernel", Value::List(kernels.collect())));
    assert_eq!(outputs[2], ("lambda", Value::Number(0.0)));
    let Value::List(kernels) = &outputs[1].1 else {
        panic!("the kernel is no list");
    };
    assert_eq!(
        kernels[0],
        (&linear_ntk(&first, &second, &identity).unwrap()).into()
    );
}

#[test]
fn the_random_start_by_name_gives_targets_and_half_times() {
    let (first, second, task) = network();
    let outputs = form("random-start").unwrap();
    let outputs = outputs.evaluate(&inputs(Points::None)).unwrap();
    let modes = random_start_half_times(&first, &second, &task).unwrap();
    let list = |numbers: Vec<f64>| Value::from(numbers);
    let targets = list(modes.iter().map(|mode| mode.target).collect());
    let times = list(modes.iter().map(|mode| mode.half_time).collect());
    assert_eq!(outputs, [("target", targets), ("half_time", times)]);
}

#[test]
fn matrices_that_are_none_are_refused() {
    let message = |name: &str, value: Value| {
        let mut inputs = inputs(Points::Times(vec![1.0]));
        inputs.set(name, value);
        let form = form("balanced-network").unwrap();
        form.evaluate(&inputs).unwrap_err().to_string()
    };
    let ragged = Value::List(vec![vec![1.0, 2.0].into(), vec![1.0].into()]);
    let expected = "must be a matrix: a list of rows of one length, for example [[1, 0], [0, 1]]";
    assert_eq!(
        message("W1", ragged),
        format!("W1 = [[1, 2], [1]]: {expected}")
    );
    assert_eq!(
        message("W1", Value::Number(1.0)),
        format!("W1 = 1: {expected}")
    );
    // A message abbreviates a long matrix.
    let long = Value::from(vec![0.0; 1000]);
    let found = message("W1", long);
    assert!(found.len() < 200 && found.contains("…: must be"), "{found}");
    let small = Value::from(vec![vec![1.0]]);
    assert!(message("W2", small).starts_with("W2 is 1x1: must be 1x2"));
}
