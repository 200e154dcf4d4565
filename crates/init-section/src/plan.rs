//! The plan that starts a module, and its parts. Their JSON form has the field names of the specification:
//!
//! ```json
//! {
//!   "bind":  [{ "service": "napi", "memory": "memory", "table": "__indirect_function_table" }],
//!   "steps": [{ "phase": "evaluate", "select": { "export": "napi_register_wasm_v1" },
//!               "args": { "service": "napi" }, "result": "namespace", "if_missing": "error" }],
//!   "run":   { "export": "_start", "args": "none", "instance": "fresh", "result": "exit-code" },
//!   "hide":  [{ "prefix": "__napi_register__" }]
//! }
//! ```
//!
//! `select` is `{"export": name}` or `{"prefix": name}`; `args` is `"none"`, `"zeros"` or `{"service": name}`; `run` is
//! `null` where there is no entry. When read, fields that have an obvious value may be left out: `memory` and
//! `table` (`""`), `args` (`"none"`), a step's `result` (`"ignore"`) and `if_missing` (`"error"`).

use serde::{Deserialize, Serialize};

use crate::{Export, Interface};

/// How a module is started and used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What gets the instance's memory, before anything is called.
    pub bind: Vec<Bind>,
    /// What is called, in this order.
    pub steps: Vec<Step>,
    /// The program's entry, if it is one.
    pub run: Option<Run>,
    /// Exports that are not part of the namespace.
    pub hide: Vec<Select>,
}

impl Plan {
    /// Whether the module is a command: every use of it needs a fresh instance.
    pub fn is_command(&self) -> bool {
        matches!(&self.run, Some(run) if run.instance == Instance::Fresh)
    }
}

/// Gives a service the memory, and perhaps a table, of the instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bind {
    /// The import module name of the service.
    pub service: String,
    /// An exported memory; `""` is what [`Interface::memory`] makes of it.
    #[serde(default)]
    pub memory: String,
    /// An exported table; `""` is none.
    #[serde(default)]
    pub table: String,
}

/// One call, or one call for each export with a prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When it is called.
    pub phase: Phase,
    /// What is called.
    pub select: Select,
    /// What it is called with.
    #[serde(default)]
    pub args: Args,
    /// What becomes of its result.
    #[serde(default)]
    pub result: StepResult,
    /// What happens when there is no such export.
    #[serde(default)]
    pub if_missing: IfMissing,
}

/// When a step is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// While the module is evaluated, before any importer sees the exports.
    Evaluate,
    /// As a task of its own, once the whole module graph has been evaluated.
    Task,
    /// When the instance is disposed of, or the host environment ends.
    Dispose,
}

/// Names exports.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Select {
    /// The export of this name.
    Export(String),
    /// Every export whose name starts so, in export order.
    Prefix(String),
}

impl Select {
    /// Whether an export of this name is selected.
    pub fn selects(&self, name: &str) -> bool {
        match self {
            Select::Export(export) => export == name,
            Select::Prefix(prefix) => name.starts_with(prefix.as_str()),
        }
    }

    /// The names of the exports that are selected, in export order.
    pub fn matches<'a>(&self, interface: &'a Interface) -> Vec<&'a str> {
        let exports = self.exports(interface);
        exports.map(|export| export.name.as_str()).collect()
    }

    pub(crate) fn exports<'a>(&self, interface: &'a Interface) -> impl Iterator<Item = &'a Export> {
        let exports = interface.exports.iter();
        exports.filter(|export| self.selects(&export.name))
    }
}

/// What a step's function is called with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Args {
    /// Nothing.
    #[default]
    None,
    /// A zero for every parameter.
    Zeros,
    /// What this service supplies: Node-API supplies `(env, exports)`.
    Service(String),
}

/// What becomes of the result of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepResult {
    /// It is dropped.
    #[default]
    Ignore,
    /// The value that the service makes of it replaces the namespace.
    Namespace,
}

/// What happens when the export of a step is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IfMissing {
    /// A link error.
    #[default]
    Error,
    /// The step is left out.
    Skip,
}

/// The entry of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The export that is called; in a component it can be an instance such as `wasi:cli/run`.
    pub export: String,
    /// What it is called with.
    #[serde(default)]
    pub args: RunArgs,
    /// Which instance it is called on.
    pub instance: Instance,
    /// What its result means.
    pub result: RunResult,
}

/// What an entry is called with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunArgs {
    /// Nothing.
    #[default]
    None,
    /// A zero for every parameter.
    Zeros,
}

/// Which instance an entry is called on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Instance {
    /// The instance that is already there.
    Same,
    /// A new one for every run, after its own bind and evaluate steps.
    Fresh,
}

/// What the result of an entry means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunResult {
    /// Nothing.
    None,
    /// It is the exit code of the program.
    ExitCode,
}

/// Where a part of a plan came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// From a sub-section of the `init` section.
    Section,
    /// From the imports and exports.
    Inferred,
}

/// Where each part of a plan came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Of [`Plan::bind`].
    pub bind: Source,
    /// Of [`Plan::steps`].
    pub steps: Source,
    /// Of [`Plan::run`].
    pub run: Source,
    /// Of [`Plan::hide`].
    pub hide: Source,
}
