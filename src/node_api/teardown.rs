//! The end of an addon.

use std::rc::Rc;
use std::sync::atomic::Ordering;

use super::addon::Addon;
use super::emnapi;
use crate::error::Error;
use crate::ffi::{Env, Value};

/// The first error of several steps, of which each is carried out.
struct First<'s> {
    env: Env<'s>,
    thrown: Option<Value<'s>>,
}

impl First<'_> {
    /// Notes how a step ended. What it has thrown is not pending when the next one begins.
    fn note(&mut self, step: Result<(), Error>) {
        if let Err(error) = step {
            error.throw(self.env);
        }
        self.thrown = self.thrown.or(self.env.take_exception());
    }
}

impl Addon {
    /// Runs what the guest wants to have run at its end, in the order in which an environment does. The first error is
    /// told; what comes after it runs too.
    pub fn run_teardown(self: &Rc<Self>) -> Result<(), Error> {
        let env = self.ffi();
        let mut first = First { env, thrown: None };
        env.scoped(|env| self.end_async_works(env));
        while let Some(ended) = env.scoped(|_| self.run_cleanup_hook()) {
            first.note(ended);
        }
        emnapi::run_tasks(self);
        env.scoped(|env| self.end_threadsafe_functions(env));
        self.finalize_all(|ended| first.note(ended));
        if let Some(data) = self.state.instance_data.take() {
            first.note(env.scoped(|_| self.finalize(data)));
        }
        emnapi::run_tasks(self);
        first.note(env.scoped(|env| self.reject_deferreds(env)).map_err(Error::from));
        self.forget_copies();
        self.delete_references();
        self.end_async_contexts();
        self.forget_external_memory();
        first.note(emnapi::delete_environment(self));
        match first.thrown {
            // Of a guest that has ended before there is nothing to tell but that, again.
            Some(error) if !self.shared.has_ended.load(Ordering::Relaxed) => {
                env.throw(error);
                Err(Error::Thrown)
            }
            _ => Ok(()),
        }
    }
}
