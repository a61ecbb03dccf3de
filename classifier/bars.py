"""A probability drawn in one line of text."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"
WIDTH = 30


def bar(value: float, *, threshold: float, width: int = WIDTH) -> str:
    """`width` characters: `value` (0 to 1) as blocks, and a │ where the threshold stands."""
    eighths = round(value * width * 8)
    cells = [_EIGHTHS[max(0, min(8, eighths - 8 * cell))] for cell in range(width)]
    cells[min(width - 1, int(threshold * width))] = "│"
    return "".join(cells)
