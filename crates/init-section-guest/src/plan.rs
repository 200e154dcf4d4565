//! What a section can say, in the words of the specification.

/// The content of an `init` section. A part that is not set is left to the host's inference.
#[derive(Clone, Copy, Debug, Default)]
pub struct Section<'a> {
    pub(crate) bind: Option<&'a [Bind<'a>]>,
    pub(crate) steps: Option<&'a [Step<'a>]>,
    pub(crate) run: Option<Option<Run<'a>>>,
    pub(crate) hide: Option<&'a [Select<'a>]>,
}

impl<'a> Section<'a> {
    /// A section that says nothing yet.
    pub const fn new() -> Self {
        Section {
            bind: None,
            steps: None,
            run: None,
            hide: None,
        }
    }

    /// What gets the memory of the instance, before anything is called.
    pub const fn bind(self, bind: &'a [Bind<'a>]) -> Self {
        Section {
            bind: Some(bind),
            ..self
        }
    }

    /// What is called, in this order.
    pub const fn steps(self, steps: &'a [Step<'a>]) -> Self {
        Section {
            steps: Some(steps),
            ..self
        }
    }

    /// The entry of the program.
    pub const fn run(self, run: Run<'a>) -> Self {
        Section {
            run: Some(Some(run)),
            ..self
        }
    }

    /// It is no program, whatever its exports are called.
    pub const fn no_run(self) -> Self {
        Section {
            run: Some(None),
            ..self
        }
    }

    /// Exports that are not part of the namespace.
    pub const fn hide(self, hide: &'a [Select<'a>]) -> Self {
        Section {
            hide: Some(hide),
            ..self
        }
    }
}

/// Gives a service the memory, and perhaps a table, of the instance.
#[derive(Clone, Copy, Debug)]
pub struct Bind<'a> {
    pub(crate) service: &'a str,
    pub(crate) memory: &'a str,
    pub(crate) table: &'a str,
}

impl<'a> Bind<'a> {
    /// Gives this import module the only memory that there is, and no table.
    pub const fn new(service: &'a str) -> Self {
        Bind {
            service,
            memory: "",
            table: "",
        }
    }

    /// It is given the memory with this export name.
    pub const fn memory(self, memory: &'a str) -> Self {
        Bind { memory, ..self }
    }

    /// It is also given the table with this export name.
    pub const fn table(self, table: &'a str) -> Self {
        Bind { table, ..self }
    }
}

/// Names exports.
#[derive(Clone, Copy, Debug)]
pub enum Select<'a> {
    /// The export of this name.
    Export(&'a str),
    /// Every export whose name starts so, in export order.
    Prefix(&'a str),
}

/// One call, or one call for each export with a prefix.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    pub(crate) phase: Phase,
    pub(crate) select: Select<'a>,
    pub(crate) args: Args<'a>,
    pub(crate) namespace: bool,
    pub(crate) skip_if_missing: bool,
}

impl<'a> Step<'a> {
    const fn new(phase: Phase, select: Select<'a>) -> Self {
        Step {
            phase,
            select,
            args: Args::None,
            namespace: false,
            skip_if_missing: false,
        }
    }

    /// Is called while the module is evaluated, before any importer sees the exports.
    pub const fn evaluate(select: Select<'a>) -> Self {
        Step::new(Phase::Evaluate, select)
    }

    /// Is called as a task of its own, once the whole module graph has been evaluated.
    pub const fn task(select: Select<'a>) -> Self {
        Step::new(Phase::Task, select)
    }

    /// Is called when the instance is disposed of or the host environment ends.
    pub const fn dispose(select: Select<'a>) -> Self {
        Step::new(Phase::Dispose, select)
    }

    /// Is called with a zero for every parameter, and not without arguments.
    pub const fn zeros(self) -> Self {
        Step {
            args: Args::Zeros,
            ..self
        }
    }

    /// Is called with what this bound service supplies, and not without arguments.
    pub const fn args_from(self, service: &'a str) -> Self {
        Step {
            args: Args::Service(service),
            ..self
        }
    }

    /// What the service that supplies the arguments makes of the result replaces the namespace. Otherwise the result
    /// is ignored.
    pub const fn namespace(self) -> Self {
        Step {
            namespace: true,
            ..self
        }
    }

    /// Is left out where there is no such export. Otherwise that is an error.
    pub const fn skip_if_missing(self) -> Self {
        Step {
            skip_if_missing: true,
            ..self
        }
    }
}

/// The entry of a program.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    pub(crate) export: &'a str,
    pub(crate) zeros: bool,
    pub(crate) fresh: bool,
    pub(crate) exit_code: bool,
}

impl<'a> Run<'a> {
    const fn new(export: &'a str, fresh: bool) -> Self {
        Run {
            export,
            zeros: false,
            fresh,
            exit_code: false,
        }
    }

    /// This export is called on the instance that is already there.
    pub const fn same(export: &'a str) -> Self {
        Run::new(export, false)
    }

    /// This export is called on a new instance for every run.
    pub const fn fresh(export: &'a str) -> Self {
        Run::new(export, true)
    }

    /// Is called with a zero for every parameter, and not without arguments.
    pub const fn zeros(self) -> Self {
        Run { zeros: true, ..self }
    }

    /// The result is the exit code of the program. Otherwise it means nothing.
    pub const fn exit_code(self) -> Self {
        Run {
            exit_code: true,
            ..self
        }
    }
}

// The order of both is that of their bytes.

#[derive(Clone, Copy, Debug)]
pub(crate) enum Phase {
    Evaluate,
    Task,
    Dispose,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Args<'a> {
    None,
    Zeros,
    Service(&'a str),
}
