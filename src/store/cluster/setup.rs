//! Makes a new cluster, or checks that an existing one can be opened.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};

use super::account::Account;
use super::binaries::Programs;
use super::error::{ClusterError, Tried};
use super::layout::Layout;
use super::{Durability, OWNER, process};

/// After this there are data that these programs can read.
///
/// The new cluster is made under another name and renamed when it is whole, so that a machine that stopped in the
/// middle leaves nothing that looks like data.
pub(super) async fn prepare(
    layout: &Layout,
    programs: &Programs,
    account: Option<&Account>,
    durability: Durability,
) -> Result<(), ClusterError> {
    match layout.made_by()? {
        Some(version) if version == programs.version => Ok(()),
        Some(data) => Err(ClusterError::VersionMismatch {
            dir: layout.data.clone(),
            data,
            bin_dir: programs.bin_dir.clone(),
            found: programs.version,
        }),
        None => make(layout, programs, account, durability).await,
    }
}

async fn make(
    layout: &Layout,
    programs: &Programs,
    account: Option<&Account>,
    durability: Durability,
) -> Result<(), ClusterError> {
    let new = &layout.half_made;
    match fs::remove_dir_all(new) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e).tried("remove", new),
        _ => {}
    }
    fs::create_dir(new).tried("make the folder", new)?;
    fs::set_permissions(new, fs::Permissions::from_mode(0o700)).tried("close", new)?;
    if let Some(account) = account {
        account.own(new)?;
    }
    let mut initdb = tokio::process::Command::from(process::command(&programs.initdb(), account));
    let output = initdb
        .args(arguments(new, durability))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .tried("run", &programs.initdb())?;
    if !output.status.success() {
        return Err(ClusterError::Setup { dir: layout.data.clone(), said: last_line(&output) });
    }
    fs::rename(new, &layout.data).tried("rename", new)?;
    // The new name must survive a power cut as surely as what it names.
    File::open(&layout.dir).and_then(|dir| dir.sync_all()).tried("write", &layout.dir)
}

/// `trust` is safe here: only the owner of the socket's folder (and root) can reach the socket.
fn arguments(dir: &Path, durability: Durability) -> Vec<OsString> {
    let mut all: Vec<OsString> = vec!["-D".into(), dir.into(), "-U".into(), OWNER.into()];
    all.extend(["-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"].map(OsString::from));
    if durability == Durability::Throwaway {
        all.push("--no-sync".into());
    }
    all
}

fn last_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let wordy = text.lines().rev().find(|line| line.contains("error:"));
    let line = wordy.or_else(|| text.lines().rev().find(|line| !line.trim().is_empty()));
    line.unwrap_or("it gave no reason").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_throwaway_cluster_skips_writing_to_the_disk() {
        let dir = Path::new("/somewhere/data.new");

        assert!(!arguments(dir, Durability::Safe).contains(&"--no-sync".into()));
        assert!(arguments(dir, Durability::Throwaway).contains(&"--no-sync".into()));
    }
}
