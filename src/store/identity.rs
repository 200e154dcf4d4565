//! One JavaScript object for one WebAssembly object, wherever it is seen.

use std::ffi::c_void;

use wasmtime::{AsContextMut, Func, Global, Memory, Table, Tag};

/// Which object of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKey {
    Function(FunctionKey),
    Memory(u64),
    Table(u64),
    Global(u64),
    Tag(u64),
}

/// What makes two `Func`s the same function: its code and what it closes over.
///
/// A function that one instance exports and another imports has a `VMFuncRef` in each, with equal
/// contents, so the address of a `VMFuncRef` does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FunctionKey {
    /// A trampoline, which each function of WebAssembly has for itself. Host functions share one and
    /// differ in what they close over.
    array_call: usize,
    vmctx: usize,
}

/// Where a function's code begins.
pub fn code_address(cx: impl AsContextMut, func: &Func) -> usize {
    vm_func_ref(cx, func).wasm_call as usize
}

fn vm_func_ref(cx: impl AsContextMut, func: &Func) -> VmFuncRef {
    let raw = func.to_raw(cx).cast::<VmFuncRef>();
    // SAFETY: `to_raw` returns a live `VMFuncRef`, whose layout the exact version of Wasmtime in
    // Cargo.toml fixes and the test of re-exported functions checks.
    unsafe { raw.read() }
}

/// The layout of Wasmtime 48's `VMFuncRef` (wasmtime-environ, `vmtypes.rs`).
#[repr(C)]
struct VmFuncRef {
    array_call: *const c_void,
    wasm_call: *const c_void,
    type_index: u32,
    vmctx: *const c_void,
}

impl ObjectKey {
    pub fn function(cx: impl AsContextMut, func: &Func) -> ObjectKey {
        let reference = vm_func_ref(cx, func);
        ObjectKey::Function(FunctionKey {
            array_call: reference.array_call as usize,
            vmctx: reference.vmctx as usize,
        })
    }

    pub fn memory(memory: &Memory) -> ObjectKey {
        ObjectKey::Memory(memory.debug_index_in_store())
    }

    pub fn table(table: &Table) -> ObjectKey {
        ObjectKey::Table(table.debug_index_in_store())
    }

    pub fn global(global: &Global) -> ObjectKey {
        ObjectKey::Global(global.debug_index_in_store())
    }

    pub fn tag(tag: &Tag) -> ObjectKey {
        ObjectKey::Tag(tag.debug_index_in_store())
    }
}
