//! From sources to settings, or to every mistake in them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use figment::error::{Actual, Error as FigmentError, Kind};
use figment::value::{Dict, Value};
use figment::{Figment, Metadata};

use super::source::{File, Variable};
use super::{Config, Profile, REFERENCE};
use crate::error::{Error, Result};

const FILE: &str = "Couplet.toml";
const PROFILE: &str = "COUPLET_PROFILE";

/// What settings are read from, above the defaults.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The text of `Couplet.toml`.
    pub file: Option<String>,
    /// The variables of the environment; those that are no settings are ignored.
    pub variables: Vec<(String, String)>,
}

impl Sources {
    /// `Couplet.toml` of the working directory, or of the package that `cargo run` runs, and the process's environment.
    ///
    /// # Errors
    ///
    /// The file is there and cannot be read.
    pub fn of_process() -> Result<Self> {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").map(|folder| PathBuf::from(folder).join(FILE));
        let mut file = None;
        for path in std::iter::once(PathBuf::from(FILE)).chain(package) {
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    file = Some(text);
                    break;
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(Error::Configuration(format!("{} cannot be read: {error}", path.display())));
                }
            }
        }
        let text = |text: std::ffi::OsString| text.into_string().ok();
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?)));
        Ok(Self { file, variables: variables.collect() })
    }

    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] with every mistake, one a line.
    pub fn load(&self) -> Result<Config> {
        let mut mistakes = Vec::new();
        let profile = self.profile().unwrap_or_else(|mistake| {
            mistakes.push(mistake);
            Profile::of_build()
        });
        let reference = File::read("reference.toml", REFERENCE).map_err(Error::Configuration)?;
        let defaults = Figment::from(&reference).select(profile.name());
        let known: BTreeSet<String> = reference.sections().flat_map(keys).collect();

        let mut figment = defaults.clone();
        match self.file.as_ref().map(|text| File::read(FILE, text)) {
            None => {}
            Some(Err(mistake)) => mistakes.push(mistake),
            Some(Ok(file)) => {
                let unknown = |key: &String| !known.contains(key);
                let keys: BTreeSet<String> = file.sections().flat_map(keys).filter(unknown).collect();
                mistakes.extend(keys.iter().map(|key| unknown_key(key, file.name(), &known)));
                figment = figment.merge(&file);
            }
        }
        // The long name comes last and wins over the short one.
        let mut variables: Vec<Variable> =
            self.variables.iter().filter_map(|(name, value)| Variable::new(name, value)).collect();
        variables.sort_by_key(|variable| (variable.name.starts_with("COUPLET_"), variable.name.clone()));
        for variable in &variables {
            match known.contains(&variable.key) {
                true => figment = figment.merge(variable),
                false => mistakes.push(unknown_key(&variable.key, &variable.name, &known)),
            }
        }

        mistakes.extend(known.iter().filter_map(|key| mistake_in(key, &figment, &defaults)));
        if !mistakes.is_empty() {
            return Err(Error::Configuration(mistakes.join("\n")));
        }
        let config: Config = figment.extract_lossy().map_err(|error| Error::Configuration(describe(&error, "")))?;
        Ok(Config { profile, ..config })
    }

    fn profile(&self) -> std::result::Result<Profile, String> {
        let Some((_, name)) = self.variables.iter().find(|(name, _)| name == PROFILE) else {
            return Ok(Profile::of_build());
        };
        Profile::named(name).ok_or_else(|| {
            let accepted = Profile::ALL.map(Profile::name).join(", ");
            format!("{PROFILE}: unknown profile \"{name}\"; accepted: {accepted}")
        })
    }
}

/// The keys of all leaves, as in `database.url`.
fn keys(sections: &Dict) -> Vec<String> {
    let mut keys = Vec::new();
    for (name, value) in sections {
        match value {
            Value::Dict(_, inner) => {
                keys.extend(self::keys(inner).into_iter().map(|key| format!("{name}.{key}")));
            }
            _ => keys.push(name.clone()),
        }
    }
    keys
}

