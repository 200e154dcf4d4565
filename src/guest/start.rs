//! The parts of a plan that need no JavaScript: WASI, plain steps and the entry.

use std::sync::Arc;

use wasmport_init_section::{Args, Bind, MemorySource, Phase, RunArgs, RunResult, Step};
use wasmtime::{AsContext, AsContextMut, ExternType, Func, FuncType, Instance, Val, bail};

use crate::error::{Class, Error, Exit, code};
use crate::js_api::{function_text, wrong};
use crate::module::{Import, Module};
use crate::store::{Data, ServiceId};
use crate::wasi::{self, Interrupt, Process, Wasi};

/// A WASI service of a store, made for one instance.
pub struct Service {
    pub id: ServiceId,
    /// The import module that it stands for.
    pub module: String,
    /// The export that the plan binds to it; none where it binds an imported memory, or nothing.
    memory: Option<String>,
}

impl Service {
    /// The bind step for an exported memory.
    pub fn bind(&self, mut cx: impl AsContextMut<Data = Data>, instance: &Instance) -> wasmtime::Result<()> {
        let name = self.memory.as_ref();
        match name.and_then(|name| instance.get_export(&mut cx, name)) {
            Some(memory) => wasi::bind(cx, self.id, memory),
            None => Ok(()),
        }
    }
}

/// Opens what WASI is given, if a module imports WASI.
pub fn wasi_process(
    module: &Module,
    options: wasi::Options,
    interrupt: Option<Interrupt>,
) -> Result<Option<Arc<Process>>, Error> {
    match wasi_import(module) {
        Some(_) => Ok(Some(Arc::new(Process::new(options, interrupt)?))),
        None => Ok(None),
    }
}

/// Makes the WASI that a module imports, if it imports any, for a store. `add` puts it there.
pub fn wasi_service(
    module: &Module,
    process: &Arc<Process>,
    add: impl FnOnce(Wasi) -> Result<ServiceId, Error>,
) -> Result<Option<Service>, Error> {
    let Some(import) = wasi_import(module) else {
        return Ok(None);
    };
    let memory = match bound_memory(module, &import.module)? {
        Some(MemorySource::Export(export)) => Some(export.name.clone()),
        _ => None,
    };
    Ok(Some(Service {
        id: add(Wasi::new(process.clone(), memory.clone()))?,
        module: import.module.clone(),
        memory,
    }))
}

/// The function of WASI for an import.
pub fn wasi_function(
    mut cx: impl AsContextMut<Data = Data>,
    module: &Module,
    import: &Import,
    service: ServiceId,
) -> Result<Func, Error> {
    let Some(func) = wasi::function(&mut cx, service, &import.module, &import.name) else {
        return Err(wrong(module, import, "nothing: WASI has no function of that name"));
    };
    fits(&cx, module, import, func, "WASI")
}

/// Checks that a function of ours has the type of an import.
pub(super) fn fits(cx: impl AsContext, module: &Module, import: &Import, func: Func, who: &str) -> Result<Func, Error> {
    let found = func.ty(cx);
    match &import.ty {
        ExternType::Func(expected) if FuncType::eq(&found, expected) => Ok(func),
        _ => Err(wrong(
            module,
            import,
            &format!("{}, as {who} has it", function_text(&found)),
        )),
    }
}

/// Whether a module imports WASI, whoever provides it.
pub fn imports_wasi(module: &Module) -> bool {
    wasi_import(module).is_some()
}

fn wasi_import(module: &Module) -> Option<&Import> {
    module
        .code
        .on_demand()
        .imports
        .iter()
        .find(|import| wasi::is_service(&import.module))
}

/// The memory that the plan binds to `service`, if it binds one.
pub fn bound_memory<'a>(module: &'a Module, service: &str) -> Result<Option<MemorySource<'a>>, Error> {
    let bind = module.plan().bind.iter().find(|bind| bind.service == service);
    bind.map(|bind| memory_source(module, bind)).transpose()
}

