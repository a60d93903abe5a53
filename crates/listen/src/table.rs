//! Who is connected, for how long each may stay, and who goes where there is no room.

use crate::{
    activity::{Activity, Phase},
    source::Source,
};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

/// How many connections there may be.
#[derive(Clone, Debug)]
pub struct Caps {
    pub in_all: usize,
    pub per_source: usize,
    /// Addresses that many people speak through: their connections count in all, and for no source.
    pub proxies: Vec<IpAddr>,
}

/// How long is waited, in all, for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A first byte. Browsers open connections in advance.
    pub silent: Duration,
    /// The end of the TLS handshake.
    pub handshake: Duration,
    /// The next request. Longer than most clients keep a connection, so that they end it, and not we while they ask.
    pub idle: Duration,
    /// A request's head, from its first byte on.
    pub head: Duration,
    /// A request's body.
    pub body: Duration,
    /// Our answer, until it is taken.
    pub answer: Duration,
    /// Where there is no room for others, requests that take longer give theirs up, too.
    pub crowded: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            silent: seconds(30),
            handshake: seconds(10),
            idle: seconds(75),
            head: seconds(10),
            body: seconds(30),
            answer: seconds(300),
            crowded: seconds(10),
        }
    }
}

impl Patience {
    fn with(&self, phase: Phase) -> Duration {
        match phase {
            Phase::Silent => self.silent,
            Phase::Handshake => self.handshake,
            Phase::Idle => self.idle,
            Phase::Head => self.head,
            Phase::Body => self.body,
            Phase::Answer | Phase::Taken => self.answer,
        }
    }
}

/// Why a connection was closed by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Overdue(Phase),
    /// Its source had more than it may have.
    SourceFull,
    /// There were more than there may be.
    Full,
    /// It is none of those that are heard.
    Foreign,
}

impl Cause {
    /// A metric's label.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Overdue(Phase::Silent) => "silent",
            Self::Overdue(Phase::Handshake) => "handshake",
            Self::Overdue(Phase::Idle) => "idle",
            Self::Overdue(Phase::Head) => "head",
            Self::Overdue(Phase::Body) => "body",
            Self::Overdue(Phase::Answer | Phase::Taken) => "answer",
            Self::SourceFull => "source_full",
            Self::Full => "full",
            Self::Foreign => "foreign",
        }
    }
}

/// A connection's name.
pub(crate) type Id = u64;

/// The open connections of some sockets. `H` closes one.
pub(crate) struct Table<H> {
    caps: Caps,
    patience: Patience,
    next: Id,
    open: HashMap<Id, Entry<H>>,
    per_source: HashMap<Source, usize>,
}

struct Entry<H> {
    /// None: a proxy's.
    source: Option<Source>,
    activity: Arc<Activity>,
    handle: H,
}

impl<H> Table<H> {
    pub(crate) fn new(caps: Caps, patience: Patience) -> Self {
        Self { caps, patience, next: 0, open: HashMap::new(), per_source: HashMap::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Makes room for one more of this address. What had to go for it is pushed to `gone`.
    ///
    /// # Errors
    /// All that are there are in the middle of something.
    pub(crate) fn make_room(&mut self, address: IpAddr, now: Instant, gone: &mut Vec<(H, Cause)>) -> Result<(), Cause> {
        let source = self.source(address);
        if let Some(source) = source {
            let most = self.caps.per_source;
            if self.per_source.get(&source).is_some_and(|count| *count >= most) {
                self.thin(most, Cause::SourceFull, now, gone, |entry| entry.source == Some(source))?;
            }
        }
        if self.open.len() >= self.caps.in_all {
            self.thin(self.caps.in_all, Cause::Full, now, gone, |_| true)?;
        }
        Ok(())
    }

    pub(crate) fn admit(&mut self, address: IpAddr, activity: Arc<Activity>, handle: impl FnOnce(Id) -> H) {
        let (id, source) = (self.next, self.source(address));
        self.next += 1;
        if let Some(source) = source {
            *self.per_source.entry(source).or_default() += 1;
        }
        self.open.insert(id, Entry { source, activity, handle: handle(id) });
    }

    /// Nothing, where it was taken out before.
    pub(crate) fn take(&mut self, id: Id) -> Option<H> {
        let entry = self.open.remove(&id)?;
        if let Some(source) = entry.source
            && let Some(count) = self.per_source.get_mut(&source)
        {
            *count -= 1;
            if *count == 0 {
                self.per_source.remove(&source);
            }
        }
        Some(entry.handle)
    }

    /// Those that were waited for long enough.
    pub(crate) fn overdue(&mut self, now: Instant) -> Vec<(H, Cause)> {
        let late: Vec<(Id, Phase)> = self
            .open
            .iter()
            .filter_map(|(id, entry)| {
                let (phase, since) = entry.activity.now();
                (now.saturating_duration_since(since) >= self.patience.with(phase)).then_some((*id, phase))
            })
            .collect();
        late.into_iter().filter_map(|(id, phase)| Some((self.take(id)?, Cause::Overdue(phase)))).collect()
    }

    /// Takes out some of those that stand longest where they are: first of those with no request under way. Several at once, so
    /// that not all have to be looked at for each that comes.
    fn thin(
        &mut self,
        most: usize,
        cause: Cause,
        now: Instant,
        gone: &mut Vec<(H, Cause)>,
        of: impl Fn(&Entry<H>) -> bool,
    ) -> Result<(), Cause> {
        let mut candidates: Vec<(bool, Instant, Id)> = self
            .open
            .iter()
            .filter(|(_, entry)| of(entry))
            .filter_map(|(id, entry)| {
                let (phase, since) = entry.activity.now();
                let busy = matches!(phase, Phase::Body | Phase::Answer | Phase::Taken);
                let goes = !busy || now.saturating_duration_since(since) >= self.patience.crowded;
                goes.then_some((busy, since, *id))
            })
            .collect();
        if candidates.is_empty() {
            return Err(cause);
        }
        let enough = (most / 32).max(1).min(candidates.len());
        candidates.select_nth_unstable(enough - 1);
        for (.., id) in &candidates[..enough] {
            gone.extend(self.take(*id).map(|handle| (handle, cause)));
        }
        Ok(())
    }

    fn source(&self, address: IpAddr) -> Option<Source> {
        (!self.caps.proxies.contains(&address.to_canonical())).then(|| Source::of(address))
    }
}

#[cfg(test)]
mod tests;
