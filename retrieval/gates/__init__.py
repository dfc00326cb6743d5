"""What a sentence must not contradict for a span in it to count as an answer.

A span may score well and still be wrong: the sentence speaks of another person or year, says that something did not
happen, or reports a denial where a confirmation is asked for. Each gate looks for one such contradiction and says what
was asked and what was found. The gates are cautious: where the words leave it open they let the span through (see
benchmarks/gates.py for how often they are wrong).
"""

from collections.abc import Callable

from retrieval.gates.kinds import kind, settles
from retrieval.gates.names import name, names
from retrieval.gates.numbers import number
from retrieval.gates.objection import Gate, Objection, Place
from retrieval.gates.speakers import quotation, speaker
from retrieval.gates.verbs import negation, plan, request, said, verb

__all__ = ["Gate", "Objection", "Place", "names", "objection", "quotation", "settles"]

_GATES: tuple[Callable[[str, Place], Objection | None], ...] = (
    verb,
    said,
    negation,
    plan,
    request,
    speaker,
    name,
    number,
    kind,
)


def objection(question: str, place: Place) -> Objection | None:
    """The first gate's objection to a span, or None if every gate lets it through."""
    return next((found for gate in _GATES if (found := gate(question, place))), None)
