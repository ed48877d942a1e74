//! Suppresses panic messages of backends. A backend panics if a driver is missing, and its message
//! does not help a user.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::{Mutex, PoisonError},
};

/// The panic hook is shared by the whole process.
static HOOK: Mutex<()> = Mutex::new(());

/// The result of `ask`; `None`, without a message on standard error, if it panics.
pub(super) fn quietly<T>(ask: impl FnOnce() -> T) -> Option<T> {
    or_message(ask).ok()
}

/// The result of `ask`, or its message if it panics.
pub(crate) fn or_message<T>(ask: impl FnOnce() -> T) -> Result<T, String> {
    let _one_at_a_time = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let answer = catch_unwind(AssertUnwindSafe(ask));
    set_hook(hook);
    answer.map_err(|payload| message_of(&*payload))
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("no reason was given").to_owned()
}