fn unknown_key(key: &str, source: &str, known: &BTreeSet<String>) -> String {
    if let Some((profile, setting)) = key.split_once('.').filter(|(_, setting)| known.contains(*setting)) {
        let mistake = format!("{source}: `{profile}` of `{profile}.{setting}` is no profile");
        return match nearest(profile, Profile::ALL.map(Profile::name)) {
            Some(name) => format!("{mistake}; did you mean the profile `{name}`?"),
            None => format!("{mistake}; profiles: {}", Profile::ALL.map(Profile::name).join(", ")),
        };
    }
    match nearest(key, known.iter().map(String::as_str)) {
        Some(nearest) => format!("{source}: unknown setting `{key}`; did you mean `{nearest}`?"),
        None => {
            format!("{source}: unknown setting `{key}`; known: {}", Vec::from_iter(known.iter().cloned()).join(", "))
        }
    }
}

fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let likeness = |name: &str| strsim::jaro_winkler(word, name);
    let names = names.into_iter().filter(|name| likeness(name) > 0.8);
    names.max_by(|left, right| likeness(left).total_cmp(&likeness(right)))
}

/// Reads all settings with this one in place and the rest as they are by default: a mistake is then this one's, and a
/// mistake in one setting does not hide another.
fn mistake_in(key: &str, figment: &Figment, defaults: &Figment) -> Option<String> {
    let value = figment.find_value(key).ok()?;
    let source = figment.find_metadata(key).map(|Metadata { name, .. }| name.to_string()).unwrap_or_default();
    let error = defaults.clone().merge((key, value)).extract_lossy::<Config>().err()?;
    Some(format!("{source}: {key}: {}", describe(&error, key)))
}

fn describe(error: &FigmentError, key: &str) -> String {
    let (found, expected) = match &error.kind {
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => (shown(found), plain(expected)),
        Kind::UnknownVariant(found, accepted) => (format!("\"{found}\""), format!("one of {}", accepted.join(", "))),
        Kind::Message(message) => return message.to_lowercase(),
        other => return other.to_string(),
    };
    match key {
        "database.url" | "redis.url" => format!("expected {expected}"),
        _ => format!("expected {expected}, found {found}"),
    }
}

fn shown(found: &Actual) -> String {
    match found {
        Actual::Str(text) => format!("\"{text}\""),
        Actual::Signed(number) => number.to_string(),
        Actual::Unsigned(number) => number.to_string(),
        other => other.to_string(),
    }
}

