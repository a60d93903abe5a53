//! The demo's mail: nothing leaves the computer. A mail counts as delivered once it lies in a folder, from which a page
//! shows it.

use crate::words;
use async_trait::async_trait;
use kaika_app::kernel::Pool;
use kaika_app::mail::{DeliveredMail, MailError, Mailbox, Mailer, Posted};
use kaika_wire::{EmailAddress, MailId};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};
use time::OffsetDateTime;

/// More than these are not shown, nor kept.
const KEPT: usize = 200;
/// For its owner alone.
const SECRET: u32 = 0o600;

/// One JSON file a mail, by its id: the same one delivered again is the same file.
pub struct FolderMailbox {
    folder: Arc<Folder>,
    pool: Pool,
}

struct Folder(PathBuf);

#[derive(Serialize, Deserialize)]
struct File {
    to: EmailAddress,
    subject: String,
    text: String,
    /// Seconds since 1970.
    at: i64,
}

impl FolderMailbox {
    /// # Errors
    /// The folder cannot be made.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        // Mails have links in them that open something, also those of before.
        fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.metadata()?.is_file() {
                fs::set_permissions(entry.path(), Permissions::from_mode(SECRET))?;
            }
        }
        Ok(Self { folder: Arc::new(Folder(folder)), pool: Pool::of_one() })
    }
}

impl Folder {
    fn put(&self, id: MailId, file: &File) -> io::Result<()> {
        let path = self.0.join(format!("{id}.json"));
        if path.exists() {
            return Ok(());
        }
        // Nobody sees half a mail.
        let draft = self.0.join(format!("{id}.draft"));
        // One that a crash left may have another mode.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut written = fs::OpenOptions::new().write(true).create_new(true).mode(SECRET).open(&draft)?;
        written.write_all(&serde_json::to_vec_pretty(file)?)?;
        fs::rename(&draft, path)?;
        for old in self.ids()?.into_iter().skip(KEPT) {
            fs::remove_file(self.0.join(format!("{old}.json")))?;
        }
        Ok(())
    }

    /// The one that was delivered last first.
    fn ids(&self) -> io::Result<Vec<MailId>> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let path = entry.path();
            let id = path.file_stem().and_then(|id| id.to_str()?.parse::<MailId>().ok());
            if let Some(id) = id.filter(|_| path.extension().is_some_and(|extension| extension == "json")) {
                ids.push((entry.metadata()?.modified()?, id));
            }
        }
        ids.sort_by(|one, other| other.cmp(one));
        Ok(ids.into_iter().map(|(_, id)| id).collect())
    }
}

#[async_trait]
impl Mailer for FolderMailbox {
    async fn send(&self, mail: &Posted<'_>) -> Result<(), MailError> {
        let (folder, id) = (Arc::clone(&self.folder), mail.id);
        let words = words(mail);
        let at = mail.queued_at.unix_timestamp();
        let file = File { to: mail.to.clone(), subject: words.subject, text: words.text, at };
        let put = self.pool.run(move || folder.put(id, &file)).await.map_err(io::Error::from);
        put.flatten().map_err(|error| MailError::Away(error.to_string()))
    }
}

#[async_trait]
impl Mailbox for FolderMailbox {
    /// One that cannot be read keeps no other from being shown.
    async fn delivered(&self) -> io::Result<Vec<DeliveredMail>> {
        let folder = Arc::clone(&self.folder);
        let read = move || Ok(folder.ids()?.into_iter().filter_map(|id| read(&folder.0, id).ok()).collect());
        self.pool.run(read).await?
    }
}

fn read(folder: &Path, id: MailId) -> io::Result<DeliveredMail> {
    let File { to, subject, text, at } = serde_json::from_slice(&fs::read(folder.join(format!("{id}.json")))?)?;
    let at = OffsetDateTime::from_unix_timestamp(at).map_err(io::Error::other)?;
    Ok(DeliveredMail { id, to, subject, text, at })
}
