//! How fast this build is on this machine, beside the limit of its arithmetic and other programs.

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

/// Members, threads and cores that "two at once" speaks of.
pub(crate) const AT_ONCE: usize = 2;
