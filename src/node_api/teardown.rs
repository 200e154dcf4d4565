//! The end of an addon.

use std::rc::Rc;

use super::addon::Addon;
use super::emnapi;
use crate::error::Error;
use crate::ffi::{Env, Reference};

/// The first error of several steps, of which each is carried out.
#[derive(Default)]
struct First(Option<Reference>);

impl First {
    /// Notes how a step ended. What it has thrown is not pending when the next one begins.
    fn note(&mut self, env: Env<'_>, step: Result<(), Error>) {
        if let Err(error) = step {
            error.throw(env);
        }
        if let Some(thrown) = env.take_exception()
            && self.0.is_none()
        {
            // What is no object cannot be referred to, and is an odd thing to throw.
            self.0 = env.reference(thrown).ok();
        }
    }
}

impl Addon {
    /// Runs what the guest wants to have run at its end, in the order in which an environment does. The first error is
    /// told; what comes after it runs too.
    pub fn run_teardown(self: &Rc<Self>) -> Result<(), Error> {
        let env = self.ffi();
        let mut first = First::default();
        env.scoped(|env| self.end_async_works(env));
        while let Some(ended) = env.scoped(|_| self.run_cleanup_hook()) {
            first.note(env, ended);
        }
        emnapi::run_tasks(self);
        env.scoped(|env| self.end_threadsafe_functions(env));
        env.scoped(|env| self.finalize_all(|ended| first.note(env, ended)));
        if let Some(data) = self.state.instance_data.take() {
            first.note(env, env.scoped(|_| self.finalize(data)));
        }
        emnapi::run_tasks(self);
        self.forget_copies();
        self.delete_references();
        self.end_async_contexts();
        self.forget_external_memory();
        first.note(env, emnapi::delete_environment(self));
        match first.0 {
            Some(error) => {
                env.throw(env.deref(&error)?);
                Err(Error::Thrown)
            }
            None => Ok(()),
        }
    }
}
