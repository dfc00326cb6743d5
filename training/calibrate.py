"""Fits what stands beside the reader: python -m training.calibrate --data DIR --full-index DIR [--reader FOLDER].

Questions of several sets are asked of their own articles and of articles that cannot answer them; each is read once.
Then the weights of a span's score are chosen by the F1 of the answers to the realtimeqa questions (gold, and weak ones
held out) and to SQuAD's; a logistic regression without negative weights learns from the evidence whether the answer is
right (F1 of at least one half); and the thresholds are where 5, 10 and 20 % of the answerable news questions are
refused. SQuAD pages are those that training left out. Writes tuning.json beside the model.
"""

import argparse
import itertools
import json
from collections.abc import Iterable
from dataclasses import asdict, astuple, dataclass, fields, replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks import plots
from benchmarks.answers_match import f1
from benchmarks.build import build
from benchmarks.data import Question, data_folder
from benchmarks.groups import NEWS, OWN, question_groups
from bot.service import open_encoder
from bot.settings import Settings
from retrieval.answering import PASSAGES, PER_ARTICLE
from retrieval.lexical import LexicalIndex
from retrieval.reader import Calibration, Evidence, SpanReader, SpanWeights, Tuning
from retrieval.reader_model import BUNDLED, TUNING, ReaderModel
from retrieval.retriever import Retriever
from retrieval.store import Store
from retrieval.types import Candidate, Hit

Floats = npt.NDArray[np.float64]
_SHARES = {"bold": 0.05, "balanced": 0.10, "cautious": 0.20}
_MOST = 400
_NEWS_SHARE = 4.0
_NONE = Tuning(SpanWeights(), Calibration(), {})


@dataclass(frozen=True, slots=True)
class Read:
    """A question, what was found for it and the spans that the model proposes."""

    question: Question
    hits: list[Hit]
    spans: list[Candidate]


@dataclass(frozen=True, slots=True)
class Answered:
    """Questions of one kind, read. `lexical` has the rarity of words, `weight` is their part in the calibration."""

    name: str
    answerable: bool
    lexical: LexicalIndex
    reads: list[Read]
    weight: float = 1.0


class Collection:
    """An open index that questions are asked of."""

    def __init__(self, folder: Path, model: ReaderModel) -> None:
        settings = Settings(data_dir=folder)
        index = Store(settings.index_dir).open().index
        self.lexical = index.lexical
        self._retriever, self._reader = (
            Retriever(index, open_encoder(settings)),
            SpanReader(model, index.lexical, _NONE),
        )

    def read(self, name: str, answerable: bool, asked: Iterable[Question], weight: float) -> Answered:
        """Ask every question."""
        reads = []
        for question in asked:
            hits = self._retriever.search(question.text, PASSAGES, question.as_of or date.today(), PER_ARTICLE)
            reads.append(Read(question, hits, self._reader.spans(question.text, hits)))
        return Answered(name, answerable, self.lexical, reads, weight)

    def shortened(self, asked: Iterable[Question]) -> list[Question]:
        """The questions in few words: the one they begin with and their three rarest, in order."""
        return [replace(question, text=self._short(question.text)) for question in asked]

    def _short(self, text: str) -> str:
        words = text.split()
        terms = [self.lexical.terms(word) for word in words]
        weights = [float(self.lexical.weights(found[:1])[0]) if found else 0.0 for found in terms]
        kept = sorted(sorted(range(1, len(words)), key=lambda place: -weights[place])[:3])
        return " ".join([words[0], *(words[place] for place in kept)])


def weigh(group: Answered, model: ReaderModel, weights: SpanWeights) -> tuple[Floats, Floats]:
    """For each question the evidence, a row each, and the F1 of its answer."""
    reader = SpanReader(model, group.lexical, Tuning(weights, Calibration(), {}))
    rows, scores = [], []
    for read in group.reads:
        reading, evidence = reader.weigh(read.question.text, read.hits, read.spans)
        rows.append(astuple(evidence) if evidence else (-20.0, *(0.0 for _ in fields(Evidence)[1:])))
        answer = reading.candidates[0].text if reading.candidates else ""
        scores.append(f1(answer, read.question.answers) if group.answerable else 0.0)
    return np.array(rows), np.array(scores)


def fit(sets: list[tuple[Floats, Floats]], shares: list[float]) -> Calibration:
    """Logistic regression: evidence -> whether the answer is right; every set weighs its share, however large it is."""
    features = np.concatenate([rows for rows, _ in sets])
    signs = np.concatenate([np.where(scores >= 0.5, 1.0, -1.0) for _, scores in sets])
    parts = zip(sets, shares, strict=True)
    weights = np.concatenate([np.full(len(rows), share / len(rows) / sum(shares)) for (rows, _), share in parts])

    def loss(parameters: Floats) -> float:
        margins = signs * (parameters[0] + features @ parameters[1:])
        return float(weights @ np.logaddexp(0, -margins) + 1e-4 * np.sum(parameters[1:] ** 2))

    bounds = [(None, None)] + [(0, None)] * features.shape[1]
    found = minimize(loss, np.zeros(len(bounds)), method="L-BFGS-B", bounds=bounds)
    return Calibration(*(round(float(value), 3) for value in found.x))


