//! Parameters of a module as named matrices, and back.

use std::{slice, vec};

use burn::{
    module::{Flag, Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Device, Tensor},
};
use mlp::MlpError;
use models::HostArray;

use super::{ModuleKind, start::alone};

/// A parameter of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Path of its field.
    pub(super) name: String,
    /// Its shape.
    pub(super) shape: Vec<usize>,
    /// Whether the loss does not train it: running statistics, or what the module keeps fixed.
    pub(super) untrained: bool,
}

impl Entry {
    /// Rows and columns of its matrix: a vector is one row, and dimensions behind the first are
    /// joined.
    pub(super) fn matrix(&self) -> (usize, usize) {
        match self.shape[..] {
            [] => (1, 1),
            [columns] => (1, columns),
            [rows, ref others @ ..] => (rows, others.iter().product()),
        }
    }
}

/// The parameters of a module in the order of its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) entries: Vec<Entry>,
    inputs: usize,
    outputs: usize,
}

impl Layout {
    /// Builds a module and looks at it.
    pub(super) fn of<K: ModuleKind>(kind: &K, inputs: usize, outputs: usize) -> Self {
        let mut look = Look::default();
        alone(|| {
            // Only with autodiff do parameters say whether they are trained.
            let module = kind.build(inputs, outputs, &Device::flex().autodiff());
            module.visit(&mut look);
        });
        Self {
            entries: look.entries,
            inputs,
            outputs,
        }
    }

    /// Whether it is that of rows of D inputs and K outputs.
    pub(super) fn is_for(&self, inputs: usize, outputs: usize) -> bool {
        (self.inputs, self.outputs) == (inputs, outputs)
    }

    /// Whether some of the arrays are not trained by the loss.
    pub(super) fn has_untrained(&self) -> bool {
        self.entries.iter().any(|entry| entry.untrained)
    }

    /// Checks that there is an array of the right size for every parameter.
    pub(super) fn require(&self, arrays: &[HostArray]) -> Result<(), MlpError> {
        let lengths = (arrays.iter().map(|array| array.values.len()))
            .chain(std::iter::repeat(0))
            .zip(&self.entries);
        for (found, entry) in lengths {
            let expected = entry.shape.iter().product();
            if found != expected {
                let name = "parameters";
                return Err(MlpError::Length {
                    name,
                    found,
                    expected,
                });
            }
        }
        Ok(())
    }

    /// A module with these parameters, `[1, rows, columns]` each, in training or not. Gradients go
    /// back to the arrays that are trained.
    pub(super) fn filled<K: ModuleKind>(
        &self,
        kind: &K,
        arrays: Vec<Tensor<3>>,
        device: &Device,
        training: bool,
    ) -> K::Module {
        let module = alone(|| kind.build(self.inputs, self.outputs, device));
        module.map(&mut Fill {
            arrays: arrays.into_iter(),
            entries: self.entries.iter(),
            training,
        })
    }

    /// The arrays `[1, rows, columns]` that the loss does not train, by place, as a forward pass in
    /// training has left them.
    pub(super) fn untrained<M: Module>(&self, module: &M) -> Vec<(usize, Tensor<3>)> {
        let mut read = Read {
            entries: self.entries.iter().enumerate(),
            found: Vec::new(),
        };
        // A module adds the statistics of its last batch only when it leaves training.
        module.valid().visit(&mut read);
        read.found
    }
}

#[derive(Default)]
struct Look {
    path: Vec<String>,
    entries: Vec<Entry>,
}

impl ModuleVisitor for Look {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.entries.push(Entry {
            name: self.path.join("."),
            shape: param.lazy_shape().dims::<D>().to_vec(),
            untrained: !param.base().is_require_grad(),
        });
    }
}

struct Fill<'a> {
    arrays: vec::IntoIter<Tensor<3>>,
    entries: slice::Iter<'a, Entry>,
    training: bool,
}

impl ModuleMapper for Fill<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (Some(array), Some(entry)) = (self.arrays.next(), self.entries.next()) else {
            return param;
        };
        // Without reading the parameter, which would initialise it.
        let tensor = array.reshape(param.lazy_shape().dims::<D>());
        let tensor = if entry.untrained && tensor.is_autodiff() {
            tensor.detach()
        } else {
            tensor
        };
        Param::initialized(param.id, tensor)
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        if self.training {
            flag
        } else {
            flag.with_value(false)
        }
    }
}

struct Read<'a> {
    entries: std::iter::Enumerate<slice::Iter<'a, Entry>>,
    found: Vec<(usize, Tensor<3>)>,
}

impl ModuleVisitor for Read<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some((place, entry)) = self.entries.next()
            && entry.untrained
        {
            let (rows, columns) = entry.matrix();
            let array = param.base().reshape([1, rows, columns]);
            self.found.push((place, array));
        }
    }
}
