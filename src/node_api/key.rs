//! Numbers for things that a guest may name, of which it may make up any.

/// Bits of a number that say where the thing is.
const PLACE_BITS: u32 = 24;
const PLACES: usize = 1 << PLACE_BITS;

/// The number of the thing at a place. What was there before, `generation`s ago, had another one. It is never 0, which
/// is no thing at all.
pub fn number(place: usize, generation: u8) -> Option<u32> {
    (place < PLACES).then_some(place as u32 | u32::from(generation) << PLACE_BITS)
}

pub fn place(number: u32) -> usize {
    number as usize % PLACES
}

pub fn generation(number: u32) -> u8 {
    (number >> PLACE_BITS) as u8
}

/// The generation after another one. There are 255, then they begin anew.
pub fn next(generation: u8) -> u8 {
    generation.checked_add(1).unwrap_or(1)
}

/// Things of one kind that a guest holds by their numbers until it gives them back.
pub struct Keyed<T> {
    entries: Vec<(u8, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Keyed {
            entries: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Keyed<T> {
    /// Keeps a thing. Returns its number, or the thing if there are too many.
    pub fn add(&mut self, thing: T) -> Result<u32, T> {
        if let Some(place) = self.free.pop()
            && let Some((generation, entry)) = self.entries.get_mut(place as usize)
            && let Some(number) = number(place as usize, *generation)
        {
            *entry = Some(thing);
            return Ok(number);
        }
        match number(self.entries.len(), 1) {
            Some(number) => {
                self.entries.push((1, Some(thing)));
                Ok(number)
            }
            None => Err(thing),
        }
    }

    pub fn get(&self, number: u32) -> Option<&T> {
        let (current, entry) = self.entries.get(place(number))?;
        entry.as_ref().filter(|_| *current == generation(number))
    }

    pub fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let (current, entry) = self.entries.get_mut(place(number))?;
        entry.as_mut().filter(|_| *current == generation(number))
    }

    /// Gives a thing up. Its number is not used again soon.
    pub fn take(&mut self, number: u32) -> Option<T> {
        let (current, entry) = self.entries.get_mut(place(number))?;
        if *current != generation(number) {
            return None;
        }
        let thing = entry.take()?;
        *current = next(*current);
        self.free.push(place(number) as u32);
        Some(thing)
    }

    /// All things, with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let entries = self.entries.iter().enumerate();
        entries.filter_map(|(place, (generation, entry))| Some((number(place, *generation)?, entry.as_ref()?)))
    }

    /// Gives all things up, the last one that was made first where none was given back.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + use<T> {
        self.free.clear();
        std::mem::take(&mut self.entries)
            .into_iter()
            .rev()
            .filter_map(|(_, entry)| entry)
    }
}
