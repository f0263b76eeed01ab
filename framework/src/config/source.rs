//! Where settings come from, as figment reads it.

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::profile;

/// A TOML text: sections, and sections below the name of a profile.
pub(super) struct File {
    name: String,
    data: Map<Profile, Dict>,
}

impl File {
    /// Reads the text of the file `name`.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, and in which line.
    pub(super) fn read(name: &str, text: &str) -> Result<Self, String> {
        let mut sections: Dict = Toml::from_str(text).map_err(|error| {
            let line = text[..error.span().map_or(0, |span| span.start)].matches('\n').count() + 1;
            format!("{name} line {line}: {}", error.message().replace('\n', " "))
        })?;
        let mut data = Map::new();
        for profile in profile::Profile::ALL {
            match sections.remove(profile.name()) {
                Some(Value::Dict(_, overrides)) => data.insert(Profile::new(profile.name()), overrides),
                Some(_) => return Err(format!("{name}: `{profile}` is a profile and takes sections below it")),
                None => None,
            };
        }
        data.insert(Profile::Default, sections);
        Ok(Self { name: name.to_owned(), data })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The sections that hold in every profile, and each profile's own.
    pub(super) fn sections(&self) -> impl Iterator<Item = &Dict> {
        self.data.values()
    }
}

impl Provider for File {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(self.data.clone())
    }
}

/// A variable of the environment that is a setting. Its value stays a text, so that a password of digits is one.
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) key: String,
    pub(super) value: String,
}

impl Variable {
    /// The setting that a variable stands for, if it does: the short names, and `COUPLET_SECTION__KEY`.
    pub(super) fn new(name: &str, value: &str) -> Option<Self> {
        let key = match name {
            "DATABASE_URL" => "database.url".to_owned(),
            "REDIS_URL" => "redis.url".to_owned(),
            "BIND" => "server.bind".to_owned(),
            "RUST_LOG" => "log.filter".to_owned(),
            name => {
                let path = name.strip_prefix("COUPLET_").filter(|path| path.contains("__"))?;
                path.to_ascii_lowercase().replace("__", ".")
            }
        };
        Some(Self { name: name.to_owned(), key, value: value.to_owned() })
    }
}

impl Provider for Variable {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let value = figment::util::nest(&self.key, Value::from(self.value.clone()));
        let dict = value.into_dict().unwrap_or_default();
        // Above the sections of the selected profile.
        Ok(Map::from([(Profile::Global, dict)]))
    }
}
