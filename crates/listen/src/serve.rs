//! The accept loop, and what becomes of a connection.

use crate::{
    activity::{Activity, Followed, Phase, Watched},
    table::{Caps, Cause, Id, Patience, Table},
    tls::Tls,
};
use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    task::{AbortHandle, JoinSet},
};
use tower::Service;

/// Open requests are waited for this long once it is time to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(2);
/// How often connections are looked at that are waited for too long.
const SWEEP: Duration = Duration::from_secs(1);
/// Where no connection can be taken, it is tried again after this.
const BREATH: Duration = Duration::from_millis(100);
/// A warning says how often since the last one.
const WARN_EVERY: Duration = Duration::from_secs(60);
/// A request's head at most. What is not asked for with less is not ours.
const LARGEST_HEAD: usize = 32 * 1024;

/// Sockets that answer alike, and share their room.
pub struct Endpoint {
    /// In metrics and logs.
    pub name: &'static str,
    pub listeners: Vec<TcpListener>,
    /// None: plain HTTP.
    pub tls: Option<Tls>,
    /// Finds [`ConnectInfo`] of the peer's address in each request, and [`AskedAt`].
    pub router: Router,
    /// Whether a connection is heard, by our address and the peer's; asked once, before anything is read.
    pub hears: fn(SocketAddr, SocketAddr) -> bool,
    pub caps: Caps,
    pub patience: Patience,
}

/// Whoever calls.
pub fn everybody(_ours: SocketAddr, _peer: SocketAddr) -> bool {
    true
}

/// Our address to which a request's connection was made.
#[derive(Clone, Copy, Debug)]
pub struct AskedAt(pub SocketAddr);

/// Until `stopping`, and the requests of then are answered.
///
/// # Errors
/// A socket is no listening one.
pub async fn serve(endpoints: Vec<Endpoint>, stopping: watch::Receiver<bool>) -> io::Result<()> {
    let mut serving = JoinSet::new();
    for Endpoint { name, listeners, tls, router, hears, caps, patience } in endpoints {
        let room = Arc::new(Room {
            name,
            table: Mutex::new(Table::new(caps, patience)),
            warning: Mutex::default(),
            stopping: stopping.clone(),
        });
        for listener in listeners {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let answering = Answering { room: Arc::clone(&room), tls: tls.clone(), router: router.clone(), hears };
            serving.spawn(accept(listener, answering));
        }
        serving.spawn(sweep(room));
    }
    while let Some(ended) = serving.join_next().await {
        ended.map_err(io::Error::other)?;
    }
    Ok(())
}

/// As soon as it says so; also where nobody is left to say it.
pub async fn stopped(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// What connections of an endpoint share.
struct Room {
    name: &'static str,
    table: Mutex<Table<AbortHandle>>,
    warning: Mutex<Warning>,
    stopping: watch::Receiver<bool>,
}

#[derive(Default)]
struct Warning {
    last: Option<Instant>,
    closed: u64,
}

impl Room {
    fn table(&self) -> MutexGuard<'_, Table<AbortHandle>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self, gone: Vec<(AbortHandle, Cause)>) {
        for (handle, cause) in gone {
            handle.abort();
            self.tell(cause);
        }
    }

    fn tell(&self, cause: Cause) {
        metrics::counter!("kaika_connections_closed_total", "listener" => self.name, "cause" => cause.label())
            .increment(1);
        if matches!(cause, Cause::SourceFull | Cause::Full) {
            self.warn(|closed| {
                tracing::warn!(
                    listener = self.name,
                    cause = cause.label(),
                    closed,
                    "connections are closed to make room: somebody holds more than there is room for"
                );
            });
        }
    }

    /// Not more often than once in a while: whoever fills the room shall not fill the log.
    fn warn(&self, say: impl FnOnce(u64)) {
        let mut warning = self.warning.lock().unwrap_or_else(PoisonError::into_inner);
        warning.closed += 1;
        if warning.last.is_none_or(|last| last.elapsed() >= WARN_EVERY) {
            say(warning.closed);
            *warning = Warning { last: Some(Instant::now()), closed: 0 };
        }
    }

    fn count(&self) {
        let open = u32::try_from(self.table().len()).unwrap_or(u32::MAX);
        metrics::gauge!("kaika_connections", "listener" => self.name).set(f64::from(open));
    }
}

