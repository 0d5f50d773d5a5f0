//! Exim. Debian's package cannot stand beside Postfix's, so its program is unpacked and not installed
//! (`deploy/packages.sh`), and the user it insists on is shown to it alone, in a mount namespace of its own.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{AGENT, LARGEST, Mta, give, set_up_full};

/// Who runs it, and whose the mails are. Debian's Exim starts under no other name.
const USER: &str = "Debian-exim";
/// A number that is nobody's.
const NUMBER: u32 = 65533;

/// Where it was unpacked: `LIAISON_EXIM`, or beside what cargo builds.
fn folder() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/exim");
    std::env::var_os("LIAISON_EXIM").map_or_else(beside, PathBuf::from)
}

pub(super) fn program() -> PathBuf {
    folder().join("usr/sbin/exim4")
}

/// Whether this root may mount in a namespace of its own.
pub(super) fn can_run() -> bool {
    let tried = Command::new("unshare")
        .args(["-m", "mount", "--bind", "/etc/passwd", "/etc/passwd"])
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|done| done.success())
}

pub(super) fn set_up(mta: &Mta, next_hop: SocketAddr) {
    // It empties the environment of what it starts, which would then miss the libraries that were unpacked with it.
    let libraries = fs::read_dir(folder().join("usr/lib")).into_iter().flatten().filter_map(Result::ok);
    let libraries: Vec<_> = libraries.map(|found| found.path().display().to_string()).collect();
    let wrapper =
        format!("#!/bin/sh\nLD_LIBRARY_PATH={} exec {} \"$@\"\n", libraries.join(":"), program().display());
    fs::write(mta.at("exim"), wrapper).expect("write the wrapper");
    fs::set_permissions(mta.at("exim"), fs::Permissions::from_mode(0o755)).expect("let it run");
    for (file, line) in [
        ("passwd", format!("{USER}:x:{NUMBER}:{NUMBER}::/nonexistent:/usr/sbin/nologin\n")),
        ("group", format!("{USER}:x:{NUMBER}:\n")),
    ] {
        let system = fs::read_to_string(Path::new("/etc").join(file)).expect("the system's own");
        fs::write(mta.at(file), system + &line).expect("write the names");
    }
    for part in ["spool", "logs", "mail"] {
        give(&mta.at(part), NUMBER);
    }
    for part in ["", "tmp", "new", "cur"] {
        give(&mta.maildir().join(part), NUMBER);
    }
    let key = mta.at("key.pem");
    std::os::unix::fs::chown(key, Some(NUMBER), Some(NUMBER)).expect("give it away");
    set_up_full(mta, NUMBER);
    let settings = SETTINGS
        .replace("@agent@", AGENT)
        .replace("@folder@", &mta.folder.path().display().to_string())
        .replace("@port@", &mta.port.to_string())
        .replace("@next@", &next_hop.port().to_string())
        .replace("@user@", &NUMBER.to_string())
        .replace("@largest@", &LARGEST.to_string());
    fs::write(mta.at("exim.conf"), settings).expect("write the settings");
}

pub(super) fn command(mta: &Mta) -> Command {
    let mut command = Command::new("unshare");
    let script = "mount --bind \"$1/passwd\" /etc/passwd && mount --bind \"$1/group\" /etc/group && \
        exec \"$1/exim\" -C \"$1/exim.conf\" -bdf";
    command.args(["-m", "sh", "-c", script, "sh"]).arg(mta.folder.path());
    command
}

// Without a rule for trying again it gives up at the first try.
const SETTINGS: &str = "
exim_path = @folder@/exim
spool_directory = @folder@/spool
log_file_path = @folder@/logs/%slog
keep_environment =
primary_hostname = mail.northfield.example
qualify_domain = northfield.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = @port@
deliver_drop_privilege = true
smtp_accept_queue_per_connection = 0
host_lookup =
rfc1413_query_timeout = 0s
message_size_limit = @largest@
tls_advertise_hosts = *
tls_certificate = @folder@/cert.pem
tls_privatekey = @folder@/key.pem
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  accept domains = northfield.example
         local_parts = parents : full : full-for-now
  deny message = 5.1.1 no such mailbox here
       domains = northfield.example
  accept domains = post.example
  deny message = 5.7.1 relay not permitted
begin routers
local:
  driver = accept
  domains = northfield.example
  local_parts = parents
  transport = maildir
full:
  driver = accept
  domains = northfield.example
  local_parts = full : full-for-now
  transport = agent
remote:
  driver = manualroute
  domains = post.example
  route_list = * 127.0.0.1::@next@
  self = send
  transport = smtp
begin transports
maildir:
  driver = appendfile
  directory = @folder@/mail/parents
  maildir_format
  user = @user@
  group = @user@
  return_path_add
agent:
  driver = pipe
  command = @agent@ -c @folder@/${local_part_data}.conf -e -f ${sender_address}
  user = @user@
  group = @user@
  return_fail_output
  log_output
smtp:
  driver = smtp
  hosts_avoid_tls = *
  allow_localhost
begin retry
";
