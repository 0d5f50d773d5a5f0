//! A provider's post to our webhook, and its way there.

use url::Url;

use crate::receipt::Posted;

/// What a provider posts to our webhook.
#[derive(Clone, PartialEq, Eq)]
pub struct Post {
    /// Path and query as they are called, starting with `/`.
    pub path_and_query: String,
    /// Header names in lower case, with values.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
}

impl Post {
    /// As a [`Callback`](crate::receipt::Callback) takes it.
    pub fn posted(&self) -> Posted<'_> {
        Posted { path_and_query: &self.path_and_query, headers: &self.headers, body: &self.body }
    }
}

/// A callback, ready to be posted.
#[derive(Debug, Clone)]
pub struct SignedPost {
    /// The address as the provider calls it.
    pub url: String,
    /// Its path and query.
    pub path_and_query: String,
    /// Header names in lower case, with values.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
}

impl SignedPost {
    pub(super) fn unsigned(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            path_and_query: path_and_query(url),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// As the callback reader takes it.
    pub fn posted(&self) -> Posted<'_> {
        Posted { path_and_query: &self.path_and_query, headers: &self.headers, body: &self.body }
    }

    /// The same, with one bit of its body changed on the way.
    #[must_use]
    pub fn tampered(&self) -> Self {
        let mut post = self.clone();
        if let Some(byte) = post.body.last_mut() {
            *byte ^= 1;
        }
        post
    }
}

/// Posts a signed request to `base`. Returns the HTTP status.
pub async fn deliver(base: &str, post: &SignedPost) -> Result<u16, String> {
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = reqwest::Client::builder().no_proxy().build().map_err(|e| e.to_string())?;
    let mut request = client.post(format!("{}{}", base.trim_end_matches('/'), post.path_and_query));
    for (name, value) in &post.headers {
        request = request.header(name, value);
    }
    let answer = request.body(post.body.clone()).send().await.map_err(|e| e.to_string())?;
    Ok(answer.status().as_u16())
}

pub(super) fn path_and_query(url: &str) -> String {
    Url::parse(url).map_or_else(
        |_| "/".to_owned(),
        |url| {
            let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
            [url.path(), &query].concat()
        },
    )
}
