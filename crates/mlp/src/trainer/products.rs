//! The matrix products of a step, on the rows of one block.
//!
//! Every product keeps a tile of the result in registers: six lines by sixty-four bytes, which is
//! twelve of AVX2's sixteen registers and enough independent sums to hide the latency of the fused
//! multiply-adds.

use super::lines::{LANES, Line};
use super::real::Real;
use super::simd::Simd;
use super::sparse::SparseRows;
use super::tables::{PATTERNS, TableRows};

/// Lines of a tile.
const TILE: usize = 6;

/// Computes one panel of A B for the rows of A, with every row added to `start`. `finish` receives
/// every sum and its line, may read the old content of the line, and writes the new one.
///
/// # Shapes
///
/// `a`: panels of `out.len()` lines; `b`: one panel, a line for each column of A; `out`: one panel.
#[inline(always)]
pub(super) fn dense_panel<T: Real, S: Simd<T>>(
    simd: S,
    a: &[Line<T>],
    b: &[Line<T>],
    start: &Line<T>,
    out: &mut [Line<T>],
    finish: impl Fn(S::V, &mut Line<T>, usize) + Copy,
) {
    let rows = out.len();
    let (tiles, rest) = out.as_chunks_mut::<TILE>();
    for (tile, out) in tiles.iter_mut().enumerate() {
        dense_tile(simd, a, (tile * TILE, rows), b, start, out, finish);
    }
    // There is a tile of every size, so that its sums stay in registers.
    let place = (rows - rest.len(), rows);
    match rest.len() {
        1 => dense_rest::<T, S, 1>(simd, a, place, b, start, rest, finish),
        2 => dense_rest::<T, S, 2>(simd, a, place, b, start, rest, finish),
        3 => dense_rest::<T, S, 3>(simd, a, place, b, start, rest, finish),
        4 => dense_rest::<T, S, 4>(simd, a, place, b, start, rest, finish),
        5 => dense_rest::<T, S, 5>(simd, a, place, b, start, rest, finish),
        _ => {}
    }
}

#[inline(always)]
fn dense_rest<T: Real, S: Simd<T>, const M: usize>(
    simd: S,
    a: &[Line<T>],
    place: (usize, usize),
    b: &[Line<T>],
    start: &Line<T>,
    out: &mut [Line<T>],
    finish: impl Fn(S::V, &mut Line<T>, usize) + Copy,
) {
    if let Some(out) = out.first_chunk_mut::<M>() {
        dense_tile(simd, a, place, b, start, out, finish);
    }
}

/// M rows of a panel, from row `first` of `rows` on.
#[inline(always)]
fn dense_tile<T: Real, S: Simd<T>, const M: usize>(
    simd: S,
    a: &[Line<T>],
    (first, rows): (usize, usize),
    b: &[Line<T>],
    start: &Line<T>,
    out: &mut [Line<T>; M],
    finish: impl Fn(S::V, &mut Line<T>, usize) + Copy,
) {
    let (whole, rest) = b.as_chunks::<LANES>();
    for part in 0..T::PARTS {
        let mut sums = [simd.load(start, part); M];
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
        // The columns of the panel are split into as few tiles as possible, of about equal size,
        // because a small tile would wait for its own sums.
        match sums.len() {
            1 => gram_tile::<T, S, 0, 1>(simd, a, g, sums),
            2 => gram_tile::<T, S, 0, 2>(simd, a, g, sums),
            3 => gram_tile::<T, S, 0, 3>(simd, a, g, sums),
            4 => gram_tile::<T, S, 0, 4>(simd, a, g, sums),
            5 => gram_tile::<T, S, 0, 5>(simd, a, g, sums),
            6 => gram_tile::<T, S, 0, 6>(simd, a, g, sums),
            7 | 8 => {
                gram_tile::<T, S, 0, 4>(simd, a, g, sums);
                gram_tile::<T, S, 4, 4>(simd, a, g, sums);
            }
            9 | 10 => {
                gram_tile::<T, S, 0, 5>(simd, a, g, sums);
                gram_tile::<T, S, 5, 5>(simd, a, g, sums);
            }
            11 | 12 => {
                gram_tile::<T, S, 0, 6>(simd, a, g, sums);
                gram_tile::<T, S, 6, 6>(simd, a, g, sums);
            }
            _ => {
                gram_tile::<T, S, 0, 6>(simd, a, g, sums);
                gram_tile::<T, S, 6, 5>(simd, a, g, sums);
                gram_tile::<T, S, 11, 5>(simd, a, g, sums);
            }
        }
    }
}

