//! One message over one connection: sender, recipient, body, and what the server made of it.
//!
//! Up to the body nothing has been sent, whatever happens. The line is cut while the body is written: if its last
//! bytes had not left our hands the server cannot have it; otherwise it may. An answer settles it.

use std::fmt::Write as _;

use super::{
    classify::{Phase, Stop},
    letter::{END, Letter},
    reply::Reply,
    session::Session,
    wire::{Broken, Unwritten, Words},
};

impl Session {
    /// Hands over one message. Afterwards `in_step` tells whether the connection may be used again.
    pub(super) async fn hand_over(&mut self, letter: &Letter) -> Result<Reply, Stop> {
        self.check_fits(letter)?;
        self.in_step = false;
        let pipelined = self.offers.pipelining;
        let mut commands = std::mem::take(&mut self.commands);
        let done = if pipelined {
            self.announce_at_once(&mut commands, letter).await
        } else {
            self.announce_in_steps(&mut commands, letter).await
        };
        self.commands = commands;
        done?;
        self.give(letter).await
    }

    /// Asks whether the server takes mail from `sender`, and takes the question back.
    pub(super) async fn try_sender(&mut self, sender: &str) -> Result<(), Stop> {
        self.say(Phase::Mail, &format!("MAIL FROM:<{sender}>\r\n")).await?;
        self.expect(Phase::Mail).await?;
        self.forget().await;
        Ok(())
    }

    /// What the greeting already tells need not be tried.
    fn check_fits(&self, letter: &Letter) -> Result<(), Stop> {
        if letter.beyond_ascii && !self.offers.utf8 {
            return Err(Stop::BeyondAscii);
        }
        match self.offers.size {
            Some(max) if max > 0 && letter.data.len() > max => Err(Stop::TooBig),
            _ => Ok(()),
        }
    }

    fn write_mail(&self, commands: &mut String, letter: &Letter) {
        commands.clear();
        let _ = write!(commands, "MAIL FROM:<{}>", letter.sender);
        if self.offers.size.is_some() {
            let _ = write!(commands, " SIZE={}", letter.data.len());
        }
        if letter.beyond_ascii {
            commands.push_str(" SMTPUTF8");
        }
        commands.push_str("\r\n");
    }

    /// Of an automatic answer no report is to come back, so that it starts nothing (RFC 3461 §4.1, RFC 3834 §3.3).
    fn write_rcpt(&self, commands: &mut String, letter: &Letter) {
        let _ = write!(commands, "RCPT TO:<{}>", letter.to);
        if letter.automatic && self.offers.dsn {
            commands.push_str(" NOTIFY=NEVER");
        }
        commands.push_str("\r\n");
    }

    /// All three commands in one write, three replies (RFC 2920 §3.1).
    async fn announce_at_once(&mut self, commands: &mut String, letter: &Letter) -> Result<(), Stop> {
        self.write_mail(commands, letter);
        self.write_rcpt(commands, letter);
        commands.push_str("DATA\r\n");
        self.say(Phase::Mail, commands).await?;
        let mail = self.answer(Phase::Mail).await?;
        let rcpt = self.answer(Phase::Rcpt).await?;
        let data = self.hear(Phase::Data).await?;
        let sender_taken = mail.is_yes();
        let refused =
            [(Phase::Mail, mail), (Phase::Rcpt, rcpt)].into_iter().find(|(_, reply)| !reply.is_yes());
        match (refused, data.code) {
            (None, 354) => Ok(()),
            (None, _) => Err(self.refuse(Phase::Data, data).await),
            (Some((phase, reply)), 354) => {
                // It waits for a body though nobody is to get it: an empty one, whose answer means nothing.
                if sender_taken && self.say(phase, ".\r\n").await.is_ok() && self.hear(phase).await.is_ok() {
                    self.forget().await;
                }
                Err(Stop::answer(phase, reply))
            }
            (Some((phase, reply)), _) if data.is_no() => Err(self.refuse(phase, reply).await),
            (Some((phase, reply)), _) => Err(Stop::answer(phase, reply)),
        }
    }

    /// One command at a time, for servers that do not offer pipelining.
    async fn announce_in_steps(&mut self, commands: &mut String, letter: &Letter) -> Result<(), Stop> {
        self.write_mail(commands, letter);
        self.step(Phase::Mail, commands).await?;
        commands.clear();
        self.write_rcpt(commands, letter);
        self.step(Phase::Rcpt, commands).await?;
        self.say(Phase::Data, "DATA\r\n").await?;
        let reply = self.hear(Phase::Data).await?;
        if reply.code == 354 { Ok(()) } else { Err(self.refuse(Phase::Data, reply).await) }
    }

    async fn step(&mut self, phase: Phase, command: &str) -> Result<(), Stop> {
        self.say(phase, command).await?;
        let reply = self.answer(phase).await?;
        if reply.is_yes() { Ok(()) } else { Err(self.refuse(phase, reply).await) }
    }

    /// A reply that must be a yes or a no, and not a goodbye.
    async fn answer(&mut self, phase: Phase) -> Result<Reply, Stop> {
        let reply = self.hear(phase).await?;
        if reply.is_yes() || (reply.is_no() && !reply.is_goodbye()) {
            Ok(reply)
        } else {
            Err(Stop::answer(phase, reply))
        }
    }

    /// A refusal is no reason to lose the connection.
    async fn refuse(&mut self, phase: Phase, reply: Reply) -> Stop {
        if reply.is_no() && !reply.is_goodbye() {
            self.forget().await;
        }
        Stop::answer(phase, reply)
    }

    /// Ends the transaction on the server. Whatever goes wrong here only costs the connection.
    async fn forget(&mut self) {
        let told = self.say(Phase::Mail, "RSET\r\n").await.is_ok();
        let done = told && self.hear(Phase::Mail).await.is_ok_and(|reply| reply.is_yes());
        self.in_step = done;
    }

    /// Writes the body and hears what became of it.
    async fn give(&mut self, letter: &Letter) -> Result<Reply, Stop> {
        if !self.wire.is_in_step() {
            return Err(Stop::lost(Phase::Data, Broken::Garbled));
        }
        self.wire.recorder.said(&format!("(the message, {} bytes)", letter.data.len()));
        if let Err(Unwritten { given, how }) = self.wire.write(&letter.data, self.patience.data).await {
            let perhaps = given + END.len() > letter.data.len();
            return Err(Stop::Lost { phase: Phase::Body, how, perhaps });
        }
        self.wire.words = Words::KeptOfYes;
        let heard = self.wire.reply(self.patience.data).await;
        let reply = heard.map_err(|how| Stop::Lost { phase: Phase::Body, how, perhaps: true })?;
        self.in_step = !reply.is_goodbye();
        match reply {
            reply if reply.is_yes() => Ok(reply),
            reply if reply.is_no() => Err(Stop::answer(Phase::Body, reply)),
            _ => {
                self.in_step = false;
                Err(Stop::Lost { phase: Phase::Body, how: Broken::Garbled, perhaps: true })
            }
        }
    }
}
