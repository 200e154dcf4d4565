//! One instance, and the phases of the plan on it.

use wasmport_init_section::{Args, Bind, MemorySource, Phase, Step, StepResult};
use wasmtime::{Func, Instance, Store, Val};

use crate::{Bound, Failure, Program, Service};

/// An instance whose services are bound and whose evaluate steps are done.
pub struct Started<'p, T: 'static> {
    pub(crate) program: &'p Program<'p, T>,
    pub(crate) store: Store<T>,
    pub(crate) instance: Instance,
    /// What a step made the namespace.
    pub(crate) namespace: Option<Vec<(String, Val)>>,
}

impl<'p, T: 'static> Started<'p, T> {
    /// Makes an instance in a store of its own. Its core start function runs first, by the rules of the core.
    pub fn new(program: &'p Program<'p, T>) -> Result<Started<'p, T>, Failure> {
        let data = (program.host.data)().map_err(Failure::Trap)?;
        let mut store = Store::new(program.host.linker.engine(), data);
        let instance = program.module.instantiate(&mut store).map_err(Failure::of_call)?;
        let mut started = Started {
            program,
            store,
            instance,
            namespace: None,
        };
        for bind in &program.plan.bind {
            if let Some(service) = program.host.services.get(&bind.service) {
                started.bind(bind, &**service)?;
            }
        }
        started.perform(Phase::Evaluate)?;
        Ok(started)
    }

    /// Gives a service the memory, and the table, that a bind names.
    fn bind(&mut self, bind: &Bind, service: &dyn Service<T>) -> Result<(), Failure> {
        let Program { host, interface, .. } = self.program;
        let source = interface.memory(&bind.memory).map_err(Failure::Plan)?;
        let (memory_name, memory) = match source {
            MemorySource::Export(export) => (
                Some(&*export.name),
                self.instance.get_export(&mut self.store, &export.name),
            ),
            MemorySource::Import(import) => (
                None,
                host.linker.get(&mut self.store, &import.module, &import.name).ok(),
            ),
        };
        let bound = Bound {
            instance: self.instance,
            memory_name,
            memory: memory.ok_or_else(|| absent("memory", &bind.memory))?,
            table: match bind.table.as_str() {
                "" => None,
                name => self.instance.get_table(&mut self.store, name),
            },
        };
        service.bind(&mut self.store, bound)
    }

    /// Carries out the steps of a phase. The first that fails ends it.
    pub fn perform(&mut self, phase: Phase) -> Result<(), Failure> {
        let program = self.program;
        for step in program.plan.steps.iter().filter(|step| step.phase == phase) {
            for export in step.select.matches(&program.interface) {
                match self.step(step, export) {
                    // The call is over, and that is all that was asked for.
                    Err(Failure::Exit(0)) => {}
                    other => other?,
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &Step, export: &str) -> Result<(), Failure> {
        let args = match &step.args {
            Args::None => Vec::new(),
            Args::Zeros => self.zeros(export)?,
            Args::Service(name) => service(self.program, name)?.args(export)?,
        };
        let result = self.call(export, &args)?.into_iter().next();
        if let (StepResult::Namespace, Args::Service(name), Some(result)) = (step.result, &step.args, result) {
            self.namespace = Some(service(self.program, name)?.namespace(result)?);
        }
        Ok(())
    }

    /// A zero for each parameter of a function.
    pub(crate) fn zeros(&mut self, export: &str) -> Result<Vec<Val>, Failure> {
        let ty = self.func(export)?.ty(&self.store);
        Ok(ty.params().filter_map(|param| param.default_value()).collect())
    }

    /// Calls an export.
    pub fn call(&mut self, export: &str, args: &[Val]) -> Result<Vec<Val>, Failure> {
        let func = self.func(export)?;
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        func.call(&mut self.store, args, &mut results)
            .map_err(Failure::of_call)?;
        Ok(results)
    }

    fn func(&mut self, export: &str) -> Result<Func, Failure> {
        let func = self.instance.get_func(&mut self.store, export);
        func.ok_or_else(|| absent("function", export))
    }

    /// Carries out the dispose steps; the instance goes with its store.
    pub fn dispose(mut self) -> Result<(), Failure> {
        self.perform(Phase::Dispose)
    }
}

fn service<'p, T>(program: &'p Program<'p, T>, name: &str) -> Result<&'p dyn Service<T>, Failure> {
    let service = program.host.services.get(name);
    service.map(|service| &**service).ok_or_else(|| absent("service", name))
}

fn absent(kind: &str, name: &str) -> Failure {
    Failure::Link(format!("there is no {kind} {name:?}"))
}
