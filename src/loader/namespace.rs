//! The namespace object: what a program sees of a loaded module.

use std::rc::{Rc, Weak};

use wasmtime::{Extern, Instance, Mutability};

use crate::error::Error;
use crate::ffi::{Callable, Env, Property, Reference, Thrown, Value};
use crate::js_api;
use crate::module::Module;
use crate::store::StoreCell;

/// Makes the namespace of an instance: like a module namespace object it has no prototype, is
/// named `Module`, cannot be changed, and shows mutable globals as they are at each look.
/// One that is `disposable` has `Symbol.dispose`, which lets go of the store.
pub fn make<'s>(
    env: Env<'s>,
    cell: &Rc<StoreCell>,
    module: &Module,
    instance: &Instance,
    disposable: bool,
) -> Result<Value<'s>, Error> {
    let tools = env.local(Tools::new)?;
    let namespace = env.call(env.deref(&tools.create)?, &[env.null()?])?;
    let mut properties = Vec::with_capacity(module.code.exports.len() + 2);
    for export in &module.code.exports {
        if module.plan.hide.iter().any(|select| select.selects(&export.name)) {
            continue;
        }
        let item = cell.with(|mut cx| instance.get_module_export(&mut cx, &export.index))?;
        let Some(item) = item else {
            return Err(Error::internal(format_args!("{}: the export '{}' is gone", module.file, export.name)));
        };
        let name = env.string(&export.name)?;
        let value = match item {
            Extern::Global(global) => {
                let ty = cell.with(|cx| global.ty(&cx))?;
                if ty.mutability() == Mutability::Var {
                    let getter = js_api::global_getter(cell, env, global, &module.file)?;
                    let descriptor = env.object()?;
                    env.set(descriptor, "get", getter)?;
                    env.set(descriptor, "enumerable", env.boolean(true)?)?;
                    env.call(env.deref(&tools.define_property)?, &[namespace, name, descriptor])?;
                    continue;
                }
                js_api::global_value(cell, env, global, &module.file)?
            }
            item => js_api::object(cell, env, item, &export.name, &module.file)?,
        };
        properties.push(Property::Value { name, value });
    }
    properties.push(Property::Hidden { name: env.deref(&tools.to_string_tag)?, value: env.string("Module")? });
    if disposable {
        let dispose = cell.callable(env, None, "[Symbol.dispose]", Disposer(Rc::downgrade(cell)))?;
        properties.push(Property::Hidden { name: env.deref(&tools.dispose)?, value: dispose });
    }
    env.define(namespace, &properties)?;
    env.freeze(namespace)?;
    Ok(namespace)
}

/// The function behind `Symbol.dispose`.
struct Disposer(Weak<StoreCell>);

impl Callable for Disposer {
    fn arity(&self) -> usize {
        0
    }

    fn call<'s>(&self, env: Env<'s>, _: &[Value<'s>]) -> Result<Value<'s>, Thrown> {
        if let Some(cell) = self.0.upgrade() {
            cell.dispose();
        }
        env.undefined()
    }
}

/// Functions and symbols of the language that a namespace is made with.
struct Tools {
    create: Reference,
    define_property: Reference,
    to_string_tag: Reference,
    dispose: Reference,
}

impl Tools {
    fn new(env: Env<'_>) -> Result<Tools, Thrown> {
        let global = env.global()?;
        let (object, symbol) = (env.get(global, "Object")?, env.get(global, "Symbol")?);
        let keep = |holder, name| env.reference(env.get(holder, name)?);
        Ok(Tools {
            create: keep(object, "create")?,
            define_property: keep(object, "defineProperty")?,
            to_string_tag: keep(symbol, "toStringTag")?,
            dispose: keep(symbol, "dispose")?,
        })
    }
}