/// M columns of A from lane `FIRST` on; columns beyond the last are computed and discarded.
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

/// Like [`dense_panel`], for rows with few entries: a sum of lines of B.
#[inline(always)]
pub(super) fn sparse_panel<T: Real, S: Simd<T>>(
    simd: S,
    a: SparseRows<'_, T>,
    b: &[Line<T>],
    start: &Line<T>,
    out: &mut [Line<T>],
    finish: impl Fn(S::V, &mut Line<T>, usize) + Copy,
) {
    for (row, out) in a.rows().zip(out) {
        let mut sums = [simd.zero(); 2];
        for (part, sum) in sums.iter_mut().enumerate().take(T::PARTS) {
            *sum = simd.load(start, part);
        }
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

/// Like [`dense_panel`], for rows that are read from a table.
#[inline(always)]
pub(super) fn table_panel<T: Real, S: Simd<T>>(
    simd: S,
    rows: TableRows<'_, T>,
    panel: usize,
    start: &Line<T>,
    out: &mut [Line<T>],
    finish: impl Fn(S::V, &mut Line<T>, usize) + Copy,
) {
    let (tables, groups) = (rows.table.as_chunks::<PATTERNS>().0, rows.groups);
    let tables = &tables[panel * groups..][..groups];
    // Each usual number of groups has its own loop without an inner loop.
    match groups {
        2 => table_sums::<T, S, 2>(simd, rows.picks, tables, start, out, finish),
        3 => table_sums::<T, S, 3>(simd, rows.picks, tables, start, out, finish),
        4 => table_sums::<T, S, 4>(simd, rows.picks, tables, start, out, finish),
        5 => table_sums::<T, S, 5>(simd, rows.picks, tables, start, out, finish),
        6 => table_sums::<T, S, 6>(simd, rows.picks, tables, start, out, finish),
        _ => {
            for (picks, out) in rows.picks.chunks_exact(groups).zip(out) {
                table_sum(simd, picks, tables, start, out, finish);
            }
        }
    }
}

#[inline(always)]
fn table_sums<T: Real, S: Simd<T>, const G: usize>(
    simd: S,
    picks: &[u8],
    tables: &[[Line<T>; PATTERNS]],
    start: &Line<T>,
    out: &mut [Line<T>],
    finish: impl Fn(S::V, &mut Line<T>, usize) + Copy,
) {
    if let Some(tables) = tables.first_chunk::<G>() {
        for (picks, out) in picks.as_chunks::<G>().0.iter().zip(out) {
            table_sum(simd, picks, tables, start, out, finish);
        }
    }
}

/// The sum of the lines that one row picks.
#[inline(always)]
fn table_sum<T: Real, S: Simd<T>>(
    simd: S,
    picks: &[u8],
    tables: &[[Line<T>; PATTERNS]],
    start: &Line<T>,
    out: &mut Line<T>,
    finish: impl Fn(S::V, &mut Line<T>, usize) + Copy,
) {
    for part in 0..T::PARTS {
        let mut sum = simd.load(start, part);
        for (&pick, table) in picks.iter().zip(tables) {
            // The remainder shows the compiler that the index is inside the table.
            let line = &table[usize::from(pick) % PATTERNS];
            sum = simd.add(sum, simd.load(line, part));
        }
        finish(sum, out, part);
    }
}

/// Like [`gram_panel`], for rows with few entries.
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