def expected_calibration_error(probabilities: Floats, right: npt.NDArray[np.bool_], bins: int = 10) -> float:
    """The mean distance of probability and share right over bins of equal width (Guo et al. 2017, section 2)."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [abs(probabilities[place == i].sum() - right[place == i].sum()) for i in range(bins)]
    return float(sum(gaps) / len(probabilities))


def groups_of(data: Path, full_index: Path, work: Path, model: ReaderModel, most: int = _MOST) -> list[Answered]:
    """Every group of questions, read. Builds the indexes of the smaller sets in `work` if they are not there."""
    collections = {NEWS: Collection(full_index, model)}
    for name in OWN:
        build(work / name, data / name / "articles.jsonl.gz")
        collections[name] = Collection(work / name, model)
    plan = [
        (group.name, group.answerable, collections[group.collection], group.asked)
        for group in question_groups(data, most)
    ]
    # The answers that clapnq knows are whole paragraphs, which no span equals; questions in few words are only shown.
    # What the reader is for are many articles of news, so questions of those count more.
    shares = {"clapnq, own passages": 0.0}
    read = [
        collection.read(
            name,
            answerable,
            those,
            shares.get(name, _NEWS_SHARE if collection is collections[NEWS] else 1.0),
        )
        for name, answerable, collection, those in plan
    ]
    few = [
        collection.read(f"{name}, few words", answerable, collection.shortened(those[::2]), 0.0)
        for name, answerable, collection, those in plan
        if "unanswerable" not in name
    ]
    return [*read, *few]


def main() -> None:
    """Read, fit, tell, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--full-index", type=Path, required=True, help="the data folder of a full realtimeqa index")
    parser.add_argument("--work", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--reader", type=Path, default=BUNDLED)
    parser.add_argument("--plot", type=Path, help="draw the reliability diagram there (.png)")
    parser.add_argument("--most", type=int, default=_MOST, help="questions a set")
    arguments = parser.parse_args()
    model = ReaderModel(arguments.reader)
    groups = groups_of(data_folder(arguments.data), arguments.full_index, arguments.work, model, arguments.most)
    tried = []
    for retrieval, recent, support in itertools.product((16.0, 24.0), (0.0, 6.0), (0.0, 1.0)):
        weights = SpanWeights(retrieval=retrieval, recent=recent, support=support)
        means = [float(weigh(group, model, weights)[1].mean()) for group in groups[:3]]
        tried.append((sum(means), weights, means))
        print(
            f"retrieval {retrieval:4} recent {recent} support {support}: F1 {[round(mean, 3) for mean in means]}",
            flush=True,
        )
    _, weights, _ = max(tried, key=lambda one: one[0])
    weighed = [weigh(group, model, weights) for group in groups]
    learned = [one for one, group in zip(weighed, groups, strict=True) if group.weight]
    shares = [group.weight for group in groups if group.weight]
    calibration = fit(learned, shares)
    news = _probabilities(calibration, np.concatenate([rows for rows, _ in weighed[:2]]))
    thresholds = {name: round(float(np.quantile(news, share)), 4) for name, share in _SHARES.items()}
    for group, (rows, scores) in zip(groups, weighed, strict=True):
        probabilities = _probabilities(calibration, rows)
        refused = ", ".join(f"{name} {100 * np.mean(probabilities < at):.1f}" for name, at in thresholds.items())
        right = f", right {100 * np.mean(scores >= 0.5):.1f} %" if group.answerable else ""
        print(f"{group.name:36} {len(rows):4} questions, refused % {refused}{right}")
    confidence, correct = _two_fold(learned, shares)
    error = expected_calibration_error(confidence, correct)
    print(f"expected calibration error, fitted on one half and measured on the other: {error:.3f}")
    tenths = reliability(confidence, correct)
    for low, share, count in tenths:
        print(f"   confidence {low:.1f} to {low + 0.1:.1f}: {count:5} questions, right {100 * share:.0f} %")
    if arguments.plot:
        plots.reliability(arguments.plot, tenths)
    stored = {"weights": asdict(weights), "calibration": asdict(calibration), "thresholds": thresholds}
    (arguments.reader / TUNING).write_text(json.dumps(stored, indent=2) + "\n")
    print(json.dumps(stored))


def reliability(probabilities: Floats, right: npt.NDArray[np.bool_]) -> list[tuple[float, float, int]]:
    """For each tenth of confidence that occurs: where it begins, the share right, how many questions."""
    place = np.minimum((probabilities * 10).astype(int), 9)
    return [
        (tenth / 10, float(right[place == tenth].mean()), int((place == tenth).sum()))
        for tenth in range(10)
        if (place == tenth).any()
    ]


def _two_fold(weighed: list[tuple[Floats, Floats]], shares: list[float]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Confidence and rightness of every question, by a calibration fitted on the other half of its set."""
    confidence, right = [], []
    for half in (0, 1):
        calibration = fit([(rows[half::2], scores[half::2]) for rows, scores in weighed], shares)
        confidence.append(_probabilities(calibration, np.concatenate([rows[1 - half :: 2] for rows, _ in weighed])))
        right.append(np.concatenate([scores[1 - half :: 2] for _, scores in weighed]) >= 0.5)
    return np.concatenate(confidence), np.concatenate(right)


def _probabilities(calibration: Calibration, rows: Floats) -> Floats:
    return np.array([calibration.probability(Evidence(*row)) for row in rows])


if __name__ == "__main__":
    main()
