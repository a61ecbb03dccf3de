"""What a name may be made of, wherever people make one: it goes into pages, files and terminals."""

import unicodedata

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # controls, marks of direction, line ends


def why_not_a_name(name: str, *, longest: int) -> str | None:
    """A sentence on what is wrong with `name`; None where nothing is."""
    if not name.strip():
        return "A name has at least one visible character."
    if name != name.strip():
        return "A name neither begins nor ends with a blank."
    if len(name) > longest:
        return f"A name has at most {longest} characters."
    if any(unicodedata.category(character) in _INVISIBLE for character in name):
        return "A name has no line break, tab or other invisible character."
    return None
