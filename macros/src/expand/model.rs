//! `impl Model`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Ident, LitByteStr, LitStr};

use super::{column, enclosed, hooks, input, option, relation, token};
use crate::attr::FieldAttr;
use crate::check::check;
use crate::crate_path;
use crate::diagnostics::Diagnostics;
use crate::model::{Column, Computed, Generated, Model};
use crate::naming::plain;

/// Everything that `derive(Model)` writes. With a mistake the bodies are left out, so that rustc reports no second one
/// about names that are missing.
pub(crate) fn model(derive: &DeriveInput, diagnostics: &mut Diagnostics) -> TokenStream {
    let Some(mut model) = Model::read(derive, diagnostics) else { return TokenStream::new() };
    check(&model, diagnostics);
    let private = crate_path::private();
    if !diagnostics.is_empty() {
        model.remove_broken();
    }
    let inputs = input::structs(&model, &private);
    let tokens = token::constants(&model);
    let input_impls = input::impls(&model);
    let (body, checks) = if diagnostics.is_empty() {
        (Body::whole(&model), relation::checks(&model))
    } else {
        (Body::stub(), TokenStream::new())
    };
    let model_impl = model_impl(&model, &body);
    let enclosed = enclosed(&private, &quote!(#tokens #input_impls #checks #model_impl));
    quote!(#inputs #enclosed)
}

/// The parts of the implementation that need every attribute to be right.
struct Body {
    checks: TokenStream,
    computed: Vec<TokenStream>,
    relations: Vec<TokenStream>,
    hooks: (TokenStream, TokenStream),
    decode: TokenStream,
    attach: TokenStream,
    write_json: TokenStream,
    encode: TokenStream,
    key: TokenStream,
}

impl Body {
    fn whole(model: &Model) -> Self {
        Self {
            checks: column::checks(model),
            computed: model.computed.iter().map(|computed| computed_meta(&model.ident, computed)).collect(),
            relations: relation::metas(model),
            hooks: hooks::table(model),
            decode: decode(model),
            attach: relation::attach(model),
            write_json: write_json(model),
            encode: encode(model),
            key: key_value(model),
        }
    }

    fn stub() -> Self {
        let body = quote!(loop {});
        Self {
            checks: TokenStream::new(),
            computed: Vec::new(),
            relations: Vec::new(),
            hooks: (TokenStream::new(), option(None)),
            decode: body.clone(),
            attach: body.clone(),
            write_json: body.clone(),
            encode: quote!(|_, _| #body),
            key: body,
        }
    }
}

fn model_impl(model: &Model, body: &Body) -> TokenStream {
    let Model { ident, doc, table, .. } = model;
    let (new, patch) = (input::new_ident(model), input::patch_ident(model));
    let name = plain(ident);
    let schema = option(model.attr.schema.as_ref().map(|schema| quote!(#schema)));
    let (view, shared) = (model.attr.view.is_some(), model.attr.shared.is_some());
    let full_text = option(model.attr.full_text.as_ref().map(|(_, configuration)| {
        let configuration = configuration.as_ref().map_or_else(|| "simple".to_owned(), LitStr::value);
        quote!(#configuration)
    }));
    let columns = column::metas(model);
    let count = columns.len();
    let key_indexes = model.key();
    let key_type = key_type(model);
    let unique = unique(model);
    let Body { checks, computed, relations, hooks: (hook_table, hooks), decode, attach, write_json, encode, key } =
        body;
    let keeps_deleted = model.columns.iter().any(|column| column.generated == Some(Generated::DeletedAt));
    let soft_delete = keeps_deleted.then(|| {
        quote! {
            #[automatically_derived]
            impl __couplet::SoftDelete for #ident {}
        }
    });
    quote! {
        static COLUMNS: [__couplet::ColumnMeta; #count] = [#(#columns),*];
        // A static, since the address of a model tells it from others.
        static META: __couplet::ModelMeta = __couplet::ModelMeta {
            name: #name,
            doc: #doc,
            schema: #schema,
            table: #table,
            view: #view,
            shared: #shared,
            full_text: #full_text,
            columns: &COLUMNS,
            key: <#ident as __couplet::Model>::KEY,
            unique: &[#(#unique),*],
            computed: &[#(#computed),*],
            relations: &[#(#relations),*],
            encode: #encode,
            hooks: #hooks,
        };
        #hook_table
        #checks
        #soft_delete

        #[automatically_derived]
        impl __couplet::Model for #ident {
            type Key = #key_type;
            type Scope = ();
            type New = #new;
            type Patch = #patch;

            const COLUMNS: &'static [__couplet::ColumnMeta] = &COLUMNS;
            const KEY: &'static [usize] = &[#(#key_indexes),*];
            const META: &'static __couplet::ModelMeta = &META;

            #[allow(unused_variables, clippy::empty_loop)]
            fn decode(row: &dyn __couplet::Row) -> __couplet::Result<Self, __couplet::DecodeError> {
                #decode
            }

            #[allow(unused_variables, clippy::empty_loop)]
            fn attach(
                &mut self,
                relation: usize,
                related: &__couplet::Related<'_>,
            ) -> __couplet::Result<(), __couplet::DecodeError> {
                #attach
            }

            #[allow(unused_variables, clippy::empty_loop)]
            fn write_json(&self, out: &mut __couplet::Vec<u8>) {
                #write_json
            }

            #[allow(clippy::empty_loop)]
            fn key(&self) -> Self::Key {
                #key
            }
        }
    }
}

/// The columns of each unique key.
fn unique(model: &Model) -> Vec<TokenStream> {
    let index = |field: &syn::Ident| model.columns.iter().position(|column| plain(&column.field) == plain(field));
    let keys = model.attr.unique.iter().map(|unique| unique.fields.iter().filter_map(index));
    keys.map(|indexes| quote!(&[#(#indexes),*])).collect()
}

/// The key's type, or any that is one where the key is a mistake.
fn key_type(model: &Model) -> TokenStream {
    let key = model.key();
    let types: Vec<_> = key.iter().map(|index| &model.columns[*index].ty).collect();
    match types[..] {
        [] => quote!(i64),
        [ty] => quote!(#ty),
        _ => quote!((#(#types),*)),
    }
}

fn key_value(model: &Model) -> TokenStream {
    let key = model.key();
    let values: Vec<_> = key
        .iter()
        .map(|index| {
            let field = &model.columns[*index].field;
            quote!(__couplet::Clone::clone(&self.#field))
        })
        .collect();
    match &values[..] {
        [value] => value.clone(),
        values => quote!((#(#values),*)),
    }
}

/// Columns come from the row, relations are empty, and computed fields are set once the rest is there.
fn decode(model: &Model) -> TokenStream {
    let columns = model.columns.iter().enumerate().map(|(index, column)| {
        let field = &column.field;
        let decode = column::call(column, "decode");
        quote!(#field: #decode(row, #index)?)
    });
    let relations = model.relations.iter().map(|it| (&it.field, it.field.span()));
    let rest = relations.chain(model.computed.iter().map(|it| (&it.field, it.ty.span())));
    let rest = rest.map(|(field, span)| quote_spanned!(span=> #field: __couplet::Default::default()));
    let fields = columns.chain(rest);
    if model.computed.is_empty() {
        return quote!(__couplet::Result::Ok(Self { #(#fields),* }));
    }
    let computed = model.computed.iter().map(|computed| {
        let Computed { field, attr: FieldAttr { computed: path, .. }, .. } = computed;
        quote_spanned!(path.span()=> record.#field = #path(&record);)
    });
    quote! {
        let mut record = Self { #(#fields),* };
        #(#computed)*
        __couplet::Result::Ok(record)
    }
}

/// Names are constant bytes, comma and colon included. Fields that are not written are read all the same, since rustc
/// would warn about them where nothing else does.
fn write_json(model: &Model) -> TokenStream {
    let columns = model.columns.iter().filter(|column| readable(column)).map(|it| (&it.api_name, &it.field, &it.ty));
    let computed = model.computed.iter().map(|it| (&it.api_name, &it.field, &it.ty));
    let members: Vec<_> = columns.chain(computed).collect();
    let members = members.iter().enumerate().map(|(index, (name, field, ty))| {
        let bytes = begin(index, name, field.span());
        let write = column::function(ty, "write_json");
        quote! {
            out.extend_from_slice(#bytes);
            #write(&self.#field, out);
        }
    });
    let members: Vec<_> = members.collect();
    let begin = if members.is_empty() { quote!(out.push(b'{');) } else { TokenStream::new() };
    let relations = model.relations.iter().map(|relation| {
        let (field, name) = (&relation.field, LitStr::new(&relation.api_name, relation.field.span()));
        let write = relation::constant(&relation.target, "write_json");
        quote!(self.#field.write_member(#name, out, #write);)
    });
    let to_many = model.relations.iter().filter(|relation| relation.kind.to_many());
    let counted = to_many.map(|it| (LitStr::new(&it.api_name, it.field.span()), &it.field));
    let counted: Vec<_> = counted.map(|(name, field)| quote!((#name, self.#field.counted()))).collect();
    let counts = if counted.is_empty() { TokenStream::new() } else { quote!(__couplet::counts([#(#counted),*], out);) };
    let secret: Vec<_> = model.columns.iter().filter(|column| !readable(column)).map(|it| &it.field).collect();
    let reads = if secret.is_empty() { TokenStream::new() } else { quote!(let _ = (#(&self.#secret,)*);) };
    quote! {
        #reads
        #begin
        #(#members)*
        #(#relations)*
        #counts
        out.push(b'}');
    }
}

/// A row as JSON, each value straight from the row. Only a computed field needs the struct.
fn encode(model: &Model) -> TokenStream {
    let ident = &model.ident;
    if !model.computed.is_empty() {
        return quote!(__couplet::encode::<#ident>);
    }
    let columns = model.columns.iter().enumerate().filter(|(_, column)| readable(column));
    let members: Vec<_> = columns
        .enumerate()
        .map(|(place, (index, column))| {
            let begin = begin(place, &column.api_name, column.field.span());
            let write = column::call(column, "write_column");
            quote! {
                out.extend_from_slice(#begin);
                #write(row, #index, out)?;
            }
        })
        .collect();
    let begin = if members.is_empty() { quote!(out.push(b'{');) } else { TokenStream::new() };
    quote! {
        |row, out| {
            #begin
            #(#members)*
            out.push(b'}');
            __couplet::Result::Ok(())
        }
    }
}

/// What stands before the value of a member, as bytes.
fn begin(place: usize, name: &str, span: Span) -> LitByteStr {
    let begin = if place == 0 { '{' } else { ',' };
    LitByteStr::new(format!("{begin}\"{name}\":").as_bytes(), span)
}

fn readable(column: &Column) -> bool {
    column.attr.hidden.is_none() && column.attr.write_only.is_none()
}

fn computed_meta(model: &Ident, computed: &Computed) -> TokenStream {
    let Computed { field, api_name, doc, ty, .. } = computed;
    let write = column::function(ty, "write_json");
    let (column_type, nullable) = (column::constant(ty, "TYPE"), column::constant(ty, "NULLABLE"));
    quote! {
        __couplet::ComputedMeta {
            api_name: #api_name,
            doc: #doc,
            ty: #column_type,
            nullable: #nullable,
            write: |row, out| {
                #write(&<#model as __couplet::Model>::decode(row)?.#field, out);
                __couplet::Result::Ok(())
            },
        }
    }
}
