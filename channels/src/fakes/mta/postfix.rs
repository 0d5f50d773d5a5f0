//! Postfix, with a configuration, a queue and a data folder of its own.

use std::{fs, net::SocketAddr, os::unix::fs::chown, process::Command};

use super::{AGENT, FULL, FULL_FOR_NOW, LARGEST, MAILBOX, Mta, give, set_up_full};

pub(super) const PROGRAM: &str = "/usr/sbin/postfix";

/// Whose the mails are: `nobody`, who owns nothing else.
const NOBODY: u32 = 65534;

pub(super) fn set_up(mta: &Mta, next_hop: SocketAddr) {
    let folder = mta.folder.path().display().to_string();
    let fill = |text: &str| {
        text.replace("@folder@", &folder)
            .replace("@port@", &mta.port.to_string())
            .replace("@next@", &next_hop.port().to_string())
            .replace("@mailbox@", MAILBOX)
            .replace("@full@", FULL)
            .replace("@full-for-now@", FULL_FOR_NOW)
            .replace("@agent@", AGENT)
            .replace("@largest@", &LARGEST.to_string())
    };
    let settings = mta.at("conf");
    fs::create_dir(&settings).expect("a folder for the settings");
    fs::write(settings.join("main.cf"), fill(MAIN)).expect("write main.cf");
    fs::write(settings.join("master.cf"), fill(MASTER)).expect("write master.cf");
    fs::create_dir(mta.at("queue")).expect("a queue");
    give(&mta.at("mail"), NOBODY);
    give(&mta.maildir(), NOBODY);
    for part in ["tmp", "new", "cur"] {
        give(&mta.maildir().join(part), NOBODY);
    }
    set_up_full(mta, NOBODY);
    // A folder of its own user's, by a name that every Postfix has.
    let data = mta.at("data");
    fs::create_dir(&data).expect("a folder for its data");
    chown(&data, Some(user("postfix").expect("Debian's postfix has a user")), None).expect("give it away");
}

pub(super) fn command(mta: &Mta) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("-c").arg(mta.at("conf")).arg("start-fg");
    command
}

/// The master leads a group of its own.
pub(super) fn group(mta: &Mta) -> Option<String> {
    fs::read_to_string(mta.at("queue").join("pid/master.pid")).ok().map(|pid| pid.trim().to_owned())
}

fn user(name: &str) -> Option<u32> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    line.split(':').nth(2)?.parse().ok()
}

const MAIN: &str = "
compatibility_level = 3.6
queue_directory = @folder@/queue
data_directory = @folder@/data
maillog_file = @folder@/log
maillog_file_prefixes = @folder@
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = mail.northfield.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
virtual_mailbox_domains = northfield.example
virtual_mailbox_maps = inline:{{@mailbox@ = parents/}, {@full@ = full/}, {@full-for-now@ = full/}}
virtual_mailbox_base = @folder@/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 1
transport_maps = inline:{{post.example = smtp:[127.0.0.1]:@next@}, {@full@ = agent:}, {@full-for-now@ = agent:}}
relay_domains = post.example
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
disable_dns_lookups = yes
message_size_limit = @largest@
smtpd_tls_security_level = may
smtpd_tls_cert_file = @folder@/cert.pem
smtpd_tls_key_file = @folder@/key.pem
# Gives up at the first try.
maximal_queue_lifetime = 0
bounce_queue_lifetime = 0
";

const MASTER: &str = "
127.0.0.1:@port@ inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
agent unix - n n - 1 pipe flags=R user=nobody argv=@agent@ -c @folder@/${user}.conf -e -f ${sender}
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
";
