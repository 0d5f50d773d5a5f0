//! One connection of the strict server.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::net::TcpStream;

use super::super::token_server::{CHALLENGE, TokenCheck};
use super::{
    Act, At, Caught, Encrypt, Script, State,
    lines::{Io, Lines, NoLine},
};

/// A connection, and how far it has come.
#[expect(clippy::struct_excessive_bools, reason = "four facts that do not depend on each other")]
pub(super) struct Conversation<'a> {
    lines: Lines,
    state: &'a State,
    script: Script,
    number: usize,
    greeted: bool,
    encrypted: bool,
    signed_in: bool,
    from: Option<String>,
    to: Option<String>,
    notify: Option<String>,
    utf8: bool,
}

impl<'a> Conversation<'a> {
    /// Talks until somebody hangs up.
    pub(super) async fn hold(stream: TcpStream, state: &'a State, script: Script, number: usize) {
        let mut io: Box<dyn Io> = Box::new(stream);
        let at_once = matches!(script.tls, Some((Encrypt::AtOnce, _)));
        if let (true, Some((_, authority))) = (at_once, &script.tls) {
            let Ok(line) = authority.acceptor(&script.name, script.flaw).accept(io).await else { return };
            io = Box::new(line);
        }
        let mut talk = Self {
            lines: Lines::new(io),
            state,
            script,
            number,
            greeted: false,
            encrypted: at_once,
            signed_in: false,
            from: None,
            to: None,
            notify: None,
            utf8: false,
        };
        if let Err(NoLine::Broken(rule)) = talk.run().await {
            state.saw(|seen| seen.violations.push(rule.to_owned()));
            let _ = talk.lines.say("500 5.5.2 protocol violation").await;
        }
    }

