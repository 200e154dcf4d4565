//! An instance that was loaded by its plan.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use wasmport_init_section::{Args, Phase, Step, StepResult};
use wasmtime::{AsContextMut, Global, Instance};

use super::bind::NODE_API;
use crate::error::{Class, Error, code};
use crate::ffi::{Env, Type, Value};
use crate::guest;
use crate::js_api;
use crate::module::Module;
use crate::node_api::Addon;
use crate::store::{Slot, StoreCell};
use crate::value::{call_function, error_of};

/// The record of a namespace: the instance, and what the rest of its plan needs.
pub struct Loaded {
    pub module: Arc<Module>,
    pub instance: Instance,
    /// Where it imports Node-API: the addon, which is there until it is disposed of.
    pub addon: Option<Weak<Addon>>,
    /// What the `__wasm_bind` of each service returned, kept by the store like all of its values.
    services: RefCell<Vec<(String, Slot)>>,
    disposal: Cell<Disposal>,
}

/// How far the dispose steps are, which are carried out once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Disposal {
    Owed,
    Running,
    Done,
}

impl Loaded {
    pub fn new(module: &Arc<Module>, instance: Instance, addon: Option<&Rc<Addon>>) -> Loaded {
        Loaded {
            module: module.clone(),
            instance,
            addon: addon.map(Rc::downgrade),
            services: RefCell::default(),
            disposal: Cell::new(Disposal::Owed),
        }
    }

    /// Lets go of the addon, of which nothing can be called any more.
    pub fn discard_addon(&self) {
        if let Some(addon) = self.addon() {
            addon.discard();
        }
    }

    fn addon(&self) -> Option<Rc<Addon>> {
        self.addon.as_ref().and_then(Weak::upgrade)
    }

    /// The exported global of a name, unless the plan hides it.
    pub fn global(&self, cx: impl AsContextMut, name: &str) -> Option<Global> {
        if self.module.hides(name) {
            None
        } else {
            self.instance.get_global(cx, name)
        }
    }

