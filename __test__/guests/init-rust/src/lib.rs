//! Says in Rust how it wants to be started: tables are opened, then everything is registered, and the program, if it is
//! run, is `report` on that same instance.

#![no_std]

use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

wasmport_init_section_guest::init_section! {
    Section::new()
        .steps(&[
            Step::evaluate(Select::Export("open")),
            Step::evaluate(Select::Prefix("register_")).zeros(),
            Step::evaluate(Select::Export("absent")).skip_if_missing(),
        ])
        .run(Run::same("report").exit_code())
        .hide(&[Select::Prefix("register_"), Select::Export("open")])
}

/// One digit for each call.
static TRACE: AtomicI32 = AtomicI32::new(0);

fn called(digit: i32) {
    TRACE.store(TRACE.load(Relaxed) * 10 + digit, Relaxed);
}

#[unsafe(no_mangle)]
extern "C" fn open() {
    called(1);
}

#[unsafe(no_mangle)]
extern "C" fn register_first(kind: i32, id: i64) {
    called(2 + kind + id as i32);
}

#[unsafe(no_mangle)]
extern "C" fn register_second(scale: f64) {
    called(3 + scale as i32);
}

/// What inference would call.
#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    called(9);
}

#[unsafe(no_mangle)]
extern "C" fn trace() -> i32 {
    TRACE.load(Relaxed)
}

/// The exit code.
#[unsafe(no_mangle)]
extern "C" fn report() -> i32 {
    trace() - 100
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
