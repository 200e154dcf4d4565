//! The parts of a plan that a binary without an `init` section gets, from its imports and exports.

use crate::memory::MemorySource;
use crate::{
    Args, Bind, Error, Export, ExternType, IfMissing, Instance, Interface, Kind, Phase, Run, RunArgs, RunResult,
    Select, Step, StepResult, ValueType,
};

/// The import modules of WASI's two preview versions for core modules.
const WASI: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];
const NAPI: &str = "napi";
/// By what the addons of napi-rs 2 for `wasm32-unknown-unknown` have their constructors called.
const NOTE: &str = "register_module";

type Signature = (&'static [ValueType], &'static [ValueType]);
const PLAIN: Signature = (&[], &[]);
const EXIT_CODE: Signature = (&[], &[ValueType::I32]);
const HS_INIT: Signature = (&[ValueType::I32, ValueType::I32], &[]);
/// What registers a Node-API addon: `(env, exports) -> exports`.
pub(crate) const REGISTER: Signature = (&[ValueType::I32, ValueType::I32], &[ValueType::I32]);

/// Whether the module has the function, by name and signature.
fn has(interface: &Interface, name: &str, signature: Signature) -> bool {
    interface
        .export(name)
        .is_some_and(|export| export.ty.is_func(signature))
}

/// The services that get the memory, in the order of the specification's table.
pub(crate) fn bind(interface: &Interface) -> Result<Vec<Bind>, Error> {
    let mut services: Vec<&str> = WASI
        .into_iter()
        .filter(|service| interface.imports_from(service))
        .collect();
    let napi = imports_node_api(interface);
    if napi {
        services.push(NAPI);
    }
    if services.is_empty() {
        return Ok(Vec::new());
    }
    let memory = if interface.memory("memory").is_ok() {
        "memory"
    } else {
        match interface.only_memory()? {
            Some(MemorySource::Export(export)) => &export.name,
            Some(MemorySource::Import(_)) => "",
            // A program may ask for no more than its exit code. There is nothing to bind then.
            None => return Ok(Vec::new()),
        }
    };
    let table = "__indirect_function_table";
    let has_table = interface
        .export(table)
        .is_some_and(|export| matches!(export.ty, ExternType::Table { .. }));
    Ok(services
        .into_iter()
        .map(|service| Bind {
            service: service.to_owned(),
            memory: memory.to_owned(),
            table: if service == NAPI && has_table {
                table.to_owned()
            } else {
                String::new()
            },
        })
        .collect())
}

fn imports_node_api(interface: &Interface) -> bool {
    interface.imports.iter().any(|import| match &*import.module {
        "emnapi" => true,
        NAPI | "env" => import.name.starts_with("napi_") || import.name.starts_with("node_api_"),
        _ => false,
    })
}

/// The WASI ABI asks that a module which is both a command and a reactor is refused.
pub(crate) fn one_of_start_and_initialize(interface: &Interface) -> Result<(), Error> {
    if has(interface, "_start", PLAIN) && has(interface, "_initialize", PLAIN) {
        return Err(Error::link(
            "the module exports both _start and _initialize, so it is unclear whether it is a command or a reactor; \
             a run or steps sub-section of an init section can settle it",
        ));
    }
    Ok(())
}

/// What is called to initialise the module.
pub(crate) fn steps(interface: &Interface) -> Vec<Step> {
    let mut steps = Vec::new();
    let evaluate = |select, args, result| Step {
        phase: Phase::Evaluate,
        select,
        args,
        result,
        if_missing: IfMissing::Error,
    };
    let plain = |select| evaluate(select, Args::None, StepResult::Ignore);
    let export = |name: &str| Select::Export(name.to_owned());

    let initialisers = ["_initialize", "__wasi_unstable_reactor_start", "__wasm_call_ctors"];
    if let Some(name) = initialisers.into_iter().find(|name| has(interface, name, PLAIN))
        // The constructors are called by _start itself.
        && (name != "__wasm_call_ctors" || !has(interface, "_start", PLAIN))
    {
        steps.push(plain(export(name)));
    }
    if has(interface, "hs_init", HS_INIT) {
        steps.push(evaluate(export("hs_init"), Args::Zeros, StepResult::Ignore));
    }
    let registers = Select::Prefix("__napi_register__".to_owned());
    let is_plain = |export: &Export| export.ty.is_func(PLAIN);
    if registers.exports(interface).any(is_plain) {
        steps.push(plain(registers));
    }
    let entries = ["napi_register_wasm_v1", "napi_register_module_v1", "_napi_register"];
    if let Some(name) = entries.into_iter().find(|name| has(interface, name, REGISTER)) {
        // What it exports notes itself by that where a linker without constructors made it.
        if has(interface, NOTE, PLAIN) {
            steps.push(plain(export(NOTE)));
        }
        let args = Args::Service(NAPI.to_owned());
        steps.push(evaluate(export(name), args, StepResult::Namespace));
    }
    steps
}

/// The program's entry.
pub(crate) fn run(interface: &Interface) -> Option<Run> {
    let entry = |export: &str, instance| Run {
        export: export.to_owned(),
        args: RunArgs::None,
        instance,
        result: RunResult::ExitCode,
    };
    if interface.kind == Kind::Component {
        let is_run = |name: &str| name == "wasi:cli/run" || name.starts_with("wasi:cli/run@");
        let mut exports = interface.exports.iter();
        let export = exports.find(|export| export.ty == ExternType::Instance && is_run(&export.name))?;
        return Some(entry(&export.name, Instance::Fresh));
    }
    if has(interface, "", PLAIN) || has(interface, "", EXIT_CODE) {
        return Some(entry("", Instance::Same));
    }
    if !has(interface, "_start", PLAIN) {
        return None;
    }
    let wasi = WASI.into_iter().any(|service| interface.imports_from(service));
    Some(entry("_start", if wasi { Instance::Fresh } else { Instance::Same }))
}