    /// The JavaScript object of an export.
    pub fn object<'s>(&self, env: Env<'s>, cell: &Rc<StoreCell>, name: &str) -> Result<Value<'s>, Error> {
        let file = &self.module.file;
        match cell.with(|mut cx| self.instance.get_export(&mut cx, name))? {
            Some(item) => {
                let export = self.module.interface().export(name);
                js_api::object(cell, env, item, export.map_or(0, |export| export.index), file)
            }
            None => Err(Error::internal(format_args!("{file}: the export '{name}' is gone"))),
        }
    }

    /// Calls the entry of the plan, and returns the exit code.
    pub fn call_entry(&self, env: Env<'_>, cell: &Rc<StoreCell>) -> Result<i32, Error> {
        let exit = cell.enter(|cx| guest::call_entry(cx, &self.instance, &self.module))?;
        cell.settle(env)?;
        exit.map_err(|error| error_of(cell, env, error, &self.module.file))
    }

    /// Calls an export as JavaScript would, without making a function object of it. One that ends by `proc_exit(0)`
    /// has done what it was called for.
    pub fn call_export<'s>(
        &self,
        env: Env<'s>,
        cell: &Rc<StoreCell>,
        name: &str,
        args: &[Value<'s>],
    ) -> Result<Value<'s>, Error> {
        let file = &self.module.file;
        let Some(func) = cell.with(|mut cx| self.instance.get_func(&mut cx, name))? else {
            return Err(Error::internal(format_args!("{file}: '{name}' is no function")));
        };
        match call_function(cell, env, func, args, file) {
            Ok(result) => Ok(result),
            Err(thrown) => {
                unless_success(env, thrown)?;
                Ok(env.undefined()?)
            }
        }
    }

    /// All exports, hidden ones included, as the JavaScript API has them.
    pub fn exports<'s>(&self, env: Env<'s>, cell: &Rc<StoreCell>) -> Result<Value<'s>, Error> {
        let code = self.module.code.on(&cell.engine()?);
        let code = code.ok_or_else(|| Error::internal("an instance without code"))?;
        cell.batch(env, || {
            let exports = js_api::exports(env, cell, &self.module, code, &self.instance)?;
            cell.attach(env, exports, Rc::new(()))?;
            Ok(exports)
        })
    }

    /// Notes a service for the steps that need it.
    pub fn add_service(&self, env: Env<'_>, cell: &StoreCell, name: &str, service: Value<'_>) -> Result<(), Error> {
        let slot = cell.anchor().put(env, service)?;
        self.services.borrow_mut().push((name.to_owned(), slot));
        Ok(())
    }

    /// Whether a dispose step is on the stack: what it needs must not be disposed of under it.
    pub fn is_disposing(&self) -> bool {
        self.disposal.get() == Disposal::Running
    }

    /// Carries out the dispose steps, unless that was done before.
    pub fn dispose(&self, env: Env<'_>, cell: &Rc<StoreCell>) -> Result<(), Error> {
        if self.disposal.get() != Disposal::Owed {
            return Ok(());
        }
        self.disposal.set(Disposal::Running);
        let ended = self.carry_out(env, cell, Phase::Dispose).map(drop);
        let ended = match self.addon() {
            Some(addon) => ended.and(addon.dispose()),
            None => ended,
        };
        self.disposal.set(Disposal::Done);
        ended
    }

    /// Carries out the steps of a phase. Returns what one of them puts in the place of the namespace.
    pub fn carry_out<'s>(&self, env: Env<'s>, cell: &Rc<StoreCell>, phase: Phase) -> Result<Option<Value<'s>>, Error> {
        let mut namespace = None;
        for (step, name) in guest::calls(&self.module, phase) {
            if let Args::Service(service) = &step.args {
                let made = self.call(env, cell, step, service, name)?;
                namespace = made.or(namespace);
                continue;
            }
            let done = cell.enter(|cx| guest::call_step(cx, &self.instance, step, name))?;
            cell.settle(env)?;
            if let Err(error) = done {
                unless_success(env, error_of(cell, env, error, &self.module.file))?;
            }
        }
        Ok(namespace)
    }

    /// Calls an export with the arguments of a service. Returns the namespace that this makes, if it makes one.
    fn call<'s>(
        &self,
        env: Env<'s>,
        cell: &Rc<StoreCell>,
        step: &Step,
        service: &str,
        name: &str,
    ) -> Result<Option<Value<'s>>, Error> {
        if let Some(addon) = self.addon().filter(|_| service == NODE_API) {
            let made = addon.register(env, name)?;
            return Ok((step.result == StepResult::Namespace).then_some(made));
        }
        let service = self.service(env, cell, service)?;
        let function = self.object(env, cell, name)?;
        let list = env.call_method(service, self.method(env, step, service, "args")?, &[env.string(name)?])?;
        if env.type_of(list) != Type::Object {
            return Err(self.broken(
                step,
                &format!("its function args returned {}, and no list", env.describe(list)),
            ));
        }
        let result = match env.call(function, &env.iterate(list)?) {
            Ok(result) => result,
            // A call that exited has no result.
            Err(thrown) => return unless_success(env, thrown.into()).map(|()| None),
        };
        match step.result {
            StepResult::Ignore => Ok(None),
            StepResult::Namespace => {
                let make = self.method(env, step, service, "namespace")?;
                Ok(Some(env.call_method(service, make, &[result])?))
            }
        }
    }

    fn service<'s>(&self, env: Env<'s>, cell: &StoreCell, name: &str) -> Result<Value<'s>, Error> {
        let services = self.services.borrow();
        match services.iter().find(|(service, _)| service == name) {
            Some((_, slot)) => Ok(cell.anchor().get(env, slot.index)?),
            None => Err(guest::no_service(&self.module, name)),
        }
    }

    fn method<'s>(&self, env: Env<'s>, step: &Step, service: Value<'s>, name: &str) -> Result<Value<'s>, Error> {
        let method = env.get(service, name)?;
        match env.type_of(method) {
            Type::Function => Ok(method),
            _ => Err(self.broken(step, &format!("it has no function {name}"))),
        }
    }

    /// The error for a service that does not do what a step needs.
    fn broken(&self, step: &Step, why: &str) -> Error {
        let step = serde_json::to_string(step).unwrap_or_default();
        let text = format!(
            "{}: what __wasm_bind returned does not do for a step of the plan: {why}; the step is {step}",
            self.module.file
        );
        Error::new(Class::LinkError, code::LINK, text).with_text("file", &*self.module.file)
    }
}

/// Forgives `proc_exit(0)`, which completes a call. In JavaScript it is whatever has that `exitCode`, so that
/// the WASI of a program's own can say so too.
fn unless_success(env: Env<'_>, error: Error) -> Result<(), Error> {
    let Error::Thrown = error else { return Err(error) };
    let Some(thrown) = env.take_exception() else {
        return Err(error);
    };
    if env.type_of(thrown) == Type::Object && env.as_number(env.get(thrown, "exitCode")?) == Some(0.0) {
        return Ok(());
    }
    Err(env.throw(thrown).into())
}
