//! A server with a list of books, its specification and the documentation pages.

use couplet::http::docs;
use poem::{
    Route, Server, get, handler,
    listener::{Acceptor, Listener, TcpListener},
    web::Json,
};
use serde_json::{Value, json};

/// Serves until the test's runtime ends; returns the address.
pub(crate) async fn serve() -> String {
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
    let address = acceptor.local_addr()[0].as_socket_addr().copied().unwrap();
    let app = docs::pages("Books & <Readers>", "/openapi.json")
        .into_iter()
        .fold(Route::new().at("/books", get(books)).at("/openapi.json", get(specification)), |app, file| {
            app.at(file.path(), get(file))
        });
    tokio::spawn(Server::new_with_acceptor(acceptor).run(app));
    format!("http://{address}")
}

#[handler]
async fn books() -> Json<Value> {
    Json(json!({ "items": [{ "id": 1, "title": "The Left Hand of Darkness" }], "meta": { "page": 1, "per_page": 20 } }))
}

#[handler]
async fn specification() -> Json<Value> {
    Json(json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Books & <Readers>",
            "version": "1.0",
            "description": "A catalogue. </script><script>throw 'the description ran'</script>",
        },
        "servers": [{ "url": "/" }],
        "tags": [{ "name": "authors" }, { "name": "books" }],
        "paths": { "/authors": { "get": {
            "operationId": "authors.list",
            "tags": ["authors"],
            "summary": "List authors that match",
            "responses": { "200": { "description": "A page of authors" } },
        } }, "/books": { "get": {
            "operationId": "books.list",
            "tags": ["books"],
            "summary": "List books that match",
            "parameters": [{
                "name": "per_page", "in": "query", "description": "Items on a page.",
                "schema": { "type": "integer", "minimum": 1, "maximum": 100, "default": 20 },
            }],
            "responses": { "200": {
                "description": "A page of books",
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Page_of_Book" } } },
            } },
        } } },
        "components": {
            "schemas": {
                "Book": {
                    "type": "object", "required": ["id", "title"],
                    "properties": { "id": { "type": "integer", "format": "int64" }, "title": { "type": "string" } },
                },
                "Page_of_Book": {
                    "type": "object", "required": ["items"],
                    "properties": { "items": { "type": "array", "items": { "$ref": "#/components/schemas/Book" } } },
                },
            },
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
        },
    }))
}
