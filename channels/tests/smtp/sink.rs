//! Against Postfix's own test server, where it is installed: what our fake believes may be wrong.

use std::{
    net::TcpListener,
    process::{Child, Command},
    time::Duration,
};

use liaison_channels::{
    Sender as _,
    message::ChannelId,
    smtp::{Smtp, SmtpConfig},
};
use serde_json::json;

use crate::kit::message;

/// A server process, ended with the test.
struct Sink(Child);

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn postfix_s_test_server_takes_our_mail() {
    let program = "/usr/sbin/smtp-sink";
    if !std::path::Path::new(program).exists() {
        assert!(std::env::var_os("REQUIRE_SMTP_SINK").is_none(), "smtp-sink is required but not installed");
        eprintln!("skipped: smtp-sink (Postfix) is not installed");
        return;
    }
    for options in [vec![], vec!["-p"]] {
        let port = free_port();
        let place = format!("127.0.0.1:{port}");
        let mut command = Command::new(program);
        // Started as root it must be told whom to become.
        let root =
            std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
        command.args(if root { vec!["-u", "nobody"] } else { vec![] });
        let _sink = Sink(command.args(options).args([&place, "100"]).spawn().unwrap());
        let config: SmtpConfig = serde_json::from_value(json!({
            "host": "127.0.0.1", "port": port, "tls": "none", "from": "parents@northfield.example",
        }))
        .unwrap();
        let channel = Smtp::open(ChannelId::parse("sink").unwrap(), &config).unwrap();
        let up = async {
            while channel.probe().await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), up).await.expect("smtp-sink answers");

        for number in 0..50 {
            channel.send(&message(number)).await.unwrap();
        }
    }
}
