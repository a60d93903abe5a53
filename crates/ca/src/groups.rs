//! Orders that come in while others are worked on are taken together, so that they share their commits.

use crate::core::Core;
use crate::error;
use crate::issue::IssueRequest;
use kaika_app::authorities::IssueError;
use kaika_domain::certificates::Certificate;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Orders of one group.
const MOST: usize = 64;
/// Whoever has just been answered may order again at once: a group waits so long to become as large as the one before.
const GATHER: Duration = Duration::from_millis(2);

struct Waiting {
    wanted: Arc<IssueRequest>,
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
    pub(crate) async fn issue(&self, wanted: IssueRequest) -> Result<Certificate, IssueError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { wanted: Arc::new(wanted), answer };
        self.0.send(waiting).await.map_err(|_| error::signer("the issuer has ended"))?;
        answered.await.map_err(error::signer)?
    }
}

async fn work(core: Arc<Core>, mut orders: mpsc::Receiver<Waiting>) {
    let mut before = 1;
    loop {
        let mut group = Vec::with_capacity(MOST);
        if orders.recv_many(&mut group, MOST).await == 0 {
            return;
        }
        let gathered = async {
            while group.len() < before {
                let room = MOST - group.len();
                if orders.recv_many(&mut group, room).await == 0 {
                    break;
                }
            }
        };
        // What was received in this time stays in the group.
        let _ = tokio::time::timeout(GATHER, gathered).await;
        before = group.len();
        issue(&core, group).await;
    }
}

/// In a task of its own: should it fail, the next group is issued all the same.
async fn issue(core: &Arc<Core>, group: Vec<Waiting>) {
    let core = Arc::clone(core);
    let issued = tokio::spawn(async move {
        let wanted = group.iter().map(|waiting| Arc::clone(&waiting.wanted)).collect();
        let results = core.issue_group(wanted).await;
        for (waiting, result) in group.into_iter().zip(results) {
            // Who went away learns it by asking again.
            let _ = waiting.answer.send(result);
        }
    });
    let _ = issued.await;
}
