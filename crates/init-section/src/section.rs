//! The content of an `init` section: some parts of a plan.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Bind, Run, Select, Step};

/// What an `init` section says. `None` is a sub-section that is absent, so that inference fills the part in.
///
/// As JSON it is a plan in which parts can be missing. `"run": null` is a sub-section too: it says that there is
/// no entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// What gets the instance's memory.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub bind: Option<Vec<Bind>>,
    /// What is called, in this order.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<Step>>,
    /// The program's entry; `Some(None)` says that it has none.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub run: Option<Option<Run>>,
    /// Exports that are not part of the namespace.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub hide: Option<Vec<Select>>,
}

/// Serde takes `null` for an absent option; here a field that is present counts as present.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
