//! A library (cdylib) for WASI. It has no `_initialize`: what it needs is made when it is used first.

use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static COUNTS: RefCell<HashMap<i32, i32>> = RefCell::default();
}

/// How often it was called with this number.
#[unsafe(no_mangle)]
pub extern "C" fn count(number: i32) -> i32 {
    COUNTS.with_borrow_mut(|counts| {
        let count = counts.entry(number).or_default();
        *count += 1;
        *count
    })
}
