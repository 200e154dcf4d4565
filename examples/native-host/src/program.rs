//! From bytes to a module that is linked and has a plan.

use wasmport_init_section::{Args, Instance, Interface, Phase, Plan, Resolved, RunArgs, RunResult, Source, resolve};
use wasmtime::{InstancePre, Module, Val};

use crate::{Failure, Host, Loaded, Started};

/// The plan of a binary, and where each part of it came from. It needs no engine and no host.
pub fn explain(binary: &[u8]) -> Result<Resolved, Failure> {
    let interface = Interface::parse(binary).map_err(Failure::Plan)?;
    resolve(&interface).map_err(Failure::Plan)
}

/// A module that a host can load and run.
pub struct Program<'h, T: 'static> {
    pub(crate) host: &'h Host<T>,
    pub(crate) interface: Interface,
    pub(crate) plan: Plan,
    pub(crate) module: InstancePre<T>,
}

impl<'h, T: 'static> Program<'h, T> {
    /// Compiles and links a binary. Every link error is found here, before anything of the module runs.
    pub fn new(host: &'h Host<T>, binary: &[u8]) -> Result<Program<'h, T>, Failure> {
        let interface = Interface::parse(binary).map_err(Failure::Plan)?;
        let Resolved { plan, origin } = resolve(&interface).map_err(Failure::Plan)?;
        let module = Module::new(host.linker.engine(), binary).map_err(Failure::Compile)?;
        let linked = host.linker.instantiate_pre(&module);
        let module = linked.map_err(|error| Failure::Link(format!("{error:#}")))?;
        for bind in &plan.bind {
            // What is inferred is an offer: who provides the functions may have no use for the memory.
            if origin.bind == Source::Section && !host.services.contains_key(&bind.service) {
                return Err(unprovided(&format!("binds {:?}", bind.service)));
            }
        }
        for step in &plan.steps {
            if let Args::Service(service) = &step.args
                && !(plan.bind.iter().any(|bind| bind.service == *service) && host.services.contains_key(service))
            {
                return Err(unprovided(&format!("takes arguments from {service:?}")));
            }
        }
        Ok(Program {
            host,
            interface,
            plan,
            module,
        })
    }

    /// Makes what an importer sees. The entry is not called, if there is one.
    pub fn load(&self) -> Result<Loaded<'_, T>, Failure> {
        // The instances of a command are made by its calls.
        match self.plan.is_command() {
            true => Ok(Loaded::command(self)),
            false => Ok(Loaded::instance(Started::new(self)?)),
        }
    }

    /// Runs the program and returns its exit code.
    pub fn run(&self) -> Result<i32, Failure> {
        match self.run_entry() {
            // Here, proc_exit is the way to end, be it in the start function, a step or the entry.
            Err(Failure::Exit(code)) => Ok(code),
            other => other,
        }
    }

    fn run_entry(&self) -> Result<i32, Failure> {
        let run = self.plan.run.as_ref().ok_or(Failure::NoEntry)?;
        let mut started = Started::new(self)?;
        // A fresh instance lives for one call: there is no later at which tasks could be due.
        if run.instance == Instance::Same {
            started.perform(Phase::Task)?;
        }
        let args = match run.args {
            RunArgs::None => Vec::new(),
            RunArgs::Zeros => started.zeros(&run.export)?,
        };
        let code = match started.call(&run.export, &args) {
            Ok(results) => match (run.result, results.first()) {
                (RunResult::ExitCode, Some(Val::I32(code))) => Ok(*code),
                _ => Ok(0),
            },
            Err(Failure::Exit(code)) => Ok(code),
            Err(other) => Err(other),
        };
        // Dispose steps are due however the entry ended, but its own failure is the one to know of.
        let disposed = started.dispose();
        let code = code?;
        disposed?;
        Ok(code)
    }
}

fn unprovided(what: &str) -> Failure {
    Failure::Link(format!(
        "the plan {what}, a service that is not bound or that this host does not provide"
    ))
}
