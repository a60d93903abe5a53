//! Orders that come in while others are worked on are taken together, so that they share their commits.

use crate::core::Core;
use crate::error;
use crate::issue::Wanted;
use kaika_app::IssueError;
use kaika_domain::Certificate;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Orders of one group.
const MOST: usize = 64;
/// Groups at a time: while one is written down, another is signed.
const AT_ONCE: usize = 2;
/// Where another group is under way, more orders are on their way: the next group waits for them so long.
const GATHER: Duration = Duration::from_millis(2);

struct Waiting {
    wanted: Arc<Wanted>,
    answer: oneshot::Sender<Result<Certificate, IssueError>>,
}

/// The queue; where it is dropped, what is in it is still done.
pub(crate) struct Groups(mpsc::Sender<Waiting>);

impl Groups {
    /// In the present runtime.
    pub(crate) fn start(core: Arc<Core>) -> Self {
        let (sender, orders) = mpsc::channel(MOST);
        tokio::spawn(work(core, orders));
        Self(sender)
    }

    /// Goes on to its end where the caller does not wait for it.
    pub(crate) async fn issue(&self, wanted: Wanted) -> Result<Certificate, IssueError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { wanted: Arc::new(wanted), answer };
        self.0.send(waiting).await.map_err(|_| error::signer("the issuer has ended"))?;
        answered.await.map_err(error::signer)?
    }
}

async fn work(core: Arc<Core>, mut orders: mpsc::Receiver<Waiting>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        if places.available_permits() + 1 < AT_ONCE {
            tokio::time::sleep(GATHER).await;
        }
        let mut group = Vec::with_capacity(MOST);
        if orders.recv_many(&mut group, MOST).await == 0 {
            return;
        }
        let core = Arc::clone(&core);
        tokio::spawn(async move {
            let wanted = group.iter().map(|waiting| Arc::clone(&waiting.wanted)).collect();
            let results = core.issue_group(wanted).await;
            for (waiting, result) in group.into_iter().zip(results) {
                // Who went away learns it by asking again.
                let _ = waiting.answer.send(result);
            }
            drop(place);
        });
    }
}
