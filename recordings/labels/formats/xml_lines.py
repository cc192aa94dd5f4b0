"""XML as a tree whose elements know their lines, which the standard library's do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from recordings.labels.formats.draft import FileNotUnderstood


@dataclass
class Element:
    """An element with its attributes, its text and what is in it; names are without prefixes."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def of(self, *names: str) -> Iterator[Element]:
        """The elements at the end of a path of names."""
        for child in self.children:
            if child.name == names[0]:
                yield from child.of(*names[1:]) if names[1:] else iter((child,))


def parsed(data: bytes, file: str) -> Element:
    """The root element.

    Raises:
        FileNotUnderstood: It is no XML, or declares a document type, which could make it grow without bounds.
    """
    top = Element("", {}, 0)
    open_elements = [top]
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        element = Element(name.rpartition(":")[2], attributes, parser.CurrentLineNumber)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_: str) -> None:
        open_elements.pop()

    def text(characters: str) -> None:
        open_elements[-1].text += characters

    def refuse(*_: object) -> None:
        raise FileNotUnderstood(
            file, parser.CurrentLineNumber, "it declares a document type; take that line out, ELAN needs none"
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise FileNotUnderstood(
            file, error.lineno, f"this is no XML ({error}); does ELAN open it? Save it there once more"
        ) from error
    except (LookupError, ValueError) as error:  # of the encoding that it declares
        raise FileNotUnderstood(
            file, 1, f"its encoding cannot be read ({error}); save it in ELAN once more, which writes UTF-8"
        ) from error
    return top.children[0]
