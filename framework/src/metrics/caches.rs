//! The handles of caches, with their labels resolved.

use prometheus::{IntCounter, IntCounterVec};

use super::Metrics;

/// The count cache's handles of one model.
#[derive(Clone)]
#[expect(missing_docs, reason = "each is named after its metric in TABLE")]
pub struct CountCacheMetrics {
    pub hits: IntCounter,
    pub misses: IntCounter,
    pub fill_refused: IntCounter,
    pub mismatch: IntCounter,
    bypassed: IntCounterVec,
    model: Box<str>,
}

impl CountCacheMetrics {
    /// Counts a total for which the cache was not asked; `reason` is a word of the code, never a request's.
    pub fn bypassed(&self, reason: &'static str) {
        self.bypassed.with_label_values(&[&self.model, reason]).inc();
    }
}

/// The answer cache's handles of one endpoint.
#[derive(Clone)]
#[expect(missing_docs, reason = "each is named after its metric in TABLE")]
pub struct AnswerCacheMetrics {
    pub hits: IntCounter,
    pub misses: IntCounter,
}

impl Metrics {
    /// The count cache's handles of one model.
    #[must_use]
    pub fn count_cache(&self, model: &str) -> CountCacheMetrics {
        CountCacheMetrics {
            hits: self.pagination_count_cache_hits_total.with_label_values(&[model]),
            misses: self.pagination_count_cache_misses_total.with_label_values(&[model]),
            fill_refused: self.pagination_count_cache_fill_refused_total.with_label_values(&[model]),
            mismatch: self.pagination_count_cache_mismatch_total.with_label_values(&[model]),
            bypassed: self.pagination_count_cache_bypassed_total.clone(),
            model: model.into(),
        }
    }

    /// The answer cache's handles of one endpoint, by its route's template.
    #[must_use]
    pub fn answer_cache(&self, endpoint: &str) -> AnswerCacheMetrics {
        AnswerCacheMetrics {
            hits: self.answer_cache_hits_total.with_label_values(&[endpoint]),
            misses: self.answer_cache_misses_total.with_label_values(&[endpoint]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_its_metrics_from_the_start_and_reasons_as_they_come() {
        let metrics = Metrics::new("1.0.0").expect("the table is valid");
        let authors = metrics.count_cache("Author");
        authors.hits.inc();
        authors.bypassed("transaction");
        metrics.answer_cache("/books").misses.inc();
        let text = String::from_utf8(metrics.text().expect("gathered")).expect("UTF-8");
        for line in [
            "pagination_count_cache_hits_total{model=\"Author\"} 1",
            "pagination_count_cache_mismatch_total{model=\"Author\"} 0",
            "pagination_count_cache_bypassed_total{model=\"Author\",reason=\"transaction\"} 1",
            "answer_cache_hits_total{endpoint=\"/books\"} 0",
            "answer_cache_misses_total{endpoint=\"/books\"} 1",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
