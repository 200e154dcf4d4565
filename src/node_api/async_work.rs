//! Simple asynchronous operations: works that threads of the guest carry out.
//!
//! The threads are those that the C of emnapi has for that. A guest that can make none, since it was built without
//! threads, has its works carried out on the JavaScript thread, each in a turn of the event loop of its own.
//!
//! <https://nodejs.org/api/n-api.html#simple-asynchronous-operations>

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::Ordering;

use napi_sys as sys;

use super::addon::Addon;
use super::call::{Call, Handle, Ptr};
use super::callback_scope::AsyncContext;
use super::failure::{Failure, Outcome};
use super::function::{Function, functions};
use super::key::Keyed;
use super::loans::InWork;
use super::shared::Anywhere;
use super::work_queue::{self, Job, Stage};
use crate::error::Error;
use crate::ffi::Env;

pub const FUNCTIONS: &[Function] = functions! {
    api napi_create_async_work(Handle, Handle, u32, u32, u32, Ptr);
    api napi_delete_async_work(u32);
    api napi_queue_async_work(u32);
    api napi_cancel_async_work(u32);
    any_thread _emnapi_async_worker(u32) -> i32;
};

/// The works that the guest has made.
#[derive(Default)]
pub struct AsyncWorks(RefCell<Keyed<Work>>);

struct Work {
    /// Where in the table the two functions are. There may be nothing to do at the end.
    execute: u32,
    complete: u32,
    data: u32,
    context: Rc<AsyncContext>,
    /// Where it waits, is carried out, or is about to be completed: what of JavaScript's it may write to.
    queued: Option<InWork>,
}

fn napi_create_async_work(
    call: &Call<'_>,
    resource: Handle,
    name: Handle,
    execute: u32,
    complete: u32,
    data: u32,
    result: Ptr,
) -> Outcome {
    if execute == 0 {
        return Err(Failure::INVALID_ARG);
    }
    call.out::<u32>(result)?;
    let context = AsyncContext::new(call, call.optional_value(resource)?, call.value(name)?, true)?;
    let work = Work {
        execute,
        complete,
        data,
        context,
        queued: None,
    };
    let added = call.addon.state.async_works.0.borrow_mut().add(work);
    match added {
        Ok(number) => call.write(result, number),
        Err(_) => Err(Failure::GENERIC),
    }
}

/// Deletes a work. One that was queued and is not complete is not: it is on its way between threads.
fn napi_delete_async_work(call: &Call<'_>, number: u32) -> Outcome {
    let mut works = call.addon.state.async_works.0.borrow_mut();
    match works.get(number) {
        None => return Err(Failure::INVALID_ARG),
        Some(work) if work.queued.is_some() => return Err(Failure::GENERIC),
        Some(_) => {}
    }
    works.take(number);
    Ok(())
}

fn napi_queue_async_work(call: &Call<'_>, number: u32) -> Outcome {
    let addon = call.addon;
    job(addon, number)?;
    if addon.shared.works.wants_thread() {
        let is_made = addon.make_thread().map_err(|error| addon.fail(error))?;
        addon.shared.works.add_thread(is_made);
    }
    // The guest may have queued or deleted it in the midst of that.
    let job = job(addon, number)?;
    let lent = call.lend_to_work()?;
    let is_sent = addon.shared.works.push(job)
        && (addon.shared.works.has_threads() || addon.shared.send(|env, addon| addon.work_here(env)));
    if !is_sent {
        return Err(Failure::GENERIC);
    }
    if let Some(work) = addon.state.async_works.0.borrow_mut().get_mut(number) {
        work.queued = Some(lent);
    }
    addon.shared.courier.keep(call.ffi());
    Ok(())
}

/// What is to be done for a work that is not queued.
fn job(addon: &Addon, number: u32) -> Outcome<Job> {
    match addon.state.async_works.0.borrow().get(number) {
        None => Err(Failure::INVALID_ARG),
        Some(work) if work.queued.is_some() => Err(Failure::GENERIC),
        Some(work) => Ok(Job {
            work: number,
            environment: addon.environment(),
            execute: work.execute,
            data: work.data,
        }),
    }
}

