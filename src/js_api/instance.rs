//! `WebAssembly.Instance`.

use std::rc::Rc;

use wasmtime::{Engine, Extern, ExternType, Instance, PoolConcurrencyLimitError};

use super::global::GlobalObject;
use super::link::{self, apart};
use super::memory::MemoryObject;
use super::module::{ModuleObject, Provider};
use super::table::TableObject;
use super::{object, receiver, stores};
use crate::engine;
use crate::error::{Class, Error, code};
use crate::ffi::{Call, Env, Property, Type, Value};
use crate::module::{Linkable, Module};
use crate::store::StoreCell;
use crate::value::{error_of, strings};

/// `init(self, module, values, store)`: makes the instance and returns its exports. There is a value
/// for each import. Where `store` is an object of some store, the instance joins that.
pub fn init<'s>(call: &Call<'s>) -> Result<Value<'s>, Error> {
    let env = call.env;
    let object = receiver::<ModuleObject>(call, 1, "Module")?;
    let values = env.iterate(call.arg(2))?;
    let given = Imports {
        object,
        values: &values,
    };
    let cell = match named_store(env, call.arg(3))? {
        Some(cell) => Some(cell),
        None => match given.home(env)? {
            None if object.shows_objects() => Some(stores::objects(env)?),
            home => home,
        },
    };
    let (cell, exports) = given.instantiate(env, cell)?;
    cell.batch(env, || {
        cell.attach(env, call.arg(0), Rc::new(()))?;
        cell.attach(env, exports, Rc::new(()))
    })?;
    Ok(exports)
}

/// The store of an object that is passed to share it.
fn named_store<'s>(env: Env<'s>, value: Value<'s>) -> Result<Option<Rc<StoreCell>>, Error> {
    match env.type_of(value) {
        Type::Undefined => return Ok(None),
        Type::Object | Type::Function => {}
        _ => return Err(no_store(env, value)),
    }
    if let Some(memory) = env.unwrap::<MemoryObject>(value) {
        memory.settle(env, value)?;
    }
    if let Some(table) = env.unwrap::<TableObject>(value) {
        table.settle(env, value)?;
    }
    if let Some(global) = env.unwrap::<GlobalObject>(value) {
        global.settle(env, value)?;
    }
    match StoreCell::kept_by(env, value)? {
        Some(cell) => Ok(Some(cell)),
        None => Err(no_store(env, value)),
    }
}

fn no_store(env: Env<'_>, value: Value<'_>) -> Error {
    Error::new(
        Class::TypeError,
        code::OPTION,
        format!(
            "\"store\" must be an Instance, its exports, or a Memory, Table, Global or function, whose store is to be shared; got {}",
            env.describe(value)
        ),
    )
}

/// A module and the values for its imports.
struct Imports<'a, 's> {
    object: &'a ModuleObject,
    values: &'a [Value<'s>],
}

