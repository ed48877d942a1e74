//! Backends panic where a driver is missing, and their messages help nobody.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::{Mutex, PoisonError},
};

/// The panic hook belongs to the whole process.
static HOOK: Mutex<()> = Mutex::new(());

/// What `ask` gives; `None` if it panics, without a message on standard error.
pub(super) fn quietly<T>(ask: impl FnOnce() -> T) -> Option<T> {
    let _one_at_a_time = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let answer = catch_unwind(AssertUnwindSafe(ask));
    set_hook(hook);
    answer.ok()
}