fn plain(expected: &str) -> String {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number".to_owned(),
        "a boolean" | "bool" => "`true` or `false`".to_owned(),
        "a string" => "a text in quotes".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Sources { file: Some(file.to_owned()), variables }.load()
    }

    fn mistakes(file: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let error = load(file, variables).expect_err("there are mistakes");
        error.to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_reference_holds_the_defaults_of_the_contract() {
        let config = Config::default();
        assert_eq!(config.database.url.expose(), "sqlite://data/app.db");
        assert_eq!((config.database.pool_size, config.database.max_overflow), (20, 10));
        assert_eq!(config.database.pool_timeout, Duration::from_secs(1));
        assert_eq!(config.database.pool_idle_timeout, Duration::from_secs(30));
        assert_eq!(config.database.pool_recycle, Duration::from_secs(3600));
        assert_eq!(config.database.slow_query_threshold, Duration::from_millis(100));
        assert_eq!(config.server.bind.to_string(), "127.0.0.1:8000");
        assert_eq!(config.server.body_limit, 1 << 20);
        assert_eq!(config.server.request_deadline, Duration::from_secs(5));
        assert_eq!(config.server.admin_bind, None);
        assert_eq!((config.redis.url, config.redis.max_connections), (None, 50));
        assert_eq!(config.redis.command_timeout, Duration::from_millis(50));
        assert_eq!(config.redis.connect_timeout, Duration::from_millis(500));
        assert_eq!(config.redis.health_check_interval, Duration::from_millis(250));
        assert_eq!(
            (config.cache.count_ttl, config.cache.default_ttl),
            (Duration::from_secs(300), Duration::from_secs(300))
        );
        assert_eq!(config.cache.max_memory_entries, 1000);
    }

    #[test]
    fn the_environment_wins_over_the_profile_and_the_profile_over_the_file() {
        let file = "[database]\npool_size = 1\nmax_overflow = 2\n[test.database]\npool_size = 3\n";
        let config = load(file, &[("COUPLET_PROFILE", "test")]).expect("valid");
        assert_eq!((config.profile, config.database.pool_size, config.database.max_overflow), (Profile::Test, 3, 2));
        let variables = [("COUPLET_PROFILE", "test"), ("COUPLET_DATABASE__POOL_SIZE", "4")];
        assert_eq!(load(file, &variables).expect("valid").database.pool_size, 4);
        assert_eq!(load(file, &[("COUPLET_PROFILE", "production")]).expect("valid").database.pool_size, 1);
    }

    #[test]
    fn short_names_are_read_and_long_ones_win_over_them() {
        let short = ("DATABASE_URL", "sqlite::memory:");
        assert_eq!(load("", &[short]).expect("valid").database.url.expose(), "sqlite::memory:");
        let both = [("COUPLET_DATABASE__URL", "sqlite://b.db"), short];
        assert_eq!(load("", &both).expect("valid").database.url.expose(), "sqlite://b.db");
        let rest = [("BIND", "[::1]:0"), ("RUST_LOG", "debug"), ("REDIS_URL", "redis://localhost"), ("COUPLET_X", "1")];
        let config = load("", &rest).expect("valid");
        assert_eq!(config.redis.url.expect("a URL").expose(), "redis://localhost");
        assert_eq!((config.server.bind.to_string().as_str(), config.log.filter.as_str()), ("[::1]:0", "debug"));
    }

    #[test]
    fn texts_that_look_like_numbers_or_lists_stay_texts() {
        assert_eq!(load("", &[("RUST_LOG", "12345")]).expect("valid").log.filter, "12345");
        let origins = ("COUPLET_SERVER__CORS_ORIGINS", "https://a.example, http://localhost:3000");
        assert_eq!(
            load("", &[origins]).expect("valid").server.cors_origins,
            ["https://a.example", "http://localhost:3000"]
        );
        assert!(!load("", &[("COUPLET_DOCS__ENABLED", "false")]).expect("valid").docs.enabled);
    }

    #[test]
    fn every_mistake_is_named_with_its_source_and_what_is_accepted() {
        let file = "[server]\nbind = 8000\nrequest_deadline = 5\n[databse]\nurl = \"x\"\n[log]\nformat = \"xml\"\n";
        let variables = [
            ("COUPLET_DATABASE__POOL_SIZE", "many"),
            ("COUPLET_DATABASE__MAX_OVERFLO", "1"),
            ("COUPLET_PROFILE", "prod"),
            ("COUPLET_SERVER__PREFIX", "api"),
        ];
        assert_eq!(
            mistakes(file, &variables),
            [
                "COUPLET_PROFILE: unknown profile \"prod\"; accepted: development, production, test",
                "Couplet.toml: unknown setting `databse.url`; did you mean `database.url`?",
                "COUPLET_DATABASE__MAX_OVERFLO: unknown setting `database.max_overflo`; did you mean `database.max_overflow`?",
                "COUPLET_DATABASE__POOL_SIZE: database.pool_size: expected a whole number, found \"many\"",
                "Couplet.toml: log.format: expected one of auto, human, json, found \"xml\"",
                "Couplet.toml: server.bind: expected a text in quotes, found 8000",
                "COUPLET_SERVER__PREFIX: server.prefix: expected a path such as `/api/v1`, or an empty text, found \"api\"",
                "Couplet.toml: server.request_deadline: expected a duration such as `250ms`, `5s`, `10min`, `1h` or `1d`, found \"5\"",
            ]
        );
    }

    #[test]
    fn a_profile_that_is_none_is_named() {
        let file = "[prodution.server]\nbind = \"[::1]:0\"\n[staging.log]\nfilter = \"warn\"\n";
        assert_eq!(
            mistakes(file, &[]),
            [
                "Couplet.toml: `prodution` of `prodution.server.bind` is no profile; did you mean the profile `production`?",
                "Couplet.toml: `staging` of `staging.log.filter` is no profile; profiles: development, production, test",
            ]
        );
    }

    #[test]
    fn a_section_may_be_empty() {
        let file = "[server]\n# bind = \"127.0.0.1:8000\"\n[log]\n[production.database]\n";
        assert_eq!(load(file, &[]).expect("valid").log, Config::default().log);
    }

    #[test]
    fn a_text_that_is_no_toml_names_the_line() {
        assert_eq!(mistakes("[server]\nbind = = 1", &[]).len(), 1);
        assert!(mistakes("[server]\nbind = = 1", &[])[0].starts_with("Couplet.toml line 2: "));
    }

    #[test]
    fn a_secret_is_in_no_message() {
        let lines = mistakes("", &[("DATABASE_URL", "mysql://me:hunter2@localhost/app")]);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with("DATABASE_URL: database.url: expected `sqlite://path`"), "{lines:?}");
        assert!(!lines[0].contains("hunter2"));
        let config = load("", &[("DATABASE_URL", "postgres://me:hunter2@localhost/app")]).expect("valid");
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn a_url_of_redis_has_a_scheme_and_a_host_and_is_in_no_message() {
        for url in ["redis://:hunter2@localhost:6379/0", "rediss://localhost", "redis+sentinel://a:1,b:2/main/0"] {
            let config = load("", &[("REDIS_URL", url)]).expect("valid");
            assert!(!format!("{config:?}").contains("hunter2"));
        }
        assert_eq!(load("", &[("REDIS_URL", "")]).expect("valid").redis.url, None);
        for wrong in ["hunter2:6379", "http://:hunter2@localhost", "redis://", "7"] {
            let lines = mistakes("", &[("REDIS_URL", wrong)]);
            assert_eq!(
                lines,
                ["REDIS_URL: redis.url: expected `redis://:password@host:6379/0`, `rediss://..` with TLS, \
                  `redis+sentinel://host:26379/service/0`, `redis+cluster://host:6379,host:6379`, or an empty text"]
            );
        }
    }

    #[test]
    fn keys_of_cursors_are_one_or_two_and_never_printed() {
        let (one, two) = ("hunter2 ".repeat(4), "hunter3 ".repeat(4));
        let both = format!("{},{}", one.trim(), "x".repeat(32));
        let config =
            load("", &[("COUPLET_PAGINATION__CURSOR_KEYS", &both.replace("hunter2", "hunter22"))]).expect("valid");
        assert_eq!(config.pagination.cursor_keys.len(), 2);
        assert!(!format!("{config:?}").contains("hunter"));
        assert_eq!(Config::default().pagination.cursor_keys, []);
        for wrong in ["[\"hunter2\"]".to_owned(), format!("[\"{one}\", \"{two}\", \"{one}\"]"), "7".to_owned()] {
            let lines = mistakes(&format!("[pagination]\ncursor_keys = {wrong}"), &[]);
            let expected = "expected one key or two, each of at least 32 characters";
            assert_eq!(lines, [format!("Couplet.toml: pagination.cursor_keys: {expected}")]);
        }
    }

    #[test]
    fn the_documentation_lists_every_setting_of_the_reference() {
        let page = include_str!("../../../docs/reference/settings.md").replace("\r\n", "\n");
        let table = table(REFERENCE);
        assert!(page.contains(&table), "docs/reference/settings.md should contain\n\n{table}");
    }

    /// The reference as tables, a section each.
    fn table(reference: &str) -> String {
        let (mut table, mut section, mut comment) = (String::new(), "", Vec::new());
        for line in reference.lines() {
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']');
                table += &format!("\n## `[{section}]`\n\n| key | default | |\n|---|---|---|\n");
                comment.clear();
            } else if let Some(text) = line.strip_prefix('#') {
                comment.push(text.trim());
            } else if let Some((key, default)) = line.split_once(" = ") {
                assert!(!comment.is_empty(), "{section}.{key} is not documented");
                table += &format!("| `{section}.{key}` | `{default}` | {} |\n", comment.join(" "));
                comment.clear();
            }
        }
        table
    }
}
