"""Which questions are asked of which collection, to measure answers and refusals and to calibrate them."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import Question, questions
from training.examples import held_out

OWN = ("squad_v1", "squad_v2", "clapnq_dev", "multihoprag_partial")
NEWS = "realtimeqa"


@dataclass(frozen=True, slots=True)
class Group:
    """Questions of one kind; `collection` is OWN or NEWS, and `answerable` whether it answers them."""

    name: str
    answerable: bool
    collection: str
    asked: list[Question]


def question_groups(data: Path, most: int) -> list[Group]:
    """The groups, at most about `most` questions of a set in each; none that training has seen."""
    asked = {name: questions(data / name) for name in (NEWS, *OWN)}

    def some(name: str, answerable: bool) -> list[Question]:
        found = [one for one in asked[name] if one.answerable == answerable]
        if name == "squad_v1":
            found = [one for one in found if all(held_out(page) for page in one.gold)]
        return found[:: max(1, len(found) // most)]

    gold = [one for one in asked[NEWS] if one.kind == "gold_article"]
    weak = [one for one in asked[NEWS] if one.kind != "gold_article" and held_out(one.id)]
    squad, clapnq = some("squad_v1", True), some("clapnq_dev", True)
    return [
        Group("realtimeqa gold", True, NEWS, gold),
        Group("realtimeqa weak, held out", True, NEWS, weak),
        Group("squad_v1, own pages", True, "squad_v1", squad),
        Group("clapnq, own passages", True, "clapnq_dev", clapnq),
        Group("squad asked of the news", False, NEWS, squad),
        Group("clapnq asked of the news", False, NEWS, clapnq),
        Group("multihoprag null", False, "multihoprag_partial", some("multihoprag_partial", False)),
        Group("squad_v2 unanswerable", False, "squad_v2", some("squad_v2", False)),
        Group("clapnq unanswerable", False, "clapnq_dev", some("clapnq_dev", False)),
    ]
