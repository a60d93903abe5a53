//! Where a connection is between one request and the next, seen from its bytes.

use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// A first byte.
    Silent,
    /// The end of the TLS handshake.
    Handshake,
    /// The next request.
    Idle,
    /// The rest of a request's head.
    Head,
    /// The rest of its body.
    Body,
    /// Our answer.
    Answer,
    /// That the rest of it is taken.
    Taken,
}

impl Phase {
    const ALL: [Self; 7] =
        [Self::Silent, Self::Handshake, Self::Idle, Self::Head, Self::Body, Self::Answer, Self::Taken];
}

/// A phase and since when: milliseconds from the connection's beginning, and three bits.
pub(crate) struct Activity {
    opened: Instant,
    state: AtomicU64,
}

impl Activity {
    pub(crate) fn new(opened: Instant) -> Arc<Self> {
        Arc::new(Self { opened, state: AtomicU64::new(0) })
    }

    pub(crate) fn now(&self) -> (Phase, Instant) {
        let state = self.state.load(Ordering::Relaxed);
        let phase = Phase::ALL[usize::try_from(state & 7).unwrap_or_default() % Phase::ALL.len()];
        (phase, self.opened + Duration::from_millis(state >> 3))
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.enter_at(phase, Instant::now());
    }

    pub(crate) fn enter_at(&self, phase: Phase, now: Instant) {
        let since = u64::try_from(now.saturating_duration_since(self.opened).as_millis()).unwrap_or(u64::MAX >> 3);
        self.state.store((since << 3) | phase as u64, Ordering::Relaxed);
    }

    /// Only from one of `before`.
    fn leave(&self, before: &[Phase], next: Phase) {
        let (phase, since) = self.now();
        if before.contains(&phase) {
            // Until it is taken, it is one answer.
            self.enter_at(next, if next == Phase::Taken { since } else { Instant::now() });
        }
    }
}

/// A stream on which is noticed when a request begins, and when an answer has left whole.
pub(crate) struct Watched<S> {
    pub(crate) stream: S,
    pub(crate) activity: Arc<Activity>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            this.activity.leave(&[Phase::Silent, Phase::Idle], Phase::Head);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_flush(cx))?;
        this.activity.leave(&[Phase::Taken], Phase::Idle);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// A body after whose end another phase begins, be it read to its end or given up.
pub(crate) struct Followed<B> {
    body: B,
    activity: Arc<Activity>,
    now: Phase,
    then: Phase,
}

impl<B: Body> Followed<B> {
    /// What is received: then we answer.
    pub(crate) fn received(body: B, activity: &Arc<Activity>) -> Self {
        Self::new(body, activity, Phase::Body, Phase::Answer)
    }

    /// What is answered: then all of it has to be taken.
    pub(crate) fn answered(body: B, activity: &Arc<Activity>) -> Self {
        Self::new(body, activity, Phase::Answer, Phase::Taken)
    }

    fn new(body: B, activity: &Arc<Activity>, now: Phase, then: Phase) -> Self {
        activity.enter(now);
        let followed = Self { body, activity: Arc::clone(activity), now, then };
        if now == Phase::Body && followed.body.is_end_stream() {
            followed.end();
        }
        followed
    }
}

impl<B> Followed<B> {
    fn end(&self) {
        self.activity.leave(&[self.now], self.then);
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Followed<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        if frame.is_none() || this.now == Phase::Body && this.body.is_end_stream() {
            this.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Followed<B> {
    fn drop(&mut self) {
        self.end();
    }
}
