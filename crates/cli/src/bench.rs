//! Measures how fast this build trains on this machine, beside the arithmetic limit of the
//! processor and beside other programs.

mod case;
mod data_path;
mod limit;
mod machine;
mod member;
mod peers;
mod repeat;
mod steps;
mod table;
mod whole;

pub(crate) use case::{Case, all, quick};
pub(crate) use data_path::DataPath;
pub(crate) use limit::Limit;
pub(crate) use machine::{Machine, machine_name, peak_memory};
pub(crate) use peers::{Peer, Python, find};
pub(crate) use steps::{Effort, Engine, Steps};
pub(crate) use table::{steps_page, whole_page};
pub(crate) use whole::{Outcome, experiments};

/// Number of members and threads in the columns "two at once".
pub(crate) const AT_ONCE: usize = 2;
