use std::{fs, os::unix::fs::PermissionsExt as _};

use async_trait::async_trait;
use tempfile::TempDir;

use super::*;
use crate::conformance::records::{Kept, SinkRig};

struct FolderRig {
    home: TempDir,
    sink: RecordFolder,
}

impl FolderRig {
    fn start() -> Self {
        let home = TempDir::new().expect("a folder");
        let sink = RecordFolder::open(&home.path().join("records")).expect("it opens");
        Self { home, sink }
    }

    fn files(&self) -> Vec<PathBuf> {
        let listed =
            fs::read_dir(&self.sink.path).map(|files| files.flatten().map(|file| file.path()).collect());
        let mut files: Vec<PathBuf> = listed.unwrap_or_default();
        files.sort();
        files
    }
}

#[async_trait]
impl SinkRig for FolderRig {
    fn sink(&self) -> &dyn RecordSink {
        &self.sink
    }

    async fn kept(&self) -> Vec<Kept> {
        let files = self.files();
        let finished = files.iter().filter(|file| file.extension().is_some_and(|end| end == "sha256"));
        let read = |file: &Path, end: &str| fs::read_to_string(file.with_extension(end)).expect("a file");
        finished
            .map(|file| {
                let (plain, csv) = (read(file, "txt"), read(file, "csv"));
                let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
                let sums = format!("{}  {name}.txt\n{}  {name}.csv\n", sum(&plain), sum(&csv));
                assert_eq!(read(file, "sha256"), sums);
                Kept { called: name, plain, csv }
            })
            .collect()
    }

    async fn fail(&self) -> bool {
        fs::rename(&self.sink.path, self.home.path().join("gone")).is_ok()
    }

    async fn work_again(&self) {
        fs::rename(self.home.path().join("gone"), &self.sink.path).expect("it is there");
    }
}

crate::record_sink_tests!(FolderRig::start());

#[tokio::test]
async fn files_are_for_the_own_user_and_group_alone_and_nothing_unfinished_stays() {
    let rig = FolderRig::start();
    let record = crate::conformance::records::sample();

    rig.sink.probe().await.expect("a folder");
    rig.sink.take(&record).await.expect("taken");

    let modes: Vec<_> = rig
        .files()
        .iter()
        .map(|file| fs::metadata(file).expect("a file").permissions().mode() & 0o777)
        .collect();
    assert_eq!(modes.len(), 3);
    assert!(modes.iter().all(|mode| mode & 0o137 == 0), "{modes:?}");
}

#[test]
fn a_folder_whose_parent_is_missing_is_a_slip_in_the_settings() {
    let home = TempDir::new().expect("a folder");

    let refused = RecordFolder::open(&home.path().join("no/such")).expect_err("refused");

    assert!(refused.to_string().contains("records.folder"), "{refused}");
}
