//! The private functions of emnapi, by which the C that it links into a guest works with its JavaScript.
//!
//! They belong to no API, and change with emnapi's versions: these are those of 1.0 to 1.11, of which shipped packages
//! use the later ones, and of 2.0 as far as it has come. One file holds what belongs together; what one of the two has
//! alone is in `version_1` or `version_2`.
//!
//! <https://github.com/toyobayashi/emnapi>

mod async_hooks;
mod callbacks;
mod cleanup;
mod environment;
mod event_loop;
mod features;
mod memory_view;
mod threads;
mod version_1;
mod version_2;

use std::cell::Cell;

use super::function::Function;

pub use async_hooks::async_context;
pub use callbacks::report;
pub use cleanup::{is_preparing, prepare_cleanup, run_tasks};
pub use event_loop::Tasks;
pub use version_2::delete_environment;

/// The versions of emnapi whose functions these are, for messages.
pub const VERSIONS: &str = "1.0 to 1.11 and 2.0 (alpha and beta)";

/// The parts, like the chapters of the API.
pub const PARTS: &[&[Function]] = &[
    environment::FUNCTIONS,
    features::FUNCTIONS,
    memory_view::FUNCTIONS,
    callbacks::FUNCTIONS,
    async_hooks::FUNCTIONS,
    event_loop::FUNCTIONS,
    threads::FUNCTIONS,
    version_1::FUNCTIONS,
    version_2::FUNCTIONS,
];

/// What these keep for an addon.
#[derive(Default)]
pub struct Emnapi {
    waiting: event_loop::Waiting,
    hooks: async_hooks::Hooks,
    preparation: cleanup::Preparation,
    /// Whether it was refused threads for asynchronous work.
    has_no_threads: Cell<bool>,
}
