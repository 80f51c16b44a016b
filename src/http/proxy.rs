//! The choice of a proxy.

use std::net::IpAddr;

use ipnet::IpNet;
use ureq::Proxy;
use url::Url;

use crate::base::environment;
use crate::base::error::Error;

/// The caller's setting.
#[derive(Debug, Clone, Default)]
pub(crate) enum ProxyChoice {
    /// From the environment, read when the client connects.
    #[default]
    Environment,
    /// No proxy.
    Direct,
    /// This proxy.
    Fixed(Proxy),
}

/// Parses a proxy's URL: `http://[user:password@]host[:port]` or https.
pub(crate) fn parse(url: &str) -> Result<Proxy, Error> {
    // The text may hold a password, so no part of it is repeated.
    let unusable = || Error::InvalidArgument("the proxy's URL is not valid: http://host:port is expected".to_owned());
    let scheme = url.split_once("://").map_or("http", |(scheme, _)| scheme).to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return Err(Error::InvalidArgument("the proxy's scheme is not supported: only http and https are".to_owned()));
    }
    // ureq ignores an invalid port.
    let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let has_host = Url::parse(&whole).is_ok_and(|url| url.host_str().is_some_and(|host| !host.is_empty()));
    let proxy = Proxy::new(url).map_err(|_| unusable())?;
    if has_host && !proxy.host().is_empty() { Ok(proxy) } else { Err(unusable()) }
}

impl ProxyChoice {
    /// The proxy for a URL, and its name for messages; `None` for a direct connection.
    pub(crate) fn for_url(&self, url: &Url) -> Result<Option<(Proxy, String)>, Error> {
        match self {
            ProxyChoice::Direct => Ok(None),
            ProxyChoice::Fixed(proxy) => Ok(Some((proxy.clone(), name_of(proxy)))),
            ProxyChoice::Environment => from_environment(url, environment::text),
        }
    }
}

/// The conventional variables, lower case first; an empty one counts as unset. In a CGI program HTTP_PROXY is the request
/// header `Proxy`, so it is ignored there.
fn from_environment(url: &Url, variable: impl Fn(&str) -> Option<String>) -> Result<Option<(Proxy, String)>, Error> {
    let get = |name: &str| {
        let forged = name == "HTTP_PROXY" && variable("REQUEST_METHOD").is_some();
        let upper = || if forged { None } else { variable(name) };
        let value = variable(&name.to_ascii_lowercase()).or_else(upper);
        value.filter(|value| !value.trim().is_empty())
    };
    let own = if url.scheme() == "https" { "HTTPS_PROXY" } else { "HTTP_PROXY" };
    let Some((name, value)) = [own, "ALL_PROXY"].into_iter().find_map(|name| Some((name, get(name)?))) else {
        return Ok(None);
    };
    if get("NO_PROXY").is_some_and(|list| is_excluded(url, &list)) {
        return Ok(None);
    }
    match parse(value.trim()) {
        Ok(proxy) => {
            let name = format!("{} (from {name})", name_of(&proxy));
            Ok(Some((proxy, name)))
        }
        Err(_) => Err(Error::InvalidState(format!("the environment variable {name} holds no usable proxy URL"))),
    }
}

/// Without the user and password that its URL may hold.
fn name_of(proxy: &Proxy) -> String {
    format!("the proxy {}:{}", proxy.host(), proxy.port())
}

/// Whether a list such as `localhost,.example.com,10.0.0.1:8080,192.168.0.0/16` covers the URL's host: by the host itself, a
/// domain or network that it is in, or `*`.
fn is_excluded(url: &Url, list: &str) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
    list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if let (Ok(network), Ok(address)) = (entry.parse::<IpNet>(), host.parse::<IpAddr>()) {
            return network.contains(&address);
        }
        let (name, port) = split_port(entry);
        if port.is_some() && port != url.port_or_known_default() {
            return false;
        }
        let name = name.trim_matches(['[', ']']).trim_start_matches("*.").trim_start_matches('.').to_ascii_lowercase();
        host == name || host.strip_suffix(&name).is_some_and(|rest| rest.ends_with('.'))
    })
}

fn split_port(entry: &str) -> (&str, Option<u16>) {
    let plain_ipv6 = entry.matches(':').count() > 1 && !entry.starts_with('[');
    match entry.rsplit_once(':') {
        Some((name, port)) if !plain_ipv6 && !port.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(url: &str, variables: &[(&str, &str)]) -> Option<String> {
        let url = Url::parse(url).unwrap();
        let look = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
        from_environment(&url, look).unwrap().map(|(proxy, _)| format!("{}:{}", proxy.host(), proxy.port()))
    }

    #[test]
    fn the_variable_of_the_scheme_counts_in_both_cases() {
        assert_eq!(chosen("https://h/", &[("HTTPS_PROXY", "http://p:1")]), Some("p:1".into()));
        assert_eq!(chosen("https://h/", &[("https_proxy", "http://p:2")]), Some("p:2".into()));
        assert_eq!(chosen("http://h/", &[("https_proxy", "http://p:2")]), None);
        assert_eq!(chosen("http://h/", &[("http_proxy", "p:3")]), Some("p:3".into()));
        assert_eq!(chosen("http://h/", &[("HTTP_PROXY", "http://p:4"), ("http_proxy", "")]), None);
        assert_eq!(chosen("http://h/", &[("ALL_PROXY", "http://p:5")]), Some("p:5".into()));
    }

    #[test]
    fn a_header_of_a_cgi_request_is_ignored() {
        let cgi = ("REQUEST_METHOD", "GET");
        assert_eq!(chosen("http://h/", &[cgi, ("HTTP_PROXY", "http://evil:1")]), None);
        assert_eq!(chosen("http://h/", &[cgi, ("http_proxy", "http://p:1")]), Some("p:1".into()));
        assert_eq!(chosen("https://h/", &[cgi, ("HTTPS_PROXY", "http://p:1")]), Some("p:1".into()));
    }

    #[test]
    fn no_proxy_lists_hosts_domains_networks_and_ports() {
        for (url, list, direct) in [
            ("http://localhost:1/", "localhost", true),
            ("http://api.example.com/", "example.com", true),
            ("http://api.example.com/", ".example.com", true),
            ("http://api.example.com/", "*.example.com", true),
            ("http://notexample.com/", "example.com", false),
            ("http://h:8080/", "h:8080", true),
            ("http://h:8081/", "other, h:8080", false),
            ("http://[::1]:5/", "::1", true),
            ("http://[::1]:5/", "[::1]:5", true),
            ("http://10.1.2.3/", "10.0.0.0/8", true),
            ("http://11.1.2.3/", "10.0.0.0/8", false),
            ("http://10.1.2.3:8080/", "localhost, 10.1.2.0/24", true),
            ("http://[fd00::5]/", "fd00::/8", true),
            ("http://[fe00::5]/", "fd00::/8", false),
            ("http://host.example/", "10.0.0.0/8", false),
            ("http://h/", "*", true),
            ("http://h/", " , ", false),
        ] {
            let found = chosen(url, &[("http_proxy", "http://p:1"), ("NO_PROXY", list)]);
            assert_eq!(found.is_none(), direct, "{url} {list}");
        }
    }

    #[test]
    fn a_bad_proxy_is_refused_without_its_password() {
        for bad in ["socks5://user:secret@p:1", "http://", "http://user:secret@:1", "p:70000", "http://p:secret"] {
            let error = parse(bad).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
