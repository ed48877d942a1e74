//! A step allocates nothing.

#![allow(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use mlp::{Activation, Instructions, Loss, Real, Rows, Trainer};

use crate::support::trained::{ADAM, Data, HINGE, OPTIMIZERS, PLAIN, SQUARE, Setup, rows};

thread_local! {
    /// Of this thread only: the test harness allocates in others.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes on to the system's allocator with the arguments that came in.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

fn assert_allocates_nothing<T: Real>(setup: &Setup) {
    let new = || Trainer::<T>::new(setup.config(Instructions::Detected), &setup.initial()).unwrap();
    let dense = Data::dense(150, setup.widths);
    let pairs = Data::pairs(150, setup.widths);
    let constant = rows::<T>(setup, &dense);
    let mut trainer = new();
    // The first step may size the buffers of centred outputs.
    trainer.step(&constant, 0.01).unwrap();
    let found = allocations(|| {
        for _ in 0..5 {
            trainer.step(&constant, 0.01).unwrap();
        }
    });
    assert_eq!(found, 0, "{setup:?}");
    trainer.outputs(&constant).unwrap();
    let found = allocations(|| {
        trainer.outputs(&constant).unwrap();
    });
    assert_eq!(found, 0, "outputs of {setup:?}");

    let (inputs, outputs) = (setup.widths[0], setup.widths[setup.widths.len() - 1]);
    let two = Data {
        inputs: (0..150 * inputs)
            .map(|i| f64::from(u8::from(i % 3 != 0)))
            .collect(),
        ..dense.clone()
    };
    let looked = Rows::<T>::for_evaluation(inputs, outputs, &two.host()).unwrap();
    assert!(looked.has_tables());
    trainer.outputs(&looked).unwrap();
    let found = allocations(|| {
        trainer.outputs(&looked).unwrap();
    });
    assert_eq!(found, 0, "evaluations of {setup:?}");

    let mut fresh = rows::<T>(setup, &dense);
    let mut go = || {
        for data in [&dense, &pairs, &dense] {
            fresh.fill(&data.host()).unwrap();
            trainer.step(&fresh, 0.01).unwrap();
        }
    };
    go();
    assert_eq!(allocations(go), 0, "fresh rows of {setup:?}");
}

#[test]
fn a_step_allocates_nothing() {
    assert_eq!(
        allocations(|| drop(vec![1_u8])),
        1,
        "allocations are counted"
    );
    for (widths, loss) in [
        (&[40, 30, 1][..], SQUARE),
        (&[40, 20, 20, 17], SQUARE),
        (&[40, 20, 17], Loss::CrossEntropy),
        (&[40, 20, 17], HINGE),
    ] {
        for optimizer in [PLAIN, OPTIMIZERS[4], ADAM] {
            for activation in Activation::ALL {
                for centred in [false, true] {
                    let setup = Setup {
                        loss,
                        optimizer,
                        activation,
                        centred,
                        ..Setup::of(widths)
                    };
                    assert_allocates_nothing::<f32>(&setup);
                    assert_allocates_nothing::<f64>(&setup);
                }
            }
        }
    }
}
