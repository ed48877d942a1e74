//! The matrix products of a step, on the rows of one block.
//!
//! Every product keeps a tile of the result in registers: six lines by sixty-four bytes, which is
//! twelve of AVX2's sixteen registers and enough independent sums to hide the latency of the fused
//! multiply-adds.

use super::lines::{LANES, Line};
use super::real::Real;
use super::simd::Simd;

/// Lines of a tile.
const TILE: usize = 6;

/// One panel of A B for the rows of A; `finish` gets every sum with the line it belongs to, of which
/// it may read the old content, and writes it.
///
/// # Shapes
///
/// `a`: panels of `out.len()` lines; `b`: one panel, a line for each column of A; `out`: one panel.
#[inline(always)]
pub(super) fn dense_panel<T: Real, S: Simd<T>>(
    simd: S,
    a: &[Line<T>],
    b: &[Line<T>],
    out: &mut [Line<T>],
    finish: impl Fn(S::V, &mut Line<T>, usize) + Copy,
) {
    let rows = out.len();
    let (tiles, rest) = out.as_chunks_mut::<TILE>();
    for (tile, out) in tiles.iter_mut().enumerate() {
        dense_tile(simd, a, (tile * TILE, rows), b, out, finish);
    }
    // A tile of every size, so that its sums are in registers.
    let place = (rows - rest.len(), rows);
    match rest.len() {
        1 => dense_rest::<T, S, 1>(simd, a, place, b, rest, finish),
        2 => dense_rest::<T, S, 2>(simd, a, place, b, rest, finish),
        3 => dense_rest::<T, S, 3>(simd, a, place, b, rest, finish),
        4 => dense_rest::<T, S, 4>(simd, a, place, b, rest, finish),
        5 => dense_rest::<T, S, 5>(simd, a, place, b, rest, finish),
        _ => {}
    }
}

#[inline(always)]
fn dense_rest<T: Real, S: Simd<T>, const M: usize>(
    simd: S,
    a: &[Line<T>],
    place: (usize, usize),
    b: &[Line<T>],
    out: &mut [Line<T>],
    finish: impl Fn(S::V, &mut Line<T>, usize) + Copy,
) {
    if let Some(out) = out.first_chunk_mut::<M>() {
        dense_tile(simd, a, place, b, out, finish);
    }
}

/// M rows of a panel, from row `first` of `rows` on.
#[inline(always)]
fn dense_tile<T: Real, S: Simd<T>, const M: usize>(
    simd: S,
    a: &[Line<T>],
    (first, rows): (usize, usize),
    b: &[Line<T>],
    out: &mut [Line<T>; M],
    finish: impl Fn(S::V, &mut Line<T>, usize) + Copy,
) {
    let (whole, rest) = b.as_chunks::<LANES>();
    for part in 0..T::PARTS {
        let mut sums = [simd.zero(); M];
        let mut panel = first;
        for b in whole {
            let a: &[Line<T>; M] = a[panel..].first_chunk().expect("rows of the block");
            for (lane, b) in b.iter().enumerate() {
                let b = simd.load(b, part);
                for (sum, a) in sums.iter_mut().zip(a) {
                    *sum = simd.fma(simd.splat(a[lane]), b, *sum);
                }
            }
            panel += rows;
        }
        if !rest.is_empty() {
            let a: &[Line<T>; M] = a[panel..].first_chunk().expect("rows of the block");
            for (lane, b) in rest.iter().enumerate() {
                let b = simd.load(b, part);
                for (sum, a) in sums.iter_mut().zip(a) {
                    // `rest` is shorter than a panel, which the remainder tells the compiler.
                    *sum = simd.fma(simd.splat(a[lane % LANES]), b, *sum);
                }
            }
        }
        for (sum, out) in sums.into_iter().zip(out.iter_mut()) {
            finish(sum, out, part);
        }
    }
}

/// Adds one panel of Aᵀ G to `sums`.
///
/// # Shapes
///
/// `a`: panels of `g.len()` lines; `g`: one panel; `sums`: one panel, a line for each column of A.
#[inline(always)]
pub(super) fn gram_panel<T: Real, S: Simd<T>>(
    simd: S,
    a: &[Line<T>],
    g: &[Line<T>],
    sums: &mut [Line<T>],
) {
    for (a, sums) in a.chunks_exact(g.len()).zip(sums.chunks_mut(LANES)) {
        // Sixteen columns of A as 6 + 5 + 5; lanes beyond its last are computed and left out.
        gram_tile::<T, S, 0, 6>(simd, a, g, sums);
        if sums.len() > 6 {
            gram_tile::<T, S, 6, 5>(simd, a, g, sums);
        }
        if sums.len() > 11 {
            gram_tile::<T, S, 11, 5>(simd, a, g, sums);
        }
    }
}

