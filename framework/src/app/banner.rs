//! What a developer sees when the app has started.

use std::fmt::Write;
use std::net::SocketAddr;

use crate::config::Config;

/// The addresses of the API, the pages and the metrics.
pub(super) fn banner(config: &Config, title: &str, bound: SocketAddr, private: Option<SocketAddr>) -> String {
    let mut lines = vec![("api", format!("http://{}{}", reachable(bound), config.server.prefix))];
    if config.docs.enabled {
        lines.push(("docs", format!("http://{}/docs", reachable(bound))));
    }
    lines.push(("metrics", format!("http://{}/metrics", reachable(private.unwrap_or(bound)))));
    lines.push(("health", format!("http://{}/health/ready", reachable(bound))));

    let mut text = format!("\n  {title} ({})\n\n", config.profile);
    for (name, url) in lines {
        writeln!(text, "  {name:<9}{url}").expect("writing to a String cannot fail");
    }
    text
}

/// `0.0.0.0` is where one listens, not where one goes.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let host = if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
        address.set_ip(host);
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banner_names_addresses_that_can_be_opened() {
        let bound = "0.0.0.0:8000".parse().expect("an address");
        let private = "127.0.0.1:9000".parse().expect("an address");
        let text = banner(&Config::default(), "Books", bound, Some(private));
        assert!(text.contains("Books (development)"), "{text}");
        assert!(text.contains("api      http://127.0.0.1:8000\n"), "{text}");
        assert!(text.contains("docs     http://127.0.0.1:8000/docs\n"), "{text}");
        assert!(text.contains("metrics  http://127.0.0.1:9000/metrics\n"), "{text}");
    }
}
