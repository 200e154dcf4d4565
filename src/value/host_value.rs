//! What an `externref` of ours refers to.

use std::sync::{Arc, OnceLock};

use super::Item;
use crate::store::Slot;

/// A JavaScript value, or a string that no JavaScript has seen yet. One that is used as a string
/// keeps its code units, so that to read them takes no call into JavaScript.
#[derive(Debug, Default)]
pub struct HostValue {
    slot: Option<Slot>,
    text: OnceLock<Arc<[u16]>>,
}

impl From<Slot> for HostValue {
    fn from(slot: Slot) -> Self {
        HostValue {
            slot: Some(slot),
            text: OnceLock::new(),
        }
    }
}

impl From<Vec<u16>> for HostValue {
    fn from(text: Vec<u16>) -> Self {
        HostValue {
            slot: None,
            text: OnceLock::from(Arc::from(text)),
        }
    }
}

impl HostValue {
    /// Where in the store's anchor the value is.
    pub fn slot(&self) -> Option<u32> {
        self.slot.as_ref().map(|slot| slot.index)
    }

    pub fn text(&self) -> Option<&Arc<[u16]>> {
        self.text.get()
    }

    /// Remembers the code units of a value that turned out to be a string.
    pub fn set_text(&self, text: &Arc<[u16]>) {
        self.text.get_or_init(|| text.clone());
    }

    /// The value, on its way out.
    pub fn item(&self) -> Item {
        match (self.slot(), self.text()) {
            (Some(slot), _) => Item::Take(slot),
            (None, Some(text)) => Item::Text(text.clone()),
            (None, None) => Item::Opaque,
        }
    }
}
