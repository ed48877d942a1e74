//! Symmetries of training that no implementation may break.

use layerwise_nets::Precision;
use models::{Adam, Decay, HostArray, Loss, Optimizer, Reduction};
use tasks::TaskShape;

use crate::support::{Case, flat, relative_gap};

/// Sums over hidden units run in another order: 1e-16 a step, amplified over 100 steps.
const SAME_NUMBERS: f64 = 1e-10;

const ORDER: [usize; 6] = [4, 2, 5, 0, 3, 1];

/// Column `j` of the result is column `ORDER[j]`.
fn permuted_columns(array: &HostArray) -> HostArray {
    let mut values = Vec::new();
    for row in array.values.chunks_exact(array.columns) {
        values.extend(ORDER.iter().map(|&from| row[from]));
    }
    HostArray {
        values,
        ..array.clone()
    }
}

/// Row `j` of the result is row `ORDER[j]`.
fn permuted_rows(array: &HostArray) -> HostArray {
    let width = array.columns;
    let rows = ORDER
        .iter()
        .map(|&from| &array.values[from * width..(from + 1) * width]);
    HostArray {
        values: rows.flatten().copied().collect(),
        ..array.clone()
    }
}

/// Renames the hidden units of a net with one hidden layer.
fn permuted(arrays: &[HostArray]) -> Vec<HostArray> {
    vec![
        permuted_columns(&arrays[0]),
        permuted_columns(&arrays[1]),
        permuted_rows(&arrays[2]),
        arrays[3].clone(),
    ]
}

#[test]
fn renaming_the_hidden_units_renames_the_trained_ones() {
    let optimizers = [
        Optimizer::default(),
        Optimizer::Adam(Adam {
            beta1: 0.9,
            beta2: 0.99,
            epsilon: 1e-8,
            weight_decay: 0.01,
            decay: Decay::Decoupled,
        }),
    ];
    for activation in ["relu", "tanh", "gelu", "quadratic", "identity"] {
        for optimizer in optimizers {
            let case = Case {
                table: format!(
                    "kind = 'mlp'\nwidths = [6]\nactivation = '{activation}'\n\
                     init = {{ kind = 'normal', std = 0.5, biases = 'same' }}"
                ),
                shape: TaskShape {
                    inputs: 3,
                    basis: 0,
                    outputs: 2,
                },
                loss: Loss::Mse {
                    half: true,
                    outputs: Reduction::Sum,
                },
                optimizer,
                lr: 0.01,
                weighted: false,
                steps: 100,
                rows: 8,
            };
            let initial = case.initial();
            let trained = case.by_burn(initial.clone(), Precision::F64);
            let renamed = case.by_burn(permuted(&initial), Precision::F64);
            let mut rest = trained.as_slice();
            let arrays: Vec<HostArray> = initial
                .iter()
                .map(|array| {
                    let (values, tail) = rest.split_at(array.values.len());
                    rest = tail;
                    HostArray {
                        values: values.to_vec(),
                        ..array.clone()
                    }
                })
                .collect();
            let expected = flat(&permuted(&arrays));
            assert_ne!(expected, trained, "nothing was renamed");
            let gap = relative_gap(&renamed, &expected);
            assert!(gap < SAME_NUMBERS, "{activation}, {optimizer:?}: {gap:e}");
        }
    }
}
