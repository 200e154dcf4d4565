//! What an ES module needs to know to stand for a WebAssembly module.

use serde::Serialize;
use wasmport_init_section::{Args, ExternType, StepResult};

use super::bind::{NODE_API, is_node_api};
use super::guest::no_service;
use super::link::{is_addon, is_provided};
use crate::error::{Class, Detail, Error, code};
use crate::js_api::{ESM_OPTIONS, Provider};
use crate::module::{Module, Toolchain, toolchain};
use crate::value::Kind;

/// Its imports and exports as an ES module has them.
#[derive(Serialize)]
pub struct Facade<'a> {
    /// What it imports, by specifier, in the order of the first import of each.
    imports: Vec<Request<'a>>,
    exports: Vec<Shown<'a>>,
    /// Whether a step makes its namespace. The names of that are not known before it has.
    replaced: bool,
    /// Whether nothing but the host is needed for that: it can be made to see its names.
    registers: bool,
    /// Who seems to have made it, and what to do where its imports are not there.
    advice: Option<String>,
}

/// A module that is imported from, and the names that it must have.
#[derive(Serialize)]
struct Request<'a> {
    specifier: &'a str,
    names: Vec<&'a str>,
}

#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    binding: Binding,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Binding {
    Constant,
    /// Of a mutable global: it shows the present value.
    Live,
    /// Of a global whose type has no JavaScript values.
    Unset,
}

/// The interface of a module for an ES module in its place. What [`check`] refuses is left out.
pub fn facade(module: &Module) -> Facade<'_> {
    let plan = module.plan();
    let is_addon = is_addon(module);
    let mut imports: Vec<Request<'_>> = Vec::new();
    for import in &module.code.on_demand().imports {
        if ESM_OPTIONS.provider(import) != Provider::Program
            || is_provided(module, import, is_addon)
            || import.module.starts_with(RESERVED_MODULE)
            || is_reserved(&import.name)
        {
            continue;
        }
        let known = imports.iter().position(|request| request.specifier == import.module);
        let request = match known {
            Some(index) => &mut imports[index],
            None => imports.push_mut(Request {
                specifier: &import.module,
                names: Vec::new(),
            }),
        };
        if !request.names.contains(&&*import.name) {
            request.names.push(&import.name);
        }
    }
    let replaced = plan.steps.iter().any(|step| step.result == StepResult::Namespace);
    let command = plan.is_command();
    let shown = module
        .interface()
        .exports
        .iter()
        .zip(module.code.on_demand().module.exports());
    let exports = shown
        .filter(|(export, _)| !module.hides(&export.name))
        .filter(|(export, _)| !command || matches!(export.ty, ExternType::Func { .. }))
        .map(|(export, found)| Shown {
            name: &export.name,
            binding: match found.ty() {
                wasmtime::ExternType::Global(ty) if Kind::of(ty.content()) == Kind::Opaque => Binding::Unset,
                wasmtime::ExternType::Global(ty) if ty.mutability() == wasmtime::Mutability::Var => Binding::Live,
                _ => Binding::Constant,
            },
        });
    Facade {
        registers: replaced && imports.is_empty() && is_node_api(module, NODE_API),
        imports,
        exports: exports.collect(),
        replaced,
        advice: advice(module),
    }
}

/// A sentence for whoever cannot load a module whose toolchain means it to be started by code of its own.
pub fn advice(module: &Module) -> Option<String> {
    let Toolchain { name, advice } = toolchain(module.interface())?;
    Some(format!("It seems to be made by {name}: {}", advice?))
}

/// How the names of modules begin that the ESM integration keeps for later.
const RESERVED_MODULE: &str = "wasm-js:";

/// Whether it keeps the name of an import or export.
fn is_reserved(name: &str) -> bool {
    name.starts_with("wasm:") || name.starts_with(RESERVED_MODULE)
}

/// Refuses what cannot be part of a module graph: reserved names, and a plan whose services no module can be.
pub fn check(module: &Module) -> Result<(), Error> {
    let reserved = |what: &str, name: &str, offset: usize| {
        let text = format!(
            "{}: {what} {name:?} (at offset {offset:#x}): names that begin so are reserved by the ESM integration",
            module.file
        );
        Err(Error::new(Class::LinkError, code::LINK, text)
            .with_text("file", &*module.file)
            .with("offset", Detail::Number(offset as f64)))
    };
    for import in &module.code.on_demand().imports {
        if import.module.starts_with(RESERVED_MODULE) {
            return reserved("the import module name", &import.module, import.offset);
        }
        if ESM_OPTIONS.provider(import) != Provider::Constant && is_reserved(&import.name) {
            return reserved("the import name", &import.name, import.offset);
        }
    }
    if let Some(export) = module
        .interface()
        .exports
        .iter()
        .find(|export| is_reserved(&export.name))
    {
        return reserved("the export name", &export.name, export.offset);
    }
    for step in &module.plan().steps {
        if let Args::Service(service) = &step.args
            && !module.interface().imports_from(service)
            && !is_node_api(module, service)
        {
            return Err(no_service(module, service));
        }
    }
    Ok(())
}
