//! `#[model(hooks)]`

use couplet::prelude::*;

#[derive(Model)]
#[model(hooks, table = "pages")]
pub struct Page {
    pub id: i64,
    pub title: String,
    pub subtitle: Option<String>,
}

impl Hooks for Page {
    async fn before_create(draft: &mut Draft<Self>, context: &mut HookContext<'_>) -> Result<()> {
        let title = draft.get(Page::TITLE).unwrap_or_default();
        if Page::query().filter(Page::TITLE.eq(title.as_str())).first(&mut *context).await?.is_some() {
            draft.set(Page::TITLE, format!("{title} (2)"));
        }
        draft.set(Page::SUBTITLE, None);
        draft.unset(Page::SUBTITLE);
        Ok(())
    }
}

#[derive(Model)]
pub struct Plain {
    pub id: i64,
}

#[test]
fn only_a_model_that_asks_has_hooks() {
    assert!(Page::META.hooks.is_some());
    assert!(Plain::META.hooks.is_none());
}
