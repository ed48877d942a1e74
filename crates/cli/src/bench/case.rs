use serde_json::{Value, json};
use tasks::{Batch, TaskShape, stream};

/// Kind of input rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inputs {
    /// Normal numbers.
    Dense,
    /// Two one-hot vectors side by side, like the inputs for pairs of residues.
    Pairs,
}

/// A net with one hidden layer, its rows and how it is trained. Every step takes all rows, and the
/// loss is the mean square, as in the scripts of the peers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    /// N
    pub(crate) rows: usize,
    /// D
    pub(crate) inputs: usize,
    /// H
    pub(crate) hidden: usize,
    /// K
    pub(crate) outputs: usize,
    /// The rows.
    pub(crate) kind: Inputs,
    /// The activation by name.
    pub(crate) activation: &'static str,
    /// Whether the optimizer is `AdamW`; otherwise it is SGD.
    pub(crate) adamw: bool,
}

const fn case(rows: usize, [inputs, hidden, outputs]: [usize; 3], kind: Inputs) -> Case {
    Case {
        rows,
        inputs,
        hidden,
        outputs,
        kind,
        activation: "relu",
        adamw: false,
    }
}

/// The rows of the experiment emergence, on which activations and optimizers are compared.
const EMERGENCE: Case = case(500, [21, 256, 1], Inputs::Dense);
const MODULAR: [usize; 3] = [194, 256, 97];
const WIDE_MODULAR: [usize; 3] = [194, 512, 97];

/// All cases, from small to large.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = quick();
    cases.extend([
        case(2000, MODULAR, Inputs::Pairs),
        case(2000, MODULAR, Inputs::Dense),
        case(4096, WIDE_MODULAR, Inputs::Pairs),
        case(4096, WIDE_MODULAR, Inputs::Dense),
    ]);
    cases
}

/// The cases whose steps are short.
pub(crate) fn quick() -> Vec<Case> {
    let activation = |activation| Case {
        activation,
        ..EMERGENCE
    };
    vec![
        case(64, [40, 128, 1], Inputs::Dense),
        EMERGENCE,
        activation("tanh"),
        activation("quadratic"),
        Case {
            adamw: true,
            ..EMERGENCE
        },
        case(512, [40, 512, 1], Inputs::Dense),
    ]
}

impl Case {
    /// The shape in words.
    pub(crate) fn name(&self) -> String {
        let Self {
            rows,
            inputs,
            hidden,
            outputs,
            ..
        } = self;
        format!("{rows}×{inputs}→{hidden}→{outputs}")
    }

    /// Name with everything in which cases differ.
    pub(crate) fn label(&self) -> String {
        let (rows, optimizer) = (self.rows_name(), self.optimizer_name());
        format!("{}, {rows}, {}, {optimizer}", self.name(), self.activation)
    }

    /// Name of the kind of rows.
    pub(crate) fn rows_name(&self) -> &'static str {
        match self.kind {
            Inputs::Dense => "dense",
            Inputs::Pairs => "pairs",
        }
    }

    /// The optimizer in words.
    pub(crate) fn optimizer_name(&self) -> &'static str {
        if self.adamw { "adamw" } else { "sgd" }
    }

    /// Whether the scripts of the peers can train this case.
    pub(crate) fn has_peers(&self) -> bool {
        self.activation == "relu" && !self.adamw
    }

    /// Floating-point operations of the matrix products of one step: forward pass, weight
    /// gradients, and backward pass through the second layer. For a pair only the two nonzero
    /// inputs count.
    pub(crate) fn operations(&self) -> f64 {
        let entering = match self.kind {
            Inputs::Dense => self.inputs,
            Inputs::Pairs => 2,
        };
        let products = 2 * entering * self.hidden + 3 * self.hidden * self.outputs;
        2.0 * self.rows as f64 * products as f64
    }

    /// The rows of a member.
    pub(crate) fn batch(&self, member: u64) -> Batch {
        let shape = TaskShape {
            inputs: self.inputs,
            basis: 0,
            outputs: self.outputs,
        };
        let mut batch = Batch::zeros(shape, self.rows);
        let rng = &mut stream::keyed(member, "bench rows", 0);
        let mut set_one = |row: &mut [f64]| {
            let columns = u32::try_from(row.len()).expect("rows are short");
            row[stream::below(rng, columns) as usize] = 1.0;
        };
        if self.kind == Inputs::Pairs {
            let halves = batch.inputs.chunks_exact_mut(self.inputs / 2);
            halves.for_each(&mut set_one);
        }
        if self.outputs > 1 {
            let rows = batch.targets.chunks_exact_mut(self.outputs);
            rows.for_each(&mut set_one);
        } else {
            stream::standard_normals(rng, &mut batch.targets);
        }
        if self.kind == Inputs::Dense {
            stream::standard_normals(rng, &mut batch.inputs);
        }
        batch
    }

    /// The case as JSON.
    pub(crate) fn json(&self) -> Value {
        json!({
            "rows": self.rows,
            "inputs": self.inputs,
            "hidden": self.hidden,
            "outputs": self.outputs,
            "kind": self.rows_name(),
            "activation": self.activation,
            "optimizer": self.optimizer_name(),
            "operations": self.operations(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_those_of_five_products() {
        // Forward 2·3 and 3·4, both weight gradients, and 4·3 backward; a multiply-add counts as
        // two operations.
        let dense = case(7, [2, 3, 4], Inputs::Dense).operations();
        assert_eq!(dense, 2.0 * 7.0 * f64::from(2 * 6 + 3 * 12));
        let pairs = case(7, [10, 3, 4], Inputs::Pairs).operations();
        assert_eq!(pairs, dense);
    }

    #[test]
    fn pairs_have_one_one_in_each_half() {
        let batch = case(50, [6, 3, 4], Inputs::Pairs).batch(1);
        for half in batch.inputs.chunks_exact(3) {
            assert_eq!(half.iter().sum::<f64>(), 1.0);
        }
        for target in batch.targets.chunks_exact(4) {
            assert_eq!(target.iter().sum::<f64>(), 1.0);
        }
    }
}
