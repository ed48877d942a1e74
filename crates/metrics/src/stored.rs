use std::fmt::Debug;

/// A number as a program stores it. Everything is computed from it in f64, which holds every number of
/// the narrower formats.
pub trait Stored: Copy + Debug + Send + Sync + 'static {
    /// The same number in f64.
    fn wide(self) -> f64;
}

impl Stored for f32 {
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Stored for f64 {
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
}