impl<'s> Imports<'_, 's> {
    /// The store of the WebAssembly objects among the imports, which the instance joins.
    fn home(&self, env: Env<'s>) -> Result<Option<Rc<StoreCell>>, Error> {
        let mut must = None;
        let mut may = None;
        let mut shared = None;
        for ((import, _), value) in self.object.imports().zip(self.values) {
            if let Some(MemoryObject::Shared(_)) = env.unwrap(*value) {
                shared = shared.or(Some(import));
            }
            match link::home(env, *value)? {
                None => {}
                Some((cell, false)) => may = may.or(Some(cell)),
                Some((cell, true)) => match &must {
                    None => must = Some((import, cell)),
                    Some((_, first)) if Rc::ptr_eq(first, &cell) => {}
                    Some((other, _)) => return Err(apart(&self.object.module, other, import)),
                },
            }
        }
        // No pool holds a shared memory.
        let pooled = |cell: &Rc<StoreCell>| Ok::<_, Error>(!Engine::same(&cell.engine()?, engine::engine()?));
        match (must, may, shared) {
            (Some((other, cell)), _, Some(import)) if pooled(&cell)? => Err(apart(&self.object.module, other, import)),
            (Some((_, cell)), ..) => Ok(Some(cell)),
            (None, Some(cell), Some(_)) if pooled(&cell)? => Ok(None),
            (None, may, _) => Ok(may),
        }
    }

    fn instantiate(&self, env: Env<'s>, home: Option<Rc<StoreCell>>) -> Result<(Rc<StoreCell>, Value<'s>), Error> {
        let module = &self.object.module;
        let code = match &home {
            Some(cell) => module.code.on(&cell.engine()?),
            // An object that is in no store yet would be lost with a pool that turns out to be full.
            None if self
                .object
                .imports()
                .all(|(import, _)| matches!(import.ty, ExternType::Func(_))) =>
            {
                module.code.pooled()
            }
            None => None,
        };
        if let Some(code) = code {
            let cell = match &home {
                Some(cell) => cell.clone(),
                None => StoreCell::new(env, code.module.engine())?,
            };
            match self.attempt(env, &cell, code)? {
                Some(exports) => return Ok((cell, exports)),
                None if home.is_none() => cell.dispose(),
                None => {}
            }
        }
        if home.is_some() {
            return Err(unpoolable(module));
        }
        let cell = StoreCell::new(env, engine::engine()?)?;
        let exports = self.attempt(env, &cell, module.code.on_demand())?;
        Ok((cell, exports.ok_or_else(|| unpoolable(module))?))
    }

    /// None where the pool of the store is full.
    fn attempt(&self, env: Env<'s>, cell: &Rc<StoreCell>, code: &Linkable) -> Result<Option<Value<'s>>, Error> {
        let module = &*self.object.module;
        let mut functions = 0;
        let mut externs = Vec::with_capacity(code.imports.len());
        for ((import, (_, provider)), value) in code.imports.iter().zip(self.object.imports()).zip(self.values) {
            externs.push(match provider {
                Provider::Program => link::convert(env, cell, module, import, functions, *value)?,
                Provider::Builtin => strings::function(cell, env, &import.name)?.into(),
                Provider::Constant => strings::constant(cell, &import.name)?.into(),
            });
            functions += u32::from(matches!(import.ty, ExternType::Func(_)));
        }
        let Some(instance) = instantiate(env, cell, module, code, &externs)? else {
            return Ok(None);
        };
        cell.batch(env, || exports(env, cell, module, code, &instance))
            .map(Some)
    }
}

/// Instantiates a module in a store; none where the store's pool is full. Nothing of the guest has
/// run then.
pub fn instantiate(
    env: Env<'_>,
    cell: &Rc<StoreCell>,
    module: &Module,
    code: &Linkable,
    externs: &[Extern],
) -> Result<Option<Instance>, Error> {
    stores::claim(env, cell)?;
    cell.add_module(&code.module, &module.file);
    let instance = cell.enter(|cx| Instance::new(cx, &code.module, externs))?;
    cell.settle(env)?;
    match instance {
        Err(error) if error.is::<PoolConcurrencyLimitError>() => Ok(None),
        Err(error) => Err(failure(env, cell, error, module)),
        Ok(instance) => Ok(Some(instance)),
    }
}

/// What `Instance::new` failed with: a segment or a start function that trapped, or an import that
/// threw; anything else is a failure to link.
fn failure(env: Env<'_>, cell: &Rc<StoreCell>, error: wasmtime::Error, module: &Module) -> Error {
    let ran = error.downcast_ref::<wasmtime::WasmBacktrace>().is_some()
        || error.is::<crate::store::JsException>()
        || error.is::<wasmtime::ThrownException>()
        || error.is::<wasmtime::Trap>();
    if ran {
        return error_of(cell, env, error, &module.file);
    }
    Error::new(Class::LinkError, code::LINK, format!("{}: {error:#}", module.file)).with_text("file", &*module.file)
}

/// The exports object: without a prototype, frozen, in the module's order.
pub fn exports<'s>(
    env: Env<'s>,
    cell: &Rc<StoreCell>,
    module: &Module,
    code: &Linkable,
    instance: &Instance,
) -> Result<Value<'s>, Error> {
    let exports = env.bare_object()?;
    let mut properties = Vec::with_capacity(code.exports.len());
    for export in &code.exports {
        let item = cell.with(|mut cx| instance.get_module_export(&mut cx, &export.index))?;
        let item = item.ok_or_else(|| Error::internal("an export is gone"))?;
        properties.push(Property::Value {
            name: env.string(&export.name)?,
            value: object(cell, env, item, export.item, &module.file)?,
        });
    }
    env.define(exports, &properties)?;
    env.freeze(exports)?;
    Ok(exports)
}

pub fn unpoolable(module: &Module) -> Error {
    Error::new(
        Class::LinkError,
        code::LINK,
        format!(
            "{} cannot join the store of the objects that it imports: that store takes its memories from a pool, \
             which is full or cannot hold this module; load the module that exports them with imports of its own from \
             here, or dispose of instances that are no longer used",
            module.file
        ),
    )
}
