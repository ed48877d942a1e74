//! Nets and rows that the tests share.

pub(crate) mod net;
pub(crate) mod trained;
