//! Sparse matrices: the nonzero entries, row by row.

use std::ops::Range;

use super::real::Real;

/// A matrix in such rows.
#[derive(Debug, Clone)]
pub(super) struct SparseMatrix<T> {
    /// Where each row starts, and where the last one ends.
    starts: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<T>,
}

impl<T> Default for SparseMatrix<T> {
    fn default() -> Self {
        Self {
            starts: vec![0],
            columns: Vec::new(),
            values: Vec::new(),
        }
    }
}

impl<T: Real> SparseMatrix<T> {
    /// Removes all rows, but keeps the memory.
    pub(super) fn clear(&mut self) {
        self.starts.truncate(1);
        self.columns.clear();
        self.values.clear();
    }

    /// Rows.
    pub(super) fn rows(&self) -> u32 {
        // The vector always has the start of the first row.
        (self.starts.len() - 1) as u32
    }

    /// Adds a row of `(column, value)`; zeros are left out.
    pub(super) fn push(&mut self, row: impl Iterator<Item = (usize, f64)>) {
        for (column, value) in row {
            if value != 0.0 {
                self.columns.push(column as u32);
                self.values.push(T::from_f64(value));
            }
        }
        self.starts.push(self.columns.len() as u32);
    }

    /// Some rows.
    pub(super) fn block(&self, block: &Range<usize>) -> SparseRows<'_, T> {
        SparseRows {
            starts: &self.starts[block.start..=block.end],
            columns: &self.columns,
            values: &self.values,
        }
    }

    /// All rows.
    pub(super) fn all(&self) -> SparseRows<'_, T> {
        self.block(&(0..self.rows() as usize))
    }
}

/// The entries of some rows that are not zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct SparseRows<'a, T> {
    starts: &'a [u32],
    columns: &'a [u32],
    values: &'a [T],
}

impl<'a, T: Copy> SparseRows<'a, T> {
    /// Columns and values of every row.
    #[inline(always)]
    pub(super) fn rows(self) -> impl Iterator<Item = impl Iterator<Item = (usize, T)> + 'a> {
        (self.starts.windows(2)).map(move |pair| self.between(pair[0], pair[1]))
    }

    /// Columns and values of one row.
    #[cfg(test)]
    pub(super) fn row(self, row: usize) -> impl Iterator<Item = (usize, T)> + 'a {
        self.between(self.starts[row], self.starts[row + 1])
    }

    #[inline(always)]
    fn between(self, start: u32, end: u32) -> impl Iterator<Item = (usize, T)> + 'a {
        let range = start as usize..end as usize;
        let columns = self.columns[range.clone()].iter();
        (columns.zip(&self.values[range])).map(|(&column, &value)| (column as usize, value))
    }
}