    async fn run(&mut self) -> Result<(), NoLine> {
        self.answer(At::Greeting, "220 fake.test ESMTP").await?;
        loop {
            let line = self.lines.next().await?;
            if line.len() > 510 && !line.starts_with("AUTH PLAIN") {
                return Err(NoLine::Broken("a command beyond 512 bytes"));
            }
            let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let may_follow = self.script.pipelining && matches!(word.as_str(), "MAIL" | "RCPT" | "RSET");
            if self.lines.more() && !may_follow {
                return Err(NoLine::Broken("more was written before the answer"));
            }
            match word.as_str() {
                "EHLO" => self.ehlo().await?,
                "STARTTLS" => self.start_tls().await?,
                "AUTH" => self.auth(&line).await?,
                "MAIL" => self.mail(&line).await?,
                "RCPT" => self.rcpt(&line).await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    (self.from, self.to, self.notify) = (None, None, None);
                    self.answer(At::Rset, "250 2.0.0 forgotten").await?;
                }
                "QUIT" => {
                    self.answer(At::Quit, "221 2.0.0 bye").await?;
                    return Err(NoLine::Gone);
                }
                _ => return Err(NoLine::Broken("an unknown command")),
            }
        }
    }

    /// Answers as usual, unless told to misbehave. Whether it answered as usual.
    async fn answer(&mut self, at: At, usual: &str) -> Result<bool, NoLine> {
        match self.state.act(at) {
            None => self.lines.say(usual).await.map(|()| true),
            Some(Act::Late(time)) => {
                tokio::time::sleep(time).await;
                self.lines.say(usual).await.map(|()| true)
            }
            Some(Act::Say(text)) => self.lines.say(&text).await.map(|()| text.starts_with(['2', '3'])),
            Some(Act::Add(text)) => self.lines.say(&format!("{usual}\r\n{text}")).await.map(|()| true),
            Some(Act::AddLater(text)) => {
                self.lines.say(usual).await?;
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                self.lines.say(&text).await?;
                self.state.act(At::Unasked);
                Ok(true)
            }
            Some(Act::SayAndCut(text)) => {
                self.lines.say(&text).await?;
                Err(NoLine::Gone)
            }
            Some(Act::Cut | Act::TakeAndCut) => Err(NoLine::Gone),
            Some(Act::Silence | Act::TakeAndSilence) => {
                self.lines.until_gone().await;
                Err(NoLine::Gone)
            }
        }
    }

    async fn ehlo(&mut self) -> Result<(), NoLine> {
        let script = &self.script;
        let mut offers = vec!["fake.test".to_owned(), "8BITMIME".to_owned()];
        offers.extend(script.pipelining.then(|| "PIPELINING".to_owned()));
        offers.extend(script.utf8.then(|| "SMTPUTF8".to_owned()));
        offers.extend(script.dsn.then(|| "DSN".to_owned()));
        offers.extend(script.size.map(|size| format!("SIZE {size}")));
        let by_request = script.tls.is_some() && !self.encrypted;
        offers.extend(by_request.then(|| "STARTTLS".to_owned()));
        let signs_in = script.login.is_some() || script.tokens.is_some();
        offers.extend((signs_in && !by_request).then(|| format!("AUTH {}", script.mechanisms)));
        offers.push("ENHANCEDSTATUSCODES".to_owned());
        let last = offers.len() - 1;
        let lines: Vec<_> = offers
            .iter()
            .enumerate()
            .map(|(n, o)| format!("250{}{o}", if n == last { ' ' } else { '-' }))
            .collect();
        self.greeted = self.answer(At::Ehlo, &lines.join("\r\n")).await?;
        Ok(())
    }

    async fn start_tls(&mut self) -> Result<(), NoLine> {
        let Some((how, authority)) = self.script.tls.clone().filter(|_| !self.encrypted) else {
            return Err(NoLine::Broken("STARTTLS that was not offered"));
        };
        let forged = "220 go\r\n250-fake.test\r\n250 PIPELINING\r\n250 forged\r\n250 forged\r\n354 forged";
        let consent = if how == Encrypt::WithForgedAnswer { forged } else { "220 2.0.0 go" };
        if !self.answer(At::StartTls, consent).await? {
            return Ok(());
        }
        let plain = std::mem::replace(&mut self.lines, Lines::new(Box::new(tokio::io::empty()))).into_io();
        let line = authority.acceptor(&self.script.name, self.script.flaw).accept(plain).await?;
        self.lines = Lines::new(Box::new(line));
        (self.encrypted, self.greeted) = (true, false);
        Ok(())
    }

    async fn auth(&mut self, line: &str) -> Result<(), NoLine> {
        if let (Some(response), Some(tokens)) =
            (line.strip_prefix("AUTH XOAUTH2"), self.script.tokens.clone())
        {
            return self.token(response, &tokens).await;
        }
        let Some((user, password)) = self.script.login.clone() else {
            return Err(NoLine::Broken("AUTH that was not offered"));
        };
        let good = if let Some(token) = line.strip_prefix("AUTH PLAIN ") {
            token == STANDARD.encode(format!("\0{user}\0{password}"))
        } else if line == "AUTH LOGIN" {
            self.lines.say("334 VXNlcm5hbWU6").await?;
            let first = self.lines.next().await?;
            self.lines.say("334 UGFzc3dvcmQ6").await?;
            let second = self.lines.next().await?;
            first == STANDARD.encode(&user) && second == STANDARD.encode(&password)
        } else {
            return Err(NoLine::Broken("an unknown sign-in"));
        };
        let usual = if good { "235 2.7.0 welcome" } else { "535 5.7.8 wrong user name or password" };
        self.signed_in = self.answer(At::Auth, usual).await? && good;
        Ok(())
    }

    /// SASL XOAUTH2: what is wrong with a token is told by a challenge, and the no comes after an empty line.
    async fn token(&mut self, response: &str, tokens: &TokenCheck) -> Result<(), NoLine> {
        let response = if let Some(response) = response.strip_prefix(' ') {
            response.to_owned()
        } else {
            self.lines.say("334 ").await?;
            self.lines.next_of_sign_in().await?
        };
        if tokens.fits(&response) {
            self.signed_in = self.answer(At::Auth, "235 2.7.0 welcome").await?;
            return Ok(());
        }
        if !self.script.refuses_at_once {
            self.lines.say(&format!("334 {CHALLENGE}")).await?;
            if !self.lines.next().await?.is_empty() {
                return Err(NoLine::Broken("an answer to a challenge that asks for none"));
            }
        }
        self.answer(At::Auth, "535 5.7.3 Authentication unsuccessful").await.map(drop)
    }

    async fn mail(&mut self, line: &str) -> Result<(), NoLine> {
        if !self.greeted {
            return Err(NoLine::Broken("MAIL before EHLO"));
        }
        if self.from.is_some() {
            return Err(NoLine::Broken("MAIL within a transaction"));
        }
        if self.script.tls.is_some() && !self.encrypted {
            return self.lines.say("530 5.7.0 must issue STARTTLS first").await;
        }
        if (self.script.login.is_some() || self.script.tokens.is_some()) && !self.signed_in {
            return self.lines.say("530 5.7.0 authentication required").await;
        }
        let (from, rest) = path(line, "MAIL FROM:<")?;
        for word in rest.split_ascii_whitespace() {
            match word.split('=').next() {
                Some("SIZE") if self.script.size.is_some() => {}
                Some("SMTPUTF8") if self.script.utf8 => self.utf8 = true,
                _ => return Err(NoLine::Broken("a parameter that was not offered")),
            }
        }
        if self.answer(At::Mail, "250 2.1.0 sender ok").await? {
            self.from = Some(from);
        }
        Ok(())
    }

    async fn rcpt(&mut self, line: &str) -> Result<(), NoLine> {
        let (to, rest) = path(line, "RCPT TO:<")?;
        let notify = match rest.split_once('=') {
            None if rest.is_empty() => None,
            Some(("NOTIFY", when)) if self.script.dsn && is_notify(when) => Some(when.to_owned()),
            _ => return Err(NoLine::Broken("a parameter that was not offered")),
        };
        if !to.is_ascii() && !self.utf8 {
            return Err(NoLine::Broken("an address beyond ASCII without SMTPUTF8"));
        }
        if self.from.is_none() {
            return self.lines.say("503 5.5.1 need MAIL first").await;
        }
        if let Some(answer) = self.state.answer_for(&to) {
            return self.lines.say(&answer).await;
        }
        if self.answer(At::Rcpt, "250 2.1.5 recipient ok").await? {
            (self.to, self.notify) = (Some(to), notify);
        }
        Ok(())
    }

    async fn data(&mut self) -> Result<(), NoLine> {
        let scripted = self.state.peek(At::Data).is_some();
        if self.to.is_none() && !scripted {
            return self.lines.say("503 5.5.1 need RCPT first").await;
        }
        if !self.answer(At::Data, "354 go on, end with a dot").await? {
            return Ok(());
        }
        let Some(data) = self.body().await? else { return Err(NoLine::Gone) };
        let (from, to) = (self.from.take().unwrap_or_default(), self.to.take());
        let Some(to) = to else { return self.lines.say("554 5.5.1 no valid recipients").await };
        let caught = Caught { from, to, notify: self.notify.take(), data, connection: self.number };
        self.end_of_message(caught).await
    }

    async fn end_of_message(&mut self, caught: Caught) -> Result<(), NoLine> {
        let plan = self.state.peek(At::Dot);
        let keep = |caught| self.state.saw(|seen| seen.messages.push(caught));
        match plan {
            Some(Act::Say(text) | Act::SayAndCut(text)) if !text.starts_with('2') => {}
            Some(Act::Cut | Act::Silence) => {}
            _ => keep(caught),
        }
        self.answer(At::Dot, "250 2.0.0 taken").await.map(drop)
    }

    /// Reads up to the final dot, and takes the stuffed dots away. `None` when told to cut in between.
    async fn body(&mut self) -> Result<Option<String>, NoLine> {
        let mut data = String::new();
        let mut cut = matches!(self.state.peek(At::Body), Some(Act::Cut));
        loop {
            let line = self.lines.next().await?;
            if std::mem::take(&mut cut) {
                self.state.act(At::Body);
                return Ok(None);
            }
            if line == "." {
                return Ok(Some(data));
            }
            if !line.is_ascii() && !self.utf8 {
                return Err(NoLine::Broken("a body beyond ASCII"));
            }
            let line = match line.strip_prefix('.') {
                Some(rest) if rest.starts_with('.') => rest,
                Some(_) => return Err(NoLine::Broken("a dot that was not stuffed")),
                None => &line,
            };
            data.push_str(line);
            data.push_str("\r\n");
        }
    }
}

/// RFC 3461 §4.1: `NEVER` alone, or some of the others.
fn is_notify(when: &str) -> bool {
    when == "NEVER" || when.split(',').all(|one| matches!(one, "SUCCESS" | "FAILURE" | "DELAY"))
}

/// The address in `MAIL` or `RCPT`, and what follows it.
fn path(line: &str, start: &str) -> Result<(String, String), NoLine> {
    let rest = line.strip_prefix(start).ok_or(NoLine::Broken("a command in another form"))?;
    let (address, rest) = rest.rsplit_once('>').ok_or(NoLine::Broken("an address without its bracket"))?;
    Ok((address.to_owned(), rest.trim_start().to_owned()))
}