async fn sweep(room: Arc<Room>) {
    let sweeping = async {
        loop {
            tokio::time::sleep(SWEEP).await;
            let late = room.table().overdue(Instant::now());
            room.close(late);
            room.count();
        }
    };
    tokio::select! {
        () = sweeping => {}
        () = stopped(room.stopping.clone()) => {}
    }
}

#[derive(Clone)]
struct Answering {
    room: Arc<Room>,
    tls: Option<Tls>,
    router: Router,
    hears: fn(SocketAddr, SocketAddr) -> bool,
}

async fn accept(listener: tokio::net::TcpListener, answering: Answering) {
    let room = Arc::clone(&answering.room);
    let mut connections = JoinSet::new();
    let stop = stopped(room.stopping.clone());
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => answering.take(stream, peer, &mut connections),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    room.warn(|times| {
                        tracing::warn!(listener = room.name, %error, times, "connections cannot be taken");
                    });
                    tokio::time::sleep(BREATH).await;
                }
            },
            // Those that have ended, so that nothing of them stays.
            Some(_) = connections.join_next() => {}
        }
    }
    // Nobody comes in any more.
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(LAST_REQUESTS, ended).await;
}

/// It was gone before it was taken.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

impl Answering {
    fn take(&self, stream: TcpStream, peer: SocketAddr, connections: &mut JoinSet<()>) {
        // It has gone already.
        let Ok(ours) = stream.local_addr() else { return };
        if !(self.hears)(ours, peer) {
            return self.room.tell(Cause::Foreign);
        }
        let now = Instant::now();
        let mut gone = Vec::new();
        let mut table = self.room.table();
        let room = table.make_room(peer.ip(), now, &mut gone);
        if room.is_ok() {
            let activity = Activity::new(now);
            table.admit(peer.ip(), Arc::clone(&activity), |id| {
                let place = Place { room: Arc::clone(&self.room), id };
                connections.spawn(self.clone().converse(stream, Ends { ours, peer }, activity, place))
            });
        }
        drop(table);
        self.room.close(gone);
        if let Err(cause) = room {
            self.room.tell(cause);
        }
    }

    async fn converse(self, stream: TcpStream, ends: Ends, activity: Arc<Activity>, place: Place) {
        let _place = place;
        // Until there is a first byte nothing is set aside for it. That a socket is readable would be said of a new one, too.
        let mut first = [0];
        tokio::select! {
            peeked = stream.peek(&mut first) => match peeked {
                Ok(1..) => {}
                _ => return,
            },
            () = stopped(self.room.stopping.clone()) => return,
        }
        // Answers are written whole; what waits for more to come waits for nothing.
        let _ = stream.set_nodelay(true);
        let speaking: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(self.speak(stream, ends, activity));
        speaking.await;
    }

    async fn speak(self, stream: TcpStream, ends: Ends, activity: Arc<Activity>) {
        let Some(tls) = &self.tls else {
            return self.answer(stream, ends, activity).await;
        };
        activity.enter(Phase::Handshake);
        match tls.acceptor().accept(stream).await {
            Ok(stream) => {
                activity.enter(Phase::Idle);
                self.answer(stream, ends, activity).await;
            }
            Err(error) => tracing::debug!(%error, "no TLS"),
        }
    }

    async fn answer<S>(&self, stream: S, ends: Ends, activity: Arc<Activity>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = Watched { stream, activity: Arc::clone(&activity) };
        let service = service_fn(|request: hyper::Request<Incoming>| {
            let mut request = request.map(|body| Body::new(Followed::received(body, &activity)));
            request.extensions_mut().insert(ConnectInfo(ends.peer));
            request.extensions_mut().insert(AskedAt(ends.ours));
            let (mut router, activity) = (self.router.clone(), Arc::clone(&activity));
            async move {
                let response = router.call(request).await?;
                Ok::<_, Infallible>(response.map(|body| Followed::answered(body, &activity)))
            }
        });
        let mut http = http1::Builder::new();
        // Waiting is the table's; hyper's own time-out would be one for heads and for pauses between requests.
        http.max_buf_size(LARGEST_HEAD).header_read_timeout(None);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopped(self.room.stopping.clone()) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended");
        }
    }
}

/// A connection's two.
#[derive(Clone, Copy)]
struct Ends {
    ours: SocketAddr,
    peer: SocketAddr,
}

/// A connection's place in the table, given back with it.
struct Place {
    room: Arc<Room>,
    id: Id,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.table().take(self.id);
    }
}