/// M columns of A from lane `FIRST` on.
#[inline(always)]
fn gram_tile<T: Real, S: Simd<T>, const FIRST: usize, const M: usize>(
    simd: S,
    a: &[Line<T>],
    g: &[Line<T>],
    sums: &mut [Line<T>],
) {
    for part in 0..T::PARTS {
        let mut tile = [simd.zero(); M];
        for (a, g) in a.iter().zip(g) {
            let g = simd.load(g, part);
            for (column, sum) in tile.iter_mut().enumerate() {
                *sum = simd.fma(simd.splat(a[FIRST + column]), g, *sum);
            }
        }
        for (value, line) in tile.into_iter().zip(sums.iter_mut().skip(FIRST)) {
            let sum = simd.add(simd.load(line, part), value);
            simd.store(sum, line, part);
        }
    }
}

/// The entries of some rows that are not zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct SparseRows<'a, T> {
    /// Where each row starts in `columns` and `values`, and where the last one ends.
    pub(super) starts: &'a [u32],
    /// Columns of the entries.
    pub(super) columns: &'a [u32],
    /// The entries.
    pub(super) values: &'a [T],
}

impl<'a, T: Copy> SparseRows<'a, T> {
    /// Columns and values of every row.
    #[inline(always)]
    fn rows(self) -> impl Iterator<Item = impl Iterator<Item = (usize, T)> + 'a> {
        self.starts.windows(2).map(move |pair| {
            let range = pair[0] as usize..pair[1] as usize;
            let columns = self.columns[range.clone()].iter();
            columns
                .zip(&self.values[range])
                .map(|(&column, &value)| (column as usize, value))
        })
    }
}

/// As [`dense_panel`] for rows with few entries: a sum of lines of B.
#[inline(always)]
pub(super) fn sparse_panel<T: Real, S: Simd<T>>(
    simd: S,
    a: SparseRows<'_, T>,
    b: &[Line<T>],
    out: &mut [Line<T>],
    finish: impl Fn(S::V, &mut Line<T>, usize) + Copy,
) {
    for (row, out) in a.rows().zip(out) {
        let mut sums = [simd.zero(); 2];
        for (column, value) in row {
            let (value, line) = (simd.splat(value), &b[column]);
            for (part, sum) in sums.iter_mut().enumerate().take(T::PARTS) {
                *sum = simd.fma(value, simd.load(line, part), *sum);
            }
        }
        for (part, sum) in sums.into_iter().enumerate().take(T::PARTS) {
            finish(sum, out, part);
        }
    }
}

/// As [`gram_panel`] for rows with few entries.
#[inline(always)]
pub(super) fn sparse_gram_panel<T: Real, S: Simd<T>>(
    simd: S,
    a: SparseRows<'_, T>,
    g: &[Line<T>],
    sums: &mut [Line<T>],
) {
    for (row, g) in a.rows().zip(g) {
        for (column, value) in row {
            let (value, line) = (simd.splat(value), &mut sums[column]);
            for part in 0..T::PARTS {
                let sum = simd.fma(value, simd.load(g, part), simd.load(line, part));
                simd.store(sum, line, part);
            }
        }
    }
}

/// Adds all lines to `sum`.
#[inline(always)]
pub(super) fn add_lines<T: Real, S: Simd<T>>(simd: S, lines: &[Line<T>], sum: &mut Line<T>) {
    let (fours, rest) = lines.as_chunks::<4>();
    for part in 0..T::PARTS {
        // Four sums, so that additions need not wait for each other.
        let mut sums = [simd.zero(); 4];
        for four in fours {
            for (sum, line) in sums.iter_mut().zip(four) {
                *sum = simd.add(*sum, simd.load(line, part));
            }
        }
        for line in rest {
            sums[0] = simd.add(sums[0], simd.load(line, part));
        }
        let total = simd.add(simd.add(sums[0], sums[1]), simd.add(sums[2], sums[3]));
        let total = simd.add(simd.load(sum, part), total);
        simd.store(total, sum, part);
    }
}
