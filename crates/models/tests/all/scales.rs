//! Scales of nets of which only one combination matters to gradient descent, flow times, and models
//! that have neither.

use models::{Optimizer, Scales};
use tasks::TaskShape;

use crate::start::{initial, model};

fn scales(table: &str) -> Option<Scales> {
    model(table).scales()
}

#[test]
fn the_degrees_are_those_of_the_nets() {
    for (net, degree, input_degree) in [
        (
            "kind = 'mlp'\nwidths = [16]\nactivation = 'quadratic'",
            3.0,
            2.0,
        ),
        ("kind = 'mlp'\nwidths = [16]\nactivation = 'relu'", 2.0, 1.0),
        (
            "kind = 'mlp'\nwidths = [16, 12]\nactivation = 'relu'",
            3.0,
            1.0,
        ),
        ("kind = 'deep-linear'\nwidths = [8, 8]", 3.0, 1.0),
    ] {
        let scales = scales(&format!("{net}\nbias = false\nweight_scale = 1.5")).unwrap();
        assert_eq!(
            (scales.degree, scales.input_degree),
            (degree, input_degree),
            "{net}"
        );
        assert!(scales.exact && scales.weights == 1.5);
        let expected = 1.5_f64.powf(degree) * 0.5_f64.powf(input_degree) / 4.0;
        assert!((scales.weight_to_target(0.5, 4.0) / expected - 1.0).abs() < 1e-15);
    }
    for inexact in ["activation = 'tanh'\nbias = false", "bias = true"] {
        let table = format!("kind = 'mlp'\nwidths = [16]\n{inexact}");
        assert!(!scales(&table).unwrap().exact, "{inexact}");
    }
}

#[test]
fn adam_has_no_flow_time() {
    let adam: Optimizer = toml::from_str("kind = 'adam'").unwrap();
    assert_eq!(adam.flow_factor(), None);
}

#[test]
fn neither_a_twin_nor_a_linearised_net_has_a_net_on_the_host() {
    let shape = TaskShape {
        inputs: 3,
        basis: 3,
        outputs: 1,
    };
    for table in [
        "kind = 'multilinear'\ninitial = 0.1",
        "kind = 'linear-skills'",
        "kind = 'mlp'\nwidths = [4]\nlinearised = true",
    ] {
        let model = model(table);
        assert!(model.host(&initial(&*model, shape, 1)).is_none(), "{table}");
        assert_eq!(model.scales(), None, "{table}");
    }
}
