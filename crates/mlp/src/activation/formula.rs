//! The trait that each activation implements.

use crate::algebra::Algebra;

/// An activation φ: its formula and its properties.
///
/// Its functions must be `#[inline(always)]`, because code that is not inlined into a kernel of the
/// trainer is compiled without the wider instructions.
pub(crate) trait Formula {
    /// q with φ(c z) = c^q φ(z) for c > 0. An activation that is not homogeneous has the degree of
    /// the range in which it is nearly a power.
    const DEGREE: f64;

    /// Whether the degree holds everywhere.
    const HOMOGENEOUS: bool;

    /// Whether [`Formula::slope`] reads φ(z), which a net stores anyway, instead of z.
    const SLOPE_FROM_VALUE: bool;

    /// Whether the trainer applies it to sums while they are in registers, for activations of one or
    /// two instructions. The sums then start at the bias.
    const IN_REGISTERS: bool = false;

    /// Whether it takes a transcendental function, which burn's CPU backends compute number by number.
    const TRANSCENDENTAL: bool = false;

    /// φ(z).
    fn value<A: Algebra>(z: A) -> A;

    /// φ'(z), from φ(z) or z.
    fn slope<A: Algebra>(from: A) -> A;

    /// φ(z) and φ'(z).
    #[inline(always)]
    fn value_and_derivative<A: Algebra>(z: A) -> (A, A) {
        let value = Self::value(z.clone());
        let from = if Self::SLOPE_FROM_VALUE {
            value.clone()
        } else {
            z
        };
        (value, Self::slope(from))
    }
}
