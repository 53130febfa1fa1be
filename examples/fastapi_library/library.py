"""A lending library: models that check what comes in, state from the lifespan, letters written in the background."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, Field


class Book(BaseModel):
    title: str = Field(min_length=1)
    author: str
    lent_to: str | None = None


class Library:
    """The books, and the letters that were sent to readers."""

    def __init__(self) -> None:
        self.books: dict[int, Book] = {}
        self.letters: list[str] = []

    def add(self, book: Book) -> int:
        number = len(self.books) + 1
        self.books[number] = book
        return number

    async def write(self, reader: str, title: str) -> None:
        await asyncio.sleep(0.1)  # the post takes its time; the reader has the answer already
        self.letters.append(f"Dear {reader}, enjoy {title}!")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Library]]:
    library = Library()
    library.add(Book(title="The Art of Computer Programming", author="Donald Knuth"))
    yield {"library": library}


def the_library(request: Request) -> Library:
    found: Library = request.state.library
    return found


def the_book(number: int, library: Annotated[Library, Depends(the_library)]) -> Book:
    if number not in library.books:
        raise HTTPException(404, "no such book")
    return library.books[number]


TheLibrary = Annotated[Library, Depends(the_library)]
TheBook = Annotated[Book, Depends(the_book)]
app = FastAPI(title="Library", lifespan=lifespan)


@app.get("/")
async def welcome(library: TheLibrary) -> dict[str, Any]:
    return {"books": len(library.books), "documentation": "/docs"}


@app.get("/books")
async def books(library: TheLibrary) -> dict[int, Book]:
    return library.books


@app.post("/books", status_code=201)
async def add(book: Book, library: TheLibrary) -> dict[str, int]:
    return {"number": library.add(book)}


@app.post("/books/{number}/lend")
async def lend(book: TheBook, reader: str, library: TheLibrary, tasks: BackgroundTasks) -> Book:
    if book.lent_to is not None:
        raise HTTPException(409, f"{book.lent_to} has it")
    book.lent_to = reader
    tasks.add_task(library.write, reader, book.title)
    return book


@app.get("/letters")
async def letters(library: TheLibrary) -> list[str]:
    return library.letters