/// Takes back a work that has not begun.
fn napi_cancel_async_work(call: &Call<'_>, number: u32) -> Outcome {
    let works = call.addon.state.async_works.0.borrow();
    let is_queued = works.get(number).ok_or(Failure::INVALID_ARG)?.queued.is_some();
    drop(works);
    if !is_queued || call.addon.shared.works.cancel(number) != Stage::Waiting {
        return Err(Failure::GENERIC);
    }
    let cancelled = sys::Status::napi_cancelled;
    let shared = &call.addon.shared;
    shared.send(move |env, addon| addon.complete(env, number, cancelled));
    Ok(())
}

/// What a thread does that emnapi's C has made to carry out works.
fn _emnapi_async_worker(call: &mut Anywhere<'_, '_>, _: u32) -> wasmtime::Result<i32> {
    work_queue::work(call).map(|()| 0)
}

impl Addon {
    /// Has the guest make a thread that carries out works. Returns false if it makes none: it was built without threads,
    /// or has as many as it may.
    fn make_thread(&self) -> Result<bool, Error> {
        let entry = match self.bound() {
            Ok(bound) if self.shared.memory.get().is_some() => self
                .cell
                .with(|mut cx| bound.instance.get_func(&mut cx, "wasi_thread_start"))?,
            _ => None,
        };
        if entry.is_none() {
            return Ok(false);
        }
        // The first argument says that it is to be a thread of libc's, the second is what it passes on to the host.
        let thread = self.enter_aside(|| self.call_export::<(u32, u32), u32>("emnapi_async_worker_create", (1, 0)))?;
        Ok(thread.is_some_and(|thread| thread != 0))
    }

    /// Carries out the next work on this thread.
    fn work_here(self: &Rc<Self>, env: Env<'_>) {
        let Some(job) = self.shared.works.take() else { return };
        let failed = Cell::new(true);
        self.run_task(env, || {
            self.enter(
                || self.call_table::<(u32, u32), ()>(job.execute, (job.environment, job.data)),
                Ok,
            )?;
            failed.set(false);
            Ok(())
        });
        self.shared.works.finish(job.work);
        // A work that trapped is as little complete as one whose thread did.
        match failed.get() {
            true => drop(self.abandon(env, job.work)),
            false => {
                self.shared
                    .send(move |env, addon| addon.complete(env, job.work, sys::Status::napi_ok));
            }
        }
    }

    /// Lets go of a work that is queued no longer. Returns what it may have written to, if it was.
    fn abandon(&self, env: Env<'_>, number: u32) -> Option<InWork> {
        let mut works = self.state.async_works.0.borrow_mut();
        let lent = works.get_mut(number)?.queued.take()?;
        self.shared.courier.let_go(env);
        Some(lent)
    }

    /// Tells the guest that a work is complete, or was cancelled.
    pub fn complete(self: &Rc<Self>, env: Env<'_>, number: u32, status: sys::napi_status) {
        let Some(lent) = self.abandon(env, number) else { return };
        self.take_from_work(&lent);
        let works = self.state.async_works.0.borrow();
        let Some(work) = works.get(number) else { return };
        let (complete, data, context) = (work.complete, work.data, work.context.clone());
        drop(works);
        if complete == 0 {
            return;
        }
        let params = (self.environment(), status, data);
        context.run(|| {
            self.run_task(env, || {
                self.enter(|| self.call_table::<(u32, i32, u32), ()>(complete, params), Ok)
            });
        });
    }

    /// Lets go of all works, as there is no guest any more that could be told of them.
    pub fn abandon_works(&self, env: Env<'_>) {
        for number in self.queued() {
            self.abandon(env, number);
        }
    }

    fn queued(&self) -> Vec<u32> {
        let works = self.state.async_works.0.borrow();
        let queued = works.iter().filter(|(_, work)| work.queued.is_some());
        queued.map(|(number, _)| number).collect()
    }

    /// At the end of the addon, completes what is done and cancels what has not begun. What is being carried out ends
    /// with its thread.
    pub fn end_async_works(self: &Rc<Self>, env: Env<'_>) {
        if self.shared.has_ended.load(Ordering::Relaxed) {
            self.abandon_works(env);
        }
        for number in self.queued() {
            match self.shared.works.cancel(number) {
                Stage::Waiting => self.complete(env, number, sys::Status::napi_cancelled),
                Stage::Done => self.complete(env, number, sys::Status::napi_ok),
                Stage::Running => drop(self.abandon(env, number)),
            }
        }
        let left = self.state.async_works.0.borrow_mut().drain();
        left.for_each(drop);
    }
}
