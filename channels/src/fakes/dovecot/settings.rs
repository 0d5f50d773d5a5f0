//! What the server is told.

use std::{fs, os::unix::fs::MetadataExt as _};

use super::{Dovecot, NOBODY, PASSWORD, USER};
use crate::fakes::smtp::{Authority, Flaw};

/// What a server is to have beyond its one user and mailbox.
#[derive(Default)]
pub(super) struct Setup<'a> {
    /// Signs its certificate; without one nothing is encrypted.
    pub(super) authority: Option<&'a Authority>,
    /// What is wrong with its certificate.
    pub(super) flaw: Flaw,
    /// Knows which tokens count.
    pub(super) introspection_url: Option<&'a str>,
}

pub(super) fn write(dovecot: &Dovecot, setup: &Setup<'_>) {
    let encryption = setup.authority.map_or_else(
        || "ssl = no\ndisable_plaintext_auth = no\n".to_owned(),
        |authority| {
            let (certificate, key) = authority.certify_with("localhost", setup.flaw);
            fs::write(dovecot.at("cert.pem"), certificate).expect("write the certificate");
            fs::write(dovecot.at("key.pem"), key).expect("write its key");
            let [certificate, key] =
                ["cert.pem", "key.pem"].map(|name| dovecot.at(name).display().to_string());
            format!("ssl = yes\ndisable_plaintext_auth = no\nssl_cert = <{certificate}\nssl_key = <{key}\n")
        },
    );
    let (mechanisms, tokens) = setup.introspection_url.map_or(("plain", String::new()), |url| {
        let file = dovecot.at("tokens.conf");
        fs::write(&file, TOKENS.replace("@url@", url)).expect("write the settings of tokens");
        let file = file.display();
        (
            "plain xoauth2",
            format!("passdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {file}\n}}\n"),
        )
    });
    let imaps = if setup.authority.is_some() { dovecot.tls_port } else { 0 };
    let settings = SETTINGS
        .replace("@folder@", &dovecot.folder.path().display().to_string())
        .replace("@port@", &dovecot.port.to_string())
        .replace("@imaps@", &imaps.to_string())
        .replace("@encryption@", &encryption)
        .replace("@mechanisms@", mechanisms)
        .replace("@tokens@", &tokens)
        .replace("@who@", &who());
    fs::write(dovecot.at("dovecot.conf"), settings).expect("write the settings");
    fs::write(dovecot.at("users"), format!("{USER}:{{PLAIN}}{PASSWORD}\n")).expect("write the user");
    fs::write(dovecot.at("password"), format!("{PASSWORD}\n")).expect("write the password");
}

const SETTINGS: &str = "
base_dir = @folder@/run
state_dir = @folder@/state
log_path = @folder@/log
instance_name = liaison-test
protocols = imap
listen = 127.0.0.1
mail_location = maildir:@folder@/mail
mailbox_list_index = no
auth_mechanisms = @mechanisms@
@encryption@
@who@
service imap-login {
  chroot =
  inet_listener imap {
    port = @port@
  }
  inet_listener imaps {
    port = @imaps@
    ssl = yes
  }
}
service anvil {
  chroot =
}
@tokens@
passdb {
  driver = passwd-file
  args = @folder@/users
}
";

const TOKENS: &str = "
introspection_mode = auth
introspection_url = @url@
username_attribute = email
active_attribute = active
active_value = true
";

/// Who its processes are, and whose the mails.
fn who() -> String {
    let me = fs::metadata("/proc/self").expect("this process");
    if is_root() {
        return format!(
            "userdb {{\n  driver = static\n  args = uid={NOBODY} gid={NOBODY} home=/nonexistent\n}}\nfirst_valid_uid = 1\n"
        );
    }
    let name = |database: &str, id: u32| {
        let entries = fs::read_to_string(database).unwrap_or_default();
        let mut named = entries.lines().filter(|line| line.split(':').nth(2) == Some(&id.to_string()));
        named.next().and_then(|line| line.split(':').next()).map_or_else(|| id.to_string(), str::to_owned)
    };
    let (user, group) = (name("/etc/passwd", me.uid()), name("/etc/group", me.gid()));
    format!(
        "default_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}\n\
         userdb {{\n  driver = static\n  args = uid={} gid={} home=/nonexistent\n}}\nfirst_valid_uid = 1\n",
        me.uid(),
        me.gid()
    )
}

pub(super) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}
