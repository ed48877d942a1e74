//! Matrices in panels of sixteen columns.

/// Columns of a panel. A line of f32 is one cache line and two AVX2 registers, a line of f64 twice
/// that.
pub(super) const LANES: usize = 16;

/// Bytes of a cache line. A line that straddles two cache lines costs a second access.
const CACHE_LINE: usize = 64;

/// One row of a panel.
///
/// A matrix `[R, C]` is kept as ⌈C/16⌉ panels of R lines; entry (r, c) is lane c mod 16 of line r
/// of panel ⌊c/16⌋. Lanes at and beyond C are padding. All three matrix products of a training step
/// read this layout with consecutive loads, so nothing needs repacking.
pub(super) type Line<T> = [T; LANES];

/// Panels of `columns` columns.
pub(super) fn panels(columns: usize) -> usize {
    columns.div_ceil(LANES)
}

/// Lines of a `[rows, columns]` matrix.
pub(super) fn lines_of(rows: usize, columns: usize) -> usize {
    rows * panels(columns)
}

/// A buffer of lines that starts on a cache line.
#[derive(Debug)]
pub(super) struct Lines<T> {
    /// Storage of the lines, with room at the front for alignment.
    storage: Vec<T>,
    start: usize,
    count: usize,
}

impl<T: Copy> Lines<T> {
    /// `count` lines of `value`.
    fn filled(value: T, count: usize) -> Self {
        let slack = CACHE_LINE / size_of::<T>();
        let storage = vec![value; count * LANES + slack];
        // An unaligned start would only be slower.
        let start = storage.as_ptr().align_offset(CACHE_LINE).min(slack);
        Self {
            storage,
            start,
            count,
        }
    }

    /// The lines.
    pub(super) fn all(&self) -> &[Line<T>] {
        let end = self.start + self.count * LANES;
        self.storage[self.start..end].as_chunks().0
    }

    /// The lines, to be written.
    pub(super) fn all_mut(&mut self) -> &mut [Line<T>] {
        let end = self.start + self.count * LANES;
        self.storage[self.start..end].as_chunks_mut().0
    }
}

impl<T: Copy + Default> Lines<T> {
    /// `count` lines of zeros.
    pub(super) fn zeros(count: usize) -> Self {
        Self::filled(T::default(), count)
    }

    /// Makes room for `count` lines whose content is unspecified. Allocates only to grow.
    pub(super) fn resize(&mut self, count: usize) {
        if self.start + count * LANES > self.storage.len() {
            *self = Self::zeros(count);
        }
        self.count = count;
    }
}

impl<T: Copy> Clone for Lines<T> {
    fn clone(&self) -> Self {
        // The copy has another address, so it is aligned again.
        let mut copy = Self::filled(self.storage[0], self.count);
        copy.all_mut().copy_from_slice(self.all());
        copy
    }
}