/// The memory that a bind step means.
pub fn memory_source<'a>(module: &'a Module, bind: &Bind) -> Result<MemorySource<'a>, Error> {
    module
        .interface()
        .memory(&bind.memory)
        .map_err(|error| Error::new(Class::LinkError, code::LINK, format!("{}: {error}", module.file)))
}

/// The calls of one phase, in order: a step calls each export that it selects.
pub fn calls(module: &Module, phase: Phase) -> impl Iterator<Item = (&Step, &str)> {
    let steps = module.plan().steps.iter().filter(move |step| step.phase == phase);
    steps.flat_map(|step| {
        let names = step.select.matches(module.interface());
        names.into_iter().map(move |name| (step, name))
    })
}

/// Refuses a plan whose steps need a service where there are none.
pub fn check_plain(module: &Module) -> Result<(), Error> {
    let mut args = module.plan().steps.iter().map(|step| &step.args);
    match args.find_map(|args| {
        if let Args::Service(service) = args {
            Some(service)
        } else {
            None
        }
    }) {
        None => Ok(()),
        Some(service) => Err(no_service(module, service)),
    }
}

/// The error for a step whose arguments nobody supplies.
pub fn no_service(module: &Module, service: &str) -> Error {
    let (code, advice) = match service {
        "napi" => (
            code::UNSUPPORTED,
            "Node-API is for what is loaded, by load(), import or require(), and calls JavaScript at once; where the \
             program's imports have all functions of it, they must have __wasm_bind too"
                .to_owned(),
        ),
        _ => (
            code::LINK,
            format!(
                "expected the plan to bind it, and an import object or module '{service}' with a function __wasm_bind \
                 that returns an object with a function args"
            ),
        ),
    };
    Error::new(
        Class::LinkError,
        code,
        format!(
            "{}: the plan takes arguments from the service '{service}', which nothing provides: {advice}",
            module.file
        ),
    )
    .with_text("file", &*module.file)
    .with_text("service", service)
}

/// Calls an export as a step does that needs no service. `proc_exit(0)` completes the call.
pub fn call_step(
    mut cx: impl AsContextMut<Data = Data>,
    instance: &Instance,
    step: &Step,
    name: &str,
) -> wasmtime::Result<()> {
    let Some(func) = instance.get_func(&mut cx, name) else {
        bail!("the plan calls the export '{name}', which is no function");
    };
    match call(&mut cx, func, step.args == Args::Zeros) {
        Err(error) if matches!(error.downcast_ref(), Some(Exit(0))) => Ok(()),
        other => other.map(drop),
    }
}

/// Calls the entry of the plan and returns the exit code. The caller has checked that there is one.
pub fn call_entry(
    mut cx: impl AsContextMut<Data = Data>,
    instance: &Instance,
    module: &Module,
) -> wasmtime::Result<i32> {
    let Some(run) = &module.plan().run else {
        bail!("the plan has no entry")
    };
    let Some(func) = instance.get_func(&mut cx, &run.export) else {
        bail!("the plan runs the export '{}', which is no function", run.export)
    };
    match call(&mut cx, func, run.args == RunArgs::Zeros) {
        Err(error) => error.downcast_ref::<Exit>().map(|exit| exit.0).ok_or(error),
        Ok(results) => Ok(match (&run.result, results.first()) {
            (RunResult::ExitCode, Some(Val::I32(code))) => *code,
            _ => 0,
        }),
    }
}

fn call(mut cx: impl AsContextMut<Data = Data>, func: Func, zeros: bool) -> wasmtime::Result<Vec<Val>> {
    let ty = func.ty(&cx);
    let args = match zeros {
        true => ty
            .params()
            .map(|ty| ty.default_value().unwrap_or(Val::I32(0)))
            .collect(),
        false => Vec::new(),
    };
    let mut results = vec![Val::I32(0); ty.results().len()];
    func.call(&mut cx, &args, &mut results)?;
    Ok(results)
}
