//! Measures the arithmetic limit of a core, for comparison with the trainer.

use std::hint::black_box;

use super::lines::{LANES, Line, Lines};
use super::simd::{Arch, Kernel, Simd};

/// Number of independent sums. A core does two multiply-adds per cycle, and each takes four or five
/// cycles, so at least ten registers must be in use. A line of f32 takes two AVX2 registers.
const SUMS: usize = 6;

/// Does `rounds` rounds of independent fused multiply-adds in f32 on registers, with the
/// instructions that [`super::Trainer`] uses, and returns the number of floating-point operations, a
/// multiply-add being two. Operations per second are the limit of what a thread can reach.
///
/// # Examples
///
/// ```
/// let start = std::time::Instant::now();
/// let operations = mlp::multiply_adds(1000);
/// let _per_second = operations as f64 / start.elapsed().as_secs_f64();
/// assert_eq!(operations, 1000 * 6 * 16 * 2);
/// ```
pub fn multiply_adds(rounds: u64) -> u64 {
    let mut sums = Lines::zeros(SUMS);
    Arch::detect().run(MultiplyAdds {
        rounds,
        sums: sums.all_mut(),
    });
    black_box(sums.all());
    rounds * (SUMS * LANES * 2) as u64
}

struct MultiplyAdds<'a> {
    rounds: u64,
    sums: &'a mut [Line<f32>],
}

impl Kernel<f32> for MultiplyAdds<'_> {
    #[inline(always)]
    fn run<S: Simd<f32>>(self, simd: S) {
        // The sums tend to 2, so they neither overflow nor underflow.
        let (half, one) = (simd.splat(black_box(0.5)), simd.splat(black_box(1.0)));
        let mut sums = [simd.zero(); SUMS];
        for _ in 0..self.rounds {
            for sum in &mut sums {
                *sum = simd.fma(*sum, half, one);
            }
        }
        for (line, sum) in self.sums.iter_mut().zip(sums) {
            simd.store(sum, line, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_is_carried_out() {
        let mut sums = Lines::<f32>::zeros(SUMS);
        Arch::detect().run(MultiplyAdds {
            rounds: 3,
            sums: sums.all_mut(),
        });
        // 1, 1.5, 1.75
        assert!(sums.all().as_flattened().iter().all(|&sum| sum == 1.75));
    }
}
