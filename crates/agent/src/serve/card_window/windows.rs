//! The open card windows, each under the token of its page.

use super::{
    CardWindow,
    state::{Stage, State},
};
use kaika_texts::Language;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How many there are at most: more windows than anybody looks at.
const MOST: usize = 32;
/// A window of which nothing is heard for so long is closed; one that is open asks every half minute.
const IDLE: Duration = Duration::from_secs(180);

#[derive(Default)]
pub(in crate::serve) struct Windows {
    open: Mutex<HashMap<String, Entry>>,
}

struct Entry {
    window: Arc<CardWindow>,
    heard: Instant,
}

impl Windows {
    /// A new window's token.
    pub(super) fn open(&self, language: Language, now: Instant) -> String {
        let mut bytes = [0; 32];
        crate::random(&mut bytes);
        let token = hex::encode(bytes);
        let mut open = self.entries();
        if open.len() >= MOST {
            make_room(&mut open);
        }
        open.insert(token.clone(), Entry { window: Arc::new(CardWindow::new(language)), heard: now });
        token
    }

    pub(super) fn find(&self, token: &str, now: Instant) -> Option<Arc<CardWindow>> {
        let mut open = self.entries();
        let entry = open.get_mut(token)?;
        entry.heard = now;
        Some(entry.window.clone())
    }

    /// Forgets windows of which nothing was heard for long, and inputs that were kept long enough.
    pub(in crate::serve) fn sweep(&self, now: Instant) {
        self.entries().retain(|_, entry| {
            let mut state = entry.window.state();
            state.expire(now);
            state.is_working() || now.duration_since(entry.heard) < IDLE
        });
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// First goes what no site has spoken to: any page can open such windows. Then what was silent longest.
fn make_room(open: &mut HashMap<String, Entry>) {
    let rank = |entry: &Entry| {
        let state: &State = &entry.window.state();
        match state.stage {
            Stage::Waiting => 0,
            Stage::Working(_) => 2,
            _ => 1,
        }
    };
    let least = open.iter().min_by_key(|(_, entry)| (rank(entry), entry.heard)).map(|(token, _)| token.clone());
    if let Some(token) = least {
        open.remove(&token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_few_and_forgotten() {
        let windows = Windows::default();
        let start = Instant::now();
        let bound = windows.open(Language::En, start);
        windows.find(&bound, start).unwrap().state().stage = Stage::Looking;
        let tokens: Vec<String> = (0..2 * MOST).map(|_| windows.open(Language::En, start)).collect();
        assert_eq!(windows.entries().len(), MOST);
        assert!(windows.find(&bound, start).is_some(), "a window in use stays");
        assert!(windows.find(tokens.last().unwrap(), start).is_some());

        windows.find(&bound, start + IDLE / 2);
        windows.sweep(start + IDLE);
        assert_eq!(windows.entries().len(), 1);
        windows.sweep(start + 2 * IDLE);
        assert!(windows.find(&bound, start).is_none());
    }
}
