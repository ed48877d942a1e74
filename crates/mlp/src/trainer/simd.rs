//! Vector instructions chosen at run time.
//!
//! A kernel is written once, over [`Simd`], and compiled for every instruction set. Its inner
//! functions and closures must be `#[inline(always)]`: code that is not inlined into the kernel is
//! compiled without the wider instructions.

use super::lines::Line;

/// Arithmetic on numbers side by side, and on single numbers of loops that the compiler vectorises.
pub trait Lanes<T>: Copy {
    /// The numbers.
    type V: Copy;

    /// `value` in every lane.
    fn splat(self, value: T) -> Self::V;

    /// a · b
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;

    /// a · b + c
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;

    /// max(a, 0); NaN for NaN.
    fn relu(self, a: Self::V) -> Self::V;

    /// `then` where a > 0, elsewhere `otherwise`.
    fn if_positive(self, a: Self::V, then: Self::V, otherwise: Self::V) -> Self::V;

    /// A function of every lane.
    fn map(self, a: Self::V, function: impl Fn(T) -> T) -> Self::V;

    /// a · b + c of single numbers: rounded once where the instructions have it.
    fn mul_add(self, a: T, b: T, c: T) -> T;
}

/// Sixty-four bytes of T in registers: a whole line of f32, half a line of f64.
pub trait Simd<T>: Lanes<T> {
    /// All zero.
    fn zero(self) -> Self::V;

    /// The `half`-th part of a line (f32 has only part 0).
    fn load(self, line: &Line<T>, half: usize) -> Self::V;

    /// Writes the `half`-th part of a line.
    fn store(self, value: Self::V, line: &mut Line<T>, half: usize);

    /// a + b
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
}

/// Work to be compiled for every instruction set.
pub trait Kernel<T> {
    /// Does the work; must be `#[inline(always)]`.
    fn run<S: Simd<T>>(self, simd: S);
}

/// A number type that kernels are compiled for.
pub trait Lane: Sized {
    /// Runs `kernel` compiled for the target.
    #[doc(hidden)]
    fn run_portable<K: Kernel<Self>>(kernel: K);

    /// Runs `kernel` compiled for AVX2.
    #[cfg(target_arch = "x86_64")]
    #[doc(hidden)]
    fn run_avx2<K: Kernel<Self>>(token: pulp::x86::V3, kernel: K);
}

/// The instruction sets that kernels are compiled for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Arch {
    /// Those of the compilation target.
    Portable,
    /// AVX2 with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
}

impl Arch {
    /// The widest set of this processor.
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(token) = pulp::x86::V3::try_new() {
            return Self::Avx2(token);
        }
        Self::Portable
    }

    /// Runs the kernel compiled for these instructions.
    pub(super) fn run<T: Lane, K: Kernel<T>>(self, kernel: K) {
        match self {
            Self::Portable => T::run_portable(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(token) => T::run_avx2(token, kernel),
        }
    }
}

/// Arrays, for the compiler to vectorise as the target allows.
#[derive(Clone, Copy)]
struct Portable;

/// Whether the target itself has fused multiply-add; elsewhere it would be a library call.
const TARGET_FUSES: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

macro_rules! portable {
    ($real:ty, $lanes:literal) => {
        impl Lane for $real {
            fn run_portable<K: Kernel<Self>>(kernel: K) {
                kernel.run(Portable);
            }

            #[cfg(target_arch = "x86_64")]
            fn run_avx2<K: Kernel<Self>>(token: pulp::x86::V3, kernel: K) {
                token.vectorize(
                    #[inline(always)]
                    || kernel.run(avx2::Avx2(token)),
                );
            }
        }

        impl Lanes<$real> for Portable {
            type V = [$real; $lanes];

            #[inline(always)]
            fn splat(self, value: $real) -> Self::V {
                [value; $lanes]
            }

            #[inline(always)]
            fn mul(self, a: Self::V, b: Self::V) -> Self::V {
                std::array::from_fn(|lane| a[lane] * b[lane])
            }

            #[inline(always)]
            fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
                std::array::from_fn(|lane| self.mul_add(a[lane], b[lane], c[lane]))
            }

            #[inline(always)]
            fn relu(self, a: Self::V) -> Self::V {
                a.map(|a| if a < 0.0 { 0.0 } else { a })
            }

            #[inline(always)]
            fn if_positive(self, a: Self::V, then: Self::V, otherwise: Self::V) -> Self::V {
                std::array::from_fn(|lane| {
                    if a[lane] > 0.0 {
                        then[lane]
                    } else {
                        otherwise[lane]
                    }
                })
            }

            #[inline(always)]
            fn map(self, a: Self::V, function: impl Fn($real) -> $real) -> Self::V {
                a.map(function)
            }

            #[inline(always)]
            fn mul_add(self, a: $real, b: $real, c: $real) -> $real {
                if TARGET_FUSES {
                    a.mul_add(b, c)
                } else {
                    a * b + c
                }
            }
        }

        impl Simd<$real> for Portable {
            #[inline(always)]
            fn zero(self) -> Self::V {
                [0.0; $lanes]
            }

            #[inline(always)]
            fn load(self, line: &Line<$real>, half: usize) -> Self::V {
                line.as_chunks().0[half]
            }

            #[inline(always)]
            fn store(self, value: Self::V, line: &mut Line<$real>, half: usize) {
                line.as_chunks_mut().0[half] = value;
            }

            #[inline(always)]
            fn add(self, a: Self::V, b: Self::V) -> Self::V {
                std::array::from_fn(|lane| a[lane] + b[lane])
            }
        }
    };
}

