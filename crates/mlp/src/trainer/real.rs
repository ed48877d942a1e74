//! The number types of the trainer.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use super::simd::Lane;

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

/// Constants and operations of [`Real`]; sealed, so that other crates cannot implement it.
pub trait Float: Lane + Sized + 'static {
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// Relative spacing of its numbers.
    const EPSILON: f64;
    /// Runs of sixty-four bytes in a line.
    const PARTS: usize;
    /// log2 e
    const LOG2_E: Self;
    /// ln 2 with its last bits zero, so that small multiples of it are exact.
    const LN_2_HIGH: Self;
    /// ln 2 minus [`Float::LN_2_HIGH`].
    const LN_2_LOW: Self;
    /// 1.5 · 2^m with m mantissa bits: adding it rounds to an integer, which then is in the lowest
    /// bits.
    const ROUNDING: Self;
    /// Below this e^x is not a normal number any more.
    const EXP_LOW: Self;
    /// From here on tanh x is 1.
    const TANH_ONE: Self;
    /// 1/k! from the last term that counts for |x| ≤ ½ ln 2 down to 1/2!.
    const EXP_SERIES: &'static [Self];
    /// 1/(2 k + 1) from the last term of artanh that counts for |x| ≤ ⅓ down to ⅓.
    const ARTANH_SERIES: &'static [Self];
    /// Polynomial of the tail of the normal distribution, highest power first; `functions.rs` has
    /// what it approximates.
    const TAIL_SERIES: &'static [Self];

    /// 2^k for `shifted` = k + [`Float::ROUNDING`].
    fn power_of_two(shifted: Self) -> Self;
    /// |x|
    fn abs(self) -> Self;
    /// The same absolute value with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// √x
    fn sqrt(self) -> Self;
}

macro_rules! real {
    ($real:ident, $mantissa:literal, $bias:literal, { $($constant:item)* }) => {
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

        impl Float for $real {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const LOG2_E: Self = std::$real::consts::LOG2_E;
            $($constant)*

            #[inline(always)]
            fn power_of_two(shifted: Self) -> Self {
                Self::from_bits(shifted.to_bits().wrapping_add($bias) << $mantissa)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                self.abs()
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                self.copysign(sign)
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                self.sqrt()
            }
        }
    };
}

real!(f32, 23, 127, {
    const EPSILON: f64 = f32::EPSILON as f64;
    const PARTS: usize = 1;
    const LN_2_HIGH: Self = 355.0 / 512.0;
    const LN_2_LOW: Self = -2.121_944_4e-4;
    const ROUNDING: Self = 12_582_912.0;
    const EXP_LOW: Self = -87.3;
    const TANH_ONE: Self = 10.0;
    const EXP_SERIES: &'static [Self] = &[
        1.984_127e-4,
        1.388_888_9e-3,
        8.333_334e-3,
        4.166_666_8e-2,
        1.666_666_7e-1,
        5.0e-1,
    ];
    const ARTANH_SERIES: &'static [Self] = &[
        1.0 / 15.0,
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
    ];
    const TAIL_SERIES: &'static [Self] = &[
        -2.163_852_9e-7,
        -1.966_507e-5,
        1.670_667_4e-5,
        1.954_733_6e-4,
        -4.349_943_2e-4,
        -9.390_289e-4,
        7.549_581e-3,
        -2.331_584e-2,
        4.839_217_3e-2,
        -7.598_705e-2,
        9.441_064e-2,
    ];
});

real!(f64, 52, 1023, {
    const EPSILON: f64 = f64::EPSILON;
    const PARTS: usize = 2;
    const LN_2_HIGH: Self = 6.931_471_803_691_238e-1;
    const LN_2_LOW: Self = 1.908_214_929_270_587_7e-10;
    const ROUNDING: Self = 6_755_399_441_055_744.0;
    const EXP_LOW: Self = -708.3;
    const TANH_ONE: Self = 20.0;
    const EXP_SERIES: &'static [Self] = &[
        1.605_904_383_682_161_3e-10,
        2.087_675_698_786_81e-9,
        2.505_210_838_544_172e-8,
        2.755_731_922_398_589e-7,
        2.755_731_922_398_589_3e-6,
        2.480_158_730_158_73e-5,
        0.000_198_412_698_412_698_4,
        0.001_388_888_888_888_889,
        0.008_333_333_333_333_333,
        0.041_666_666_666_666_664,
        0.166_666_666_666_666_66,
        0.5,
    ];
    const ARTANH_SERIES: &'static [Self] = &[
        1.0 / 33.0,
        1.0 / 31.0,
        1.0 / 29.0,
        1.0 / 27.0,
        1.0 / 25.0,
        1.0 / 23.0,
        1.0 / 21.0,
        1.0 / 19.0,
        1.0 / 17.0,
        1.0 / 15.0,
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
    ];
    const TAIL_SERIES: &'static [Self] = &[
        4.254_140_385_811_868_4e-11,
        -1.499_722_753_906_637e-11,
        -4.663_306_352_335_463e-10,
        -7.342_033_456_233_988e-11,
        2.678_450_480_431_544_3e-9,
        2.230_615_971_622_677e-9,
        -1.085_830_876_999_736_6e-8,
        -1.997_174_517_779_902_5e-8,
        3.405_787_118_893_234e-8,
        1.280_981_377_069_096_7e-7,
        -7.872_959_173_115_461e-8,
        -7.402_013_807_404_972e-7,
        8.958_234_551_493_901e-8,
        4.393_138_987_854_707e-6,
        -2.385_307_939_268_213_6e-7,
        -2.888_687_717_034_678_2e-5,
        1.666_803_867_647_907e-5,
        0.000_203_852_308_426_238_57,
        -0.000_434_961_545_880_996_7,
        -0.000_942_523_620_923_289,
        0.007_549_571_861_364_734_5,
        -0.023_315_232_244_954_576,
        0.048_392_175_092_776_865,
        -0.075_987_080_246_486_54,
        0.094_410_641_301_968_94,
    ];
});
