//! What an importer of a module sees.

use wasmport_init_section::{ExternType, Phase};
use wasmtime::Val;

use crate::{Failure, Program, Started};

/// A module that is loaded: a namespace.
pub struct Loaded<'p, T: 'static> {
    program: &'p Program<'p, T>,
    /// None for a command, each call of which has an instance of its own.
    started: Option<Started<'p, T>>,
}

impl<'p, T: 'static> Loaded<'p, T> {
    pub(crate) fn instance(started: Started<'p, T>) -> Loaded<'p, T> {
        Loaded {
            program: started.program,
            started: Some(started),
        }
    }

    pub(crate) fn command(program: &'p Program<'p, T>) -> Loaded<'p, T> {
        Loaded { program, started: None }
    }

    /// The names of the namespace.
    pub fn names(&self) -> Vec<&str> {
        if let Some(made) = self.made() {
            return made.iter().map(|(name, _)| name.as_str()).collect();
        }
        let Program { interface, plan, .. } = self.program;
        // What a command has besides functions belongs to no instance that lasts.
        let shown = |ty: &ExternType| self.started.is_some() || matches!(ty, ExternType::Func { .. });
        let hidden = |name: &str| plan.hide.iter().any(|select| select.selects(name));
        let exports = interface.exports.iter().filter(|export| shown(&export.ty));
        exports
            .map(|export| &*export.name)
            .filter(|name| !hidden(name))
            .collect()
    }

    /// A value of the namespace: one that a service made, or that of a global.
    pub fn value(&mut self, name: &str) -> Option<Val> {
        if let Some(made) = self.made() {
            return made.iter().find(|(other, _)| other == name).map(|(_, value)| *value);
        }
        if !self.names().contains(&name) {
            return None;
        }
        let Started { store, instance, .. } = self.started.as_mut()?;
        let global = instance.get_global(&mut *store, name)?;
        Some(global.get(store))
    }

    fn made(&self) -> Option<&Vec<(String, Val)>> {
        self.started.as_ref()?.namespace.as_ref()
    }

    /// Calls a function of the namespace.
    pub fn call(&mut self, name: &str, args: &[Val]) -> Result<Vec<Val>, Failure> {
        if self.made().is_some() || !self.names().contains(&name) {
            return Err(Failure::Link(format!("the namespace has no function {name:?}")));
        }
        let Some(started) = &mut self.started else {
            let mut started = Started::new(self.program)?;
            let results = match started.call(name, args) {
                // A program that ends so has done what it was called for.
                Err(Failure::Exit(0)) => Ok(Vec::new()),
                other => other,
            };
            let disposed = started.dispose();
            let results = results?;
            disposed?;
            return Ok(results);
        };
        started.call(name, args)
    }

    /// Carries out the task steps. A host with an event loop does so in a task; one without, once it has loaded
    /// all modules that import each other.
    pub fn tasks(&mut self) -> Result<(), Failure> {
        match &mut self.started {
            Some(started) => started.perform(Phase::Task),
            None => Ok(()),
        }
    }

    /// Carries out the dispose steps and lets go of the instance.
    pub fn dispose(self) -> Result<(), Failure> {
        match self.started {
            Some(started) => started.dispose(),
            None => Ok(()),
        }
    }
}
