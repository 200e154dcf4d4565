//! The namespace object: what a program sees of a loaded module.

use std::rc::Rc;

use wasmport_init_section::{ExternType, Phase};
use wasmtime::{Extern, Mutability};

use super::loaded::Loaded;
use crate::error::{Class, Error, code};
use crate::ffi::{Call, Callable, Env, Property, Record, Reference, Thrown, Type, Value};
use crate::guest;
use crate::js_api;
use crate::module::{Linkable, Module};
use crate::store::StoreCell;
use crate::value::Kind;

/// Makes the namespace of an instance: like a module namespace object it has no prototype, is
/// named `Module`, cannot be changed, and shows mutable globals as they are at each look.
/// One that is `disposable` has `Symbol.dispose`, which lets go of the store.
pub fn make<'s>(
    env: Env<'s>,
    cell: &Rc<StoreCell>,
    loaded: &Rc<Loaded>,
    linkable: &Linkable,
    disposable: bool,
) -> Result<Value<'s>, Error> {
    let module = &*loaded.module;
    let tools = env.local(Tools::new)?;
    let namespace = env.bare_object()?;
    let mut properties = Vec::with_capacity(linkable.exports.len() + 2);
    for index in &linkable.sorted {
        let export = &linkable.exports[*index];
        if module.hides(&export.name) {
            continue;
        }
        let item = cell.with(|mut cx| loaded.instance.get_module_export(&mut cx, &export.index))?;
        let Some(item) = item else {
            return Err(Error::internal(format_args!(
                "{}: the export '{}' is gone",
                module.file, export.name
            )));
        };
        let name = env.string(&export.name)?;
        let value = match item {
            Extern::Global(global) => {
                let ty = cell.with(|cx| global.ty(&cx))?;
                // What has no JavaScript value throws where it is looked at, not where it is loaded.
                if ty.mutability() == Mutability::Var || Kind::of(ty.content()) == Kind::Opaque {
                    let getter = js_api::global_getter(cell, env, global, &module.file)?;
                    let descriptor = env.object()?;
                    env.set(descriptor, "get", getter)?;
                    env.set(descriptor, "enumerable", env.boolean(true)?)?;
                    // What was collected so far goes first: the order of definition is that of the keys.
                    env.define(namespace, &std::mem::take(&mut properties))?;
                    env.call(env.deref(&tools.define_property)?, &[namespace, name, descriptor])?;
                    continue;
                }
                js_api::global_value(cell, env, global, &module.file)?
            }
            item => js_api::object(cell, env, item, export.item, &module.file)?,
        };
        properties.push(Property::Value { name, value });
    }
    properties.push(Property::Hidden {
        name: env.deref(&tools.to_string_tag)?,
        value: env.string("Module")?,
    });
    if disposable {
        let (name, value) = (env.deref(&tools.dispose_symbol)?, env.deref(&tools.dispose)?);
        properties.push(Property::Hidden { name, value });
    }
    env.define(namespace, &properties)?;
    env.freeze(namespace)?;
    cell.attach(env, namespace, loaded.clone())?;
    Ok(namespace)
}

/// The object that keeps the instance of an addon, and shows nothing of it.
pub fn bare<'s>(env: Env<'s>, cell: &Rc<StoreCell>, loaded: &Rc<Loaded>) -> Result<Value<'s>, Error> {
    let tools = env.local(Tools::new)?;
    let namespace = env.bare_object()?;
    let (name, value) = (env.deref(&tools.dispose_symbol)?, env.deref(&tools.dispose)?);
    env.define(namespace, &[Property::Hidden { name, value }])?;
    cell.attach(env, namespace, loaded.clone())?;
    Ok(namespace)
}

