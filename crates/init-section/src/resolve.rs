//! Plan = inference overridden by the section.

use serde::{Deserialize, Serialize};

use crate::{Error, Interface, Origin, Plan, Section, Source, check, infer};

/// A plan, and where each part of it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolved {
    /// What a host does.
    pub plan: Plan,
    /// Where it came from.
    pub origin: Origin,
}

/// Makes the plan of a binary: decodes its `init` section, infers what the section does not say, and checks that
/// what the plan names is there.
///
/// # Errors
///
/// A compile error where the section is malformed. A link error where the plan does not fit the exports, or where
/// a part that is left to inference is ambiguous. That something provides each service is left for the host to check.
pub fn resolve(interface: &Interface) -> Result<Resolved, Error> {
    let section = match &interface.init {
        Some(payload) => Section::decode(payload, interface.kind)?,
        None => Section::default(),
    };
    if section.steps.is_none() && section.run.is_none() {
        infer::one_of_start_and_initialize(interface)?;
    }
    let (bind, bind_source) = match section.bind {
        Some(bind) => (bind, Source::Section),
        None => (infer::bind(interface)?, Source::Inferred),
    };
    let (steps, steps_source) = or_else(section.steps, || infer::steps(interface));
    let (run, run_source) = or_else(section.run, || infer::run(interface));
    let (hide, hide_source) = or_else(section.hide, Vec::new);
    let plan = Plan { bind, steps, run, hide };
    check::plan(&plan, interface)?;
    let origin = Origin {
        bind: bind_source,
        steps: steps_source,
        run: run_source,
        hide: hide_source,
    };
    Ok(Resolved { plan, origin })
}

fn or_else<T>(part: Option<T>, infer: impl FnOnce() -> T) -> (T, Source) {
    match part {
        Some(part) => (part, Source::Section),
        None => (infer(), Source::Inferred),
    }
}
