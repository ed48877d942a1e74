//! Claims and what became of them.

mod verdict;

pub use verdict::{
    ClaimVerdict, ComponentJudgement, ControlVerdict, Judgement, ReportedNumber, VerdictFile,
};
