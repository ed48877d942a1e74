//! Suppresses panic messages of backends. A backend panics if a driver is missing, and its message
//! does not help a user.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::{Mutex, PoisonError},
};

/// The panic hook is shared by the whole process.
static HOOK: Mutex<()> = Mutex::new(());

/// The result of `ask`; `None`, without a message on standard error, if it panics.
pub(super) fn quietly<T>(ask: impl FnOnce() -> T) -> Option<T> {
    let _one_at_a_time = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let answer = catch_unwind(AssertUnwindSafe(ask));
    set_hook(hook);
    answer.ok()
}
