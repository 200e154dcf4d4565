//! Whether what a plan names is there, and can be used so.

use crate::infer::REGISTER;
use crate::{
    Args, Bind, Error, Export, ExternType, IfMissing, Interface, Plan, Run, RunArgs, RunResult, Select, Step,
    StepResult, ValueType,
};

pub(crate) fn plan(plan: &Plan, interface: &Interface) -> Result<(), Error> {
    for each in &plan.bind {
        bind(each, interface).map_err(|reason| in_part(&format!("bind of {:?}", each.service), &reason))?;
    }
    for (index, each) in plan.steps.iter().enumerate() {
        step(each, interface).map_err(|reason| in_part(&format!("step {index}"), &reason))?;
    }
    if let Some(each) = &plan.run {
        run(each, interface).map_err(|reason| in_part("run", &reason))?;
    }
    Ok(())
}

fn in_part(part: &str, reason: &str) -> Error {
    Error::link(format!("{part} of the plan: {reason}"))
}

fn bind(bind: &Bind, interface: &Interface) -> Result<(), String> {
    interface
        .memory(&bind.memory)
        .map_err(|error| error.reason().to_owned())?;
    if bind.table.is_empty() {
        return Ok(());
    }
    let export = find(interface, &bind.table)?;
    match export.ty {
        ExternType::Table { .. } => Ok(()),
        _ => Err(wrong_kind(export, "table")),
    }
}

fn step(step: &Step, interface: &Interface) -> Result<(), String> {
    if step.result == StepResult::Namespace && !matches!(step.args, Args::Service(_)) {
        return Err("a namespace is made by a service, which args must name".to_owned());
    }
    let mut exports = step.select.exports(interface).peekable();
    if exports.peek().is_none() && step.if_missing == IfMissing::Error {
        return Err(match &step.select {
            Select::Export(name) => absent(name),
            Select::Prefix(prefix) => format!("no export starts with {prefix:?}"),
        });
    }
    exports.try_for_each(|export| step_export(step, export))
}

fn step_export(step: &Step, export: &Export) -> Result<(), String> {
    let (params, results) = match &export.ty {
        ExternType::Func { params, results } => (params, results),
        // The signature of a component's function is not known here.
        ExternType::ComponentFunc => return Ok(()),
        _ => return Err(wrong_kind(export, "function")),
    };
    match &step.args {
        Args::None => no_params(export, params)?,
        Args::Zeros => numeric_params(export, params)?,
        Args::Service(service) if service == "napi" && !export.ty.is_func(REGISTER) => {
            return Err(wrong_signature(export, "napi calls (i32, i32) -> (i32)"));
        }
        // What another service calls is its own affair.
        Args::Service(_) => {}
    }
    if step.result == StepResult::Namespace && results.len() != 1 {
        return Err(wrong_signature(export, "a namespace is made of one result"));
    }
    Ok(())
}

fn run(run: &Run, interface: &Interface) -> Result<(), String> {
    let export = find(interface, &run.export)?;
    let (params, results) = match &export.ty {
        ExternType::Func { params, results } => (params, results),
        ExternType::ComponentFunc | ExternType::Instance => return Ok(()),
        _ => return Err(wrong_kind(export, "function")),
    };
    match run.args {
        RunArgs::None => no_params(export, params)?,
        RunArgs::Zeros => numeric_params(export, params)?,
    }
    // A function without a result ends with the exit code 0, unless it calls proc_exit.
    if run.result == RunResult::ExitCode && !matches!(&**results, [] | [ValueType::I32]) {
        return Err(wrong_signature(export, "an exit code is one i32, or no result at all"));
    }
    Ok(())
}

fn no_params(export: &Export, params: &[ValueType]) -> Result<(), String> {
    match params {
        [] => Ok(()),
        _ => Err(wrong_signature(export, "it is called without arguments")),
    }
}

fn numeric_params(export: &Export, params: &[ValueType]) -> Result<(), String> {
    let has_zero = |ty: &ValueType| matches!(ty, ValueType::I32 | ValueType::I64 | ValueType::F32 | ValueType::F64);
    match params.iter().find(|ty| !has_zero(ty)) {
        None => Ok(()),
        Some(ty) => Err(wrong_signature(export, &format!("there is no zero of type {ty}"))),
    }
}

fn find<'a>(interface: &'a Interface, name: &str) -> Result<&'a Export, String> {
    interface.export(name).ok_or_else(|| absent(name))
}

fn absent(name: &str) -> String {
    format!("there is no export {name:?}")
}

fn wrong_kind(export: &Export, expected: &str) -> String {
    format!(
        "the export {:?} is a {}, not a {expected}",
        export.name,
        export.ty.kind()
    )
}

fn wrong_signature(export: &Export, why: &str) -> String {
    let list = |types: &[ValueType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let signature = match &export.ty {
        ExternType::Func { params, results } => {
            format!("({}) -> ({})", list(params), list(results))
        }
        other => other.kind().to_owned(),
    };
    format!("the export {:?} is {signature}, but {why}", export.name)
}