/// Gives what an addon exports a `Symbol.dispose`, if it takes one: it may be no object, or one that nobody can add to.
pub fn make_disposable(
    env: Env<'_>,
    cell: &Rc<StoreCell>,
    loaded: &Rc<Loaded>,
    exports: Value<'_>,
) -> Result<(), Error> {
    if !matches!(env.type_of(exports), Type::Object | Type::Function) {
        return Ok(());
    }
    let tools = env.local(Tools::new)?;
    let dispose = env.function_of(
        "[Symbol.dispose]",
        Dispose {
            cell: cell.clone(),
            loaded: loaded.clone(),
        },
    )?;
    let descriptor = env.object()?;
    env.set(descriptor, "value", dispose)?;
    env.set(descriptor, "configurable", env.boolean(true)?)?;
    let args = [exports, env.deref(&tools.dispose_symbol)?, descriptor];
    if env.call(env.deref(&tools.define_property)?, &args).is_err() {
        env.take_exception();
    }
    Ok(())
}

/// Disposes of an addon.
struct Dispose {
    cell: Rc<StoreCell>,
    loaded: Rc<Loaded>,
}

impl Record for Dispose {}

impl Callable for Dispose {
    fn arity(&self) -> usize {
        0
    }

    fn call<'s>(&self, env: Env<'s>, _: &[Value<'s>]) -> Result<Value<'s>, Thrown> {
        end(env, &self.cell, &self.loaded).map_err(|error| error.throw(env))?;
        env.undefined()
    }
}

/// Carries out the dispose steps and lets go of the store.
fn end(env: Env<'_>, cell: &Rc<StoreCell>, loaded: &Loaded) -> Result<(), Error> {
    if loaded.is_disposing() {
        return Ok(());
    }
    let ended = match cell.is_disposed() {
        // Its store was that of another namespace, with which it has ended.
        true => {
            loaded.discard_addon();
            Ok(())
        }
        false => loaded.dispose(env, cell),
    };
    cell.dispose();
    ended
}

/// `namespace[Symbol.dispose]()`: carries out the dispose steps and lets go of the store.
fn dispose<'s>(call: &Call<'s>) -> Result<Value<'s>, Thrown> {
    let env = call.env;
    let found = match env.type_of(call.this) {
        Type::Object => StoreCell::record_of::<Loaded>(env, call.this)?,
        _ => None,
    };
    let Some((cell, loaded)) = found else {
        let error = Error::new(Class::TypeError, code::VALUE, "Receiver is not a namespace");
        return Err(error.throw(env));
    };
    if loaded.is_disposing() {
        return env.undefined();
    }
    let ended = end(env, &cell, &loaded).map_err(|error| error.throw(env));
    if guest::calls(&loaded.module, Phase::Dispose).next().is_some() {
        let error = env.take_exception();
        env.call(env.class("disposed")?, &[call.this])?;
        if let Some(error) = error {
            return Err(env.throw(error));
        }
    }
    ended?;
    env.undefined()
}

/// The functions that the namespace of a command shows, in the order of such an object, and how many parameters each has.
pub fn command_functions(module: &Module) -> impl Iterator<Item = (&str, usize)> {
    let code = module.code.on_demand();
    let exports = code.sorted.iter().map(|index| &code.exports[*index].name);
    exports
        .filter(|name| !module.hides(name))
        .filter_map(|name| match &module.interface().export(name)?.ty {
            ExternType::Func { params, .. } => Some((name.as_str(), params.len())),
            _ => None,
        })
}

/// Functions and symbols of the language that a namespace is made with.
struct Tools {
    define_property: Reference,
    to_string_tag: Reference,
    dispose_symbol: Reference,
    dispose: Reference,
}

impl Tools {
    fn new(env: Env<'_>) -> Result<Tools, Thrown> {
        let global = env.global()?;
        let (object, symbol) = (env.get(global, "Object")?, env.get(global, "Symbol")?);
        let keep = |holder, name| env.reference(env.get(holder, name)?);
        Ok(Tools {
            define_property: keep(object, "defineProperty")?,
            to_string_tag: keep(symbol, "toStringTag")?,
            dispose_symbol: keep(symbol, "dispose")?,
            dispose: env.reference(env.function("[Symbol.dispose]", dispose)?)?,
        })
    }
}
