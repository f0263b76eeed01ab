"""What is asked of each server: the same rows at the address that it has for them."""

import dataclasses

NEW_BOOK = {"author_id": 77, "title": "A new book", "isbn": None, "language": "eng", "published_year": 2024, "rating": 4.5,
            "created_at": "2024-05-06T07:08:09Z"}
LIST = "/books?page=1&per_page=20"
#: What is compared with whom, where it is not `handwritten`.
FIRST_PAGE = "ours, first page"


@dataclasses.dataclass
class Scenario:
    name: str
    title: str
    #: Addresses by server; one that is missing cannot do it.
    paths: dict
    #: A body to send with POST.
    body: dict | None = None
    on_sqlite: bool = False
    #: How many rows come before the page, if a cursor leads to it.
    depth: int = 0


def same(path, **others):
    """An address that the peers have in common, and those of the others."""
    return {"handwritten": path, "handwritten-sqlite": path, "fastapi": path, **others}


def window(first, last):
    """The rows that crudcrate is asked for."""
    return f"range=%5B{first},{last}%5D"


def scenarios(books):
    """All of them for so many books; deep is at four fifths. The one that writes is the last."""
    deep = books * 4 // 5
    page = deep // 20
    list20 = same(LIST, ours=LIST, crudcrate=f"/books?{window(0, 19)}")
    filtered = "/books?language=fra&page=3&per_page=20"
    deep_page = f"/books?page={page}&per_page=20"
    by_hand = {"handwritten": LIST}
    return [
        Scenario("list20", "A list of 20 of " + f"{books:,}", list20, on_sqlite=True),
        Scenario("filtered", "The same, filtered, page 3", same(
            filtered, ours=filtered,
            crudcrate=f"/books?filter=%7B%22language%22%3A%22fra%22%7D&{window(40, 59)}"), on_sqlite=True),
        Scenario("belongs_to", "20 books with their authors", {
            "handwritten": "/books-with-author?page=1&per_page=20", "fastapi": "/books-with-author?page=1&per_page=20",
            "ours": f"{LIST}&include=author"}),
        Scenario("has_many", "20 authors with all their books", same(
            "/authors-with-books?page=1&per_page=20", ours="/authors?page=1&per_page=20&include=books",
            crudcrate=f"/authors-with-books?{window(0, 19)}"), on_sqlite=True),
        Scenario("get", "One row", same("/books/4242", ours="/books/4242", crudcrate="/books/4242"), on_sqlite=True),
        Scenario("deep_page", f"Page {page:,}", same(
            deep_page, ours=deep_page, crudcrate=f"/books?{window(deep - 20, deep - 1)}"), on_sqlite=True),
        Scenario("cursor_deep", f"A cursor at row {deep:,}", {"ours": ""}, depth=deep),
        Scenario("cached", "A list from the cache, never stale (by hand: none)", by_hand | {
            "ours": "/cached-books?page=1&per_page=20"}),
        Scenario("cached_50ms", "A list from the cache, at most 50 ms old (by hand: none)", by_hand | {
            "ours": "/briefly-cached-books?page=1&per_page=20"}),
        Scenario("create", "Create a row", dict.fromkeys(("handwritten", "fastapi", "crudcrate", "ours"), "/books"),
                 body=NEW_BOOK),
    ]