portable!(f32, 16);
portable!(f64, 8);

#[cfg(target_arch = "x86_64")]
mod avx2 {
    //! The kernels' operations in AVX2.

    use pulp::x86::V3;
    use pulp::{cast, f32x8, f64x4};

    use super::{Lanes, Line, Simd};

    /// Proof that the processor has the instructions.
    #[derive(Clone, Copy)]
    pub(super) struct Avx2(pub(super) V3);

    macro_rules! avx2 {
        (
            $real:ty, $vector:ty, $lanes:literal, $splat:ident, $add:ident, $mul:ident, $fma:ident,
            $max:ident, $less:ident, $select:ident
        ) => {
            impl Lanes<$real> for Avx2 {
                type V = [$vector; 2];

                #[inline(always)]
                fn splat(self, value: $real) -> Self::V {
                    [self.0.$splat(value); 2]
                }

                #[inline(always)]
                fn mul(self, a: Self::V, b: Self::V) -> Self::V {
                    [self.0.$mul(a[0], b[0]), self.0.$mul(a[1], b[1])]
                }

                #[inline(always)]
                fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
                    [self.0.$fma(a[0], b[0], c[0]), self.0.$fma(a[1], b[1], c[1])]
                }

                #[inline(always)]
                fn relu(self, a: Self::V) -> Self::V {
                    // Of a pair with NaN the instruction takes the second.
                    let zero = self.0.$splat(0.0);
                    a.map(|a| self.0.$max(zero, a))
                }

                #[inline(always)]
                fn if_positive(self, a: Self::V, then: Self::V, otherwise: Self::V) -> Self::V {
                    let zero = self.0.$splat(0.0);
                    let positive = a.map(|a| self.0.$less(zero, a));
                    [
                        self.0.$select(positive[0], then[0], otherwise[0]),
                        self.0.$select(positive[1], then[1], otherwise[1]),
                    ]
                }

                #[inline(always)]
                fn map(self, a: Self::V, function: impl Fn($real) -> $real) -> Self::V {
                    let mut lanes: [[$real; $lanes]; 2] = cast(a);
                    for lane in lanes.as_flattened_mut() {
                        *lane = function(*lane);
                    }
                    cast(lanes)
                }

                #[inline(always)]
                fn mul_add(self, a: $real, b: $real, c: $real) -> $real {
                    // One instruction here, as the kernel is compiled with FMA.
                    a.mul_add(b, c)
                }
            }

            impl Simd<$real> for Avx2 {
                #[inline(always)]
                fn zero(self) -> Self::V {
                    [self.0.$splat(0.0); 2]
                }

                #[inline(always)]
                fn load(self, line: &Line<$real>, half: usize) -> Self::V {
                    let parts = line.as_chunks::<$lanes>().0;
                    [cast(parts[2 * half]), cast(parts[2 * half + 1])]
                }

                #[inline(always)]
                fn store(self, value: Self::V, line: &mut Line<$real>, half: usize) {
                    let parts = line.as_chunks_mut::<$lanes>().0;
                    parts[2 * half] = cast(value[0]);
                    parts[2 * half + 1] = cast(value[1]);
                }

                #[inline(always)]
                fn add(self, a: Self::V, b: Self::V) -> Self::V {
                    [self.0.$add(a[0], b[0]), self.0.$add(a[1], b[1])]
                }
            }
        };
    }

    avx2!(
        f32,
        f32x8,
        8,
        splat_f32x8,
        add_f32x8,
        mul_f32x8,
        mul_add_f32x8,
        max_f32x8,
        cmp_lt_f32x8,
        select_f32x8
    );
    avx2!(
        f64,
        f64x4,
        4,
        splat_f64x4,
        add_f64x4,
        mul_f64x4,
        mul_add_f64x4,
        max_f64x4,
        cmp_lt_f64x4,
        select_f64x4
    );
}
