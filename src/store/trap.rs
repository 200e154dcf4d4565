//! What comes out of a call into WebAssembly that did not return.

use std::fmt;

use wasmtime::{Trap, WasmBacktrace};

use super::module::StoreModule;
use crate::error::{Class, Detail, Error, Exit, Interrupted, MaxBuffer, Raised, code};

/// Carries a pending JavaScript exception through the frames of WebAssembly. The exception itself
/// stays pending in the environment, so it comes out as the same object.
#[derive(Debug, Clone, Copy)]
pub struct JsException;

impl fmt::Display for JsException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JavaScript threw")
    }
}

impl std::error::Error for JsException {}

/// The error for what a call ended with. `file` is the module that was called.
#[cold]
pub fn trap(error: wasmtime::Error, file: &str, modules: &[StoreModule]) -> Error {
    if error.is::<JsException>() {
        return Error::Thrown;
    }
    if let Some(Exit(status)) = error.downcast_ref() {
        return Error::new(
            Class::Error,
            code::EXIT,
            format!("{file}: the guest called proc_exit({status}) outside of a run, which ended the call"),
        )
        .with("exitCode", Detail::Number((*status).into()))
        .with_text("file", file);
    }
    if let Some(Raised(signal)) = error.downcast_ref() {
        return Error::new(
            Class::Error,
            code::EXIT,
            format!("{file}: the guest raised {signal} outside of a run, which ended the call"),
        )
        .with_text("signal", *signal)
        .with_text("file", file);
    }
    if let Some(exceeded) = error.downcast_ref::<MaxBuffer>() {
        return Error::new(Class::RangeError, code::MAX_BUFFER, format!("{file}: {exceeded}"))
            .with_text("stream", exceeded.0)
            .with_text("file", file);
    }
    if error.is::<Interrupted>() {
        return Error::new(
            Class::Error,
            code::EXIT,
            format!("{file}: another thread of the guest has ended it"),
        )
        .with_text("file", file);
    }
    let frames = error
        .downcast_ref()
        .map(|trace| frames(trace, file, modules))
        .unwrap_or_default();
    let Some(cause) = error.downcast_ref::<Trap>() else {
        // A crate error of a host function of ours travels as it is.
        return match error.downcast::<Error>() {
            Ok(error) => error,
            Err(error) => Error::new(Class::RuntimeError, code::TRAP, format!("{file}: {}", causes(&error)))
                .with_text("file", file),
        }
        .with_frames(frames);
    };
    let name = name(cause);
    if *cause == Trap::StackOverflow {
        return Error::new(
            Class::RangeError,
            code::STACK,
            format!("Maximum call stack size exceeded in {file}"),
        )
        .with_text("trap", name)
        .with_text("file", file)
        .with_frames(frames);
    }
    let text = match cause {
        Trap::UnreachableCodeReached => "unreachable executed".into(),
        other => other.to_string(),
    };
    Error::new(Class::RuntimeError, code::TRAP, format!("{text} in {file}"))
        .with_text("trap", name)
        .with_text("file", file)
        .with_frames(frames)
}

/// What a host function failed with, outermost first, without the trace that Wasmtime puts among the causes.
fn causes(error: &wasmtime::Error) -> String {
    let texts: Vec<_> = error
        .chain()
        .map(|cause| cause.to_string())
        .filter(|text| !text.starts_with("error while executing at"))
        .collect();
    texts.join(": ")
}

/// `function (file:wasm-function[index]:0xoffset)`, as the WebAssembly web API writes a location.
fn frames(trace: &WasmBacktrace, file: &str, modules: &[StoreModule]) -> Vec<String> {
    trace
        .frames()
        .iter()
        .map(|frame| {
            let index = frame.func_index();
            let offset = frame.module_offset().unwrap_or(0);
            let file = modules
                .iter()
                .find(|other| other.is(frame.module()))
                .map_or(file, |other| other.file());
            let location = format!("{file}:wasm-function[{index}]:{offset:#x}");
            match frame.func_name() {
                Some(name) => format!("{} ({location})", rustc_demangle::demangle(name)),
                None => location,
            }
        })
        .collect()
}

/// The trap in words for a program: the variant's own name, in kebab case.
fn name(trap: &Trap) -> String {
    let mut name = String::new();
    for letter in format!("{trap:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
