//! From bytes to a compiled module with its description and plan.

mod compiled;
mod progress;
mod source;

use std::sync::Arc;

use wasmport_init_section::{self as init, ErrorKind, Interface, Origin, Plan, Resolved};

use crate::error::{Class, Detail, Error, code};

pub use compiled::{Code, Import, Linkable};
pub use source::Source;

/// A compiled module. It belongs to no thread and no store.
pub struct Module {
    /// What messages call it: a path, or what the bytes were loaded as.
    pub file: Arc<str>,
    pub code: Arc<Code>,
}

impl Module {
    /// Compiles a module, or takes its code from the process or the cache.
    pub fn compile(source: &Source, file: &str) -> Result<Module, Error> {
        Ok(Module {
            file: file.into(),
            code: Code::get(source, file)?,
        })
    }

    /// The plan by which it is started.
    pub fn plan(&self) -> &Plan {
        &self.code.description.plan.plan
    }

    /// Where each part of the plan came from.
    pub fn origin(&self) -> &Origin {
        &self.code.description.plan.origin
    }

    pub fn interface(&self) -> &Interface {
        &self.code.description.interface
    }
}

/// What a module says of itself.
pub struct Description {
    pub interface: Interface,
    pub plan: Resolved,
}

fn describe(bytes: &[u8], file: &str) -> Result<Description, Error> {
    let interface = Interface::parse(bytes).map_err(|error| init_error(&error, file))?;
    let plan = init::resolve(&interface).map_err(|error| init_error(&error, file))?;
    Ok(Description { interface, plan })
}

/// What a module says of itself as JSON, without compiling it.
pub fn inspect(source: &Source, file: &str) -> Result<String, Error> {
    #[derive(serde::Serialize)]
    struct Inspection<'a> {
        #[serde(flatten)]
        interface: &'a Interface,
        #[serde(flatten)]
        resolved: &'a Resolved,
    }
    let bytes = source.read()?;
    let bytes = source::binary(&bytes, file)?;
    let Description { interface, plan } = describe(&bytes, file)?;
    serde_json::to_string(&Inspection {
        interface: &interface,
        resolved: &plan,
    })
    .map_err(Error::internal)
}

fn init_error(error: &init::Error, file: &str) -> Error {
    let (class, code) = match error.kind() {
        ErrorKind::Compile => (Class::CompileError, code::COMPILE),
        ErrorKind::Link => (Class::LinkError, code::LINK),
    };
    let report = Error::new(class, code, format!("{file}: {error}")).with_text("file", file);
    match error.offset() {
        Some(offset) => report.with("offset", Detail::Number(offset as f64)),
        None => report,
    }
}
