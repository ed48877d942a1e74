//! Initial parameters of modules.

use std::sync::{Mutex, PoisonError};

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Device, Tensor, TensorData},
};
use models::HostArray;
use tasks::{
    TaskShape,
    stream::{keyed, standard_normals, uniform},
};

use super::{ModuleKind, arrays::Layout};

/// How a parameter starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// As the module builds it, in f32. Its random numbers come from burn's generator, seeded with
    /// the seed of the cell.
    AsBuilt,
    /// Every number is this.
    Constant(f64),
    /// Independent numbers of N(0, std²).
    Normal {
        /// Standard deviation.
        std: f64,
    },
    /// Independent uniform numbers between −bound and bound.
    Uniform {
        /// The largest number.
        bound: f64,
    },
}

/// Burn's generator of the CPU is one for the whole process.
static GENERATOR: Mutex<()> = Mutex::new(());

/// Does what may use burn's generator of random numbers while no other thread does.
pub(super) fn alone<T>(work: impl FnOnce() -> T) -> T {
    let _alone = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    work()
}

/// The initial parameters of a seed. Numbers of different names and kinds are independent.
pub(super) fn draw<K: ModuleKind>(
    kind: &K,
    layout: &Layout,
    shape: TaskShape,
    seed: u64,
) -> Vec<HostArray> {
    let purpose = |name: &str| format!("{}: {name}", K::NAME);
    let mut built = Built(Vec::new());
    alone(|| {
        let device = Device::flex();
        device.seed(rand_seed(seed, &purpose("as built")));
        let module = kind.build(shape.inputs, shape.outputs, &device);
        module.visit(&mut built);
    });
    let arrays = layout.entries.iter().zip(built.0).map(|(entry, data)| {
        let (rows, columns) = entry.matrix();
        let mut values = vec![0.0; rows * columns];
        let rng = &mut keyed(seed, &purpose(&entry.name), 0);
        match kind.start(&entry.name, &entry.shape) {
            Start::AsBuilt => values = data.iter::<f64>().collect(),
            Start::Constant(value) => values.fill(value),
            Start::Normal { std } => {
                standard_normals(rng, &mut values);
                values.iter_mut().for_each(|value| *value *= std);
            }
            Start::Uniform { bound } => {
                let mut number = || bound * (2.0 * uniform(rng) - 1.0);
                values.iter_mut().for_each(|value| *value = number());
            }
        }
        HostArray {
            name: entry.name.clone(),
            rows,
            columns,
            values,
        }
    });
    arrays.collect()
}

/// A seed of burn's generator, independent of all other streams of the lab.
fn rand_seed(seed: u64, purpose: &str) -> u64 {
    let rng = &mut keyed(seed, purpose, 0);
    // The 53 bits of a uniform number.
    (uniform(rng) * (1_u64 << 53) as f64) as u64
}

struct Built(Vec<TensorData>);

impl ModuleVisitor for Built {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.base().into_data());
    }
}
