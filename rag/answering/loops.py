"""Notice that a model repeats itself, so that it can be stopped."""

TAIL_CHARACTERS = 1200
"""How much of a text, from its end, `is_looping` needs."""

_LONGEST = TAIL_CHARACTERS // 3
_TIMES = 3  # that a part repeats
_FEWEST = 90  # characters that the repetitions of a short part take: "0.0000" and "....." are no loop


def is_looping(text: str) -> bool:
    """Return whether a text ends with the same part, of any length up to 400 characters, several times in a row."""
    text = " ".join(text.split())
    for length in range(1, min(_LONGEST, len(text) // _TIMES) + 1):
        times = max(_TIMES, -(-_FEWEST // length))
        part = text[-length:]
        if text[-length * 2 : -length] == part and text.endswith(part * times):
            return True
    return False
