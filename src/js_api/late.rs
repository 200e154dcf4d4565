//! Objects that a program makes before it is known which store they will be in. One that is
//! imported joins the store of the instance; until then it is a description.

use std::cell::RefCell;
use std::rc::Rc;

use crate::store::StoreCell;

/// Something of a store, or the description `U` that it will be made by.
pub struct Late<U, T>(RefCell<State<U, T>>);

enum State<U, T> {
    Unbound(U),
    Bound(Rc<StoreCell>, T),
}

impl<U: Clone, T: Clone> Late<U, T> {
    pub fn unbound(description: U) -> Self {
        Late(RefCell::new(State::Unbound(description)))
    }

    pub fn bound(cell: Rc<StoreCell>, item: T) -> Self {
        Late(RefCell::new(State::Bound(cell, item)))
    }

    pub fn get(&self) -> Option<(Rc<StoreCell>, T)> {
        match &*self.0.borrow() {
            State::Unbound(_) => None,
            State::Bound(cell, item) => Some((cell.clone(), item.clone())),
        }
    }

    pub fn description(&self) -> Option<U> {
        match &*self.0.borrow() {
            State::Unbound(description) => Some(description.clone()),
            State::Bound(..) => None,
        }
    }

    /// Changes the description.
    pub fn describe(&self, description: U) {
        *self.0.borrow_mut() = State::Unbound(description);
    }

    pub fn bind(&self, cell: &Rc<StoreCell>, item: T) {
        *self.0.borrow_mut() = State::Bound(cell.clone(), item);
    }
}
