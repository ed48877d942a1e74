//! The number types of the trainer.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use super::float::Float;

/// A floating-point number that nets are trained in: f32 or f64.
pub trait Real:
    Float
    + Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
{
    /// The number nearest to `value`.
    fn from_f64(value: f64) -> Self;

    /// The same number in f64.
    fn to_f64(self) -> f64;
}

macro_rules! real {
    ($real:ty) => {
        impl Real for $real {
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as Self
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                self.into()
            }
        }
    };
}

real!(f32);
real!(f64);
