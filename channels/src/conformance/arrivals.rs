//! The promises about what arrives, for adapters whose provider posts to us or keeps a list.

use crate::{
    inbound::{Event, KeptText, read_text},
    receipt::{Callback, NotBelieved, Posted},
};

use super::{
    Broken, Post, Rig, Verdict, hold,
    promises::{a_moment_ago, within},
};

const FROM: &str = "+447700900123";
const WORDS: &[&str] = &["Żółw & naïve + % = \"x\" 😀\n\nend ", "CANCEL", " "];

/// A post that is proved gives the whole text, with bytes that give the same text when they are read again; and posted
/// again it is the same text.
pub async fn a_posted_text_is_kept_whole(rig: &dyn Rig) -> Verdict {
    let Some(callback) = rig.sender().callback() else { return Ok(()) };
    for words in WORDS {
        let Some(post) = rig.arrives(FROM, words).await else { return Ok(()) };
        let kept = text(callback, &post)?;
        let again = text(callback, &post)?;

        let sender = kept.text.sender();
        hold(sender.is_some_and(|number| number.expose() == FROM), || {
            "a text is said to be from somebody else".to_owned()
        })?;
        hold(kept.text.body.expose() == words, || "the words of a posted text changed".to_owned())?;
        hold(!kept.text.reference.0.is_empty(), || "a posted text has no reference".to_owned())?;
        hold(kept == again, || "the repeat of a post is another text".to_owned())?;
        reads_again(&kept)?;
    }
    Ok(())
}

/// A post that was changed on the way, or that nothing proves, is called forged.
pub async fn a_forged_post_is_not_believed(rig: &dyn Rig) -> Verdict {
    let Some(callback) = rig.sender().callback() else { return Ok(()) };
    let Some(post) = rig.arrives(FROM, "true words").await else { return Ok(()) };
    for index in 0..post.body.len() {
        let mut changed = post.clone();
        if let Some(byte) = changed.body.get_mut(index) {
            *byte = if *byte == b'0' { b'1' } else { b'0' };
        }
        hold(is_forged(callback, &changed), || {
            "a post is believed although its body was changed".to_owned()
        })?;
    }
    let unsigned = rig.unproved(&post);
    let empty = Post { body: Vec::new(), ..post };
    hold(is_forged(callback, &unsigned), || "a post is believed without its proof".to_owned())?;
    hold(is_forged(callback, &empty), || "a post is believed without its body".to_owned())
}

/// Where the provider keeps a list, a text is found there under the name it was posted by, oldest first, and its bytes
/// give the same text when they are read again.
pub async fn texts_that_arrived_are_listed(rig: &dyn Rig) -> Verdict {
    let since = a_moment_ago();
    let mut posts = Vec::new();
    for words in WORDS {
        posts.extend(rig.arrives(FROM, words).await);
    }

    let listed = within(rig, "received", rig.sender().received(since)).await?;

    let Some(listed) =
        listed.map_err(|error| Broken(format!("received fails although all is well: {error}")))?
    else {
        return Ok(());
    };
    listed.iter().try_for_each(reads_again)?;
    let told: Vec<_> = listed.iter().map(|kept| kept.text.body.expose().as_str()).collect();
    hold(posts.is_empty() || told == WORDS, || {
        "the list does not hold the texts that arrived, oldest first".to_owned()
    })?;
    let Some(callback) = rig.sender().callback() else { return Ok(()) };
    for (post, listed) in posts.iter().zip(&listed) {
        let same = text(callback, post)?.text.reference == listed.text.reference;
        hold(same, || "a text has one name in its post and another in the list".to_owned())?;
    }
    Ok(())
}

fn reads_again(kept: &KeptText) -> Verdict {
    let again = read_text(kept.form, kept.raw.expose());
    hold(again.as_ref() == Some(&kept.text), || {
        "kept bytes give another text when they are read again".to_owned()
    })
}

fn text(callback: &dyn Callback, post: &Post) -> Result<KeptText, Broken> {
    match callback.events(&posted(post)).as_deref() {
        Ok([Event::Text(kept)]) => Ok((**kept).clone()),
        Ok(_) => Err(Broken("the post of one text does not give one text".to_owned())),
        Err(why) => Err(Broken(format!("a post of the provider's is not believed: {why}"))),
    }
}

fn is_forged(callback: &dyn Callback, post: &Post) -> bool {
    callback.events(&posted(post)) == Err(NotBelieved::Forged)
}

fn posted(post: &Post) -> Posted<'_> {
    Posted { path_and_query: &post.path_and_query, headers: &post.headers, body: &post.body }
}
