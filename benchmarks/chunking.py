"""Passage size, overlap and context: python -m benchmarks.chunking --data DIR.

Builds the small realtimeqa collection with each setting and asks its dev questions: the share with a gold article in
the top 1, 5 and 10, for dense alone, BM25 alone and both with time.
"""

import argparse
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import retrieval.build as pipeline
from benchmarks.data import data_folder, questions
from benchmarks.retrieval import groups, measure, systems
from bot.service import open_encoder
from bot.settings import Settings
from retrieval.chunking import Chunker
from retrieval.retriever import Retriever
from retrieval.store import Store
from retrieval.types import Article


@dataclass(frozen=True, slots=True)
class Setting:
    """A chunker, and what goes along with the passage when it is embedded."""

    chunker: Chunker
    context: str = "headline"


SETTINGS = (
    Setting(Chunker(150, 200)),
    Setting(Chunker(100, 150)),
    Setting(Chunker(200, 250)),
    Setting(Chunker(150, 200, 40)),
    Setting(Chunker(150, 200), "nothing"),
    Setting(Chunker(150, 200), "headline, outlet, date"),
)


def with_context(context: str, article: Article, text: str) -> str:
    """The text to embed."""
    if context == "nothing":
        return text
    if context == "headline":
        return f"{article.title}\n{text}"
    return f"{article.title} ({article.source}, {article.published})\n{text}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("benchmarks/results/chunking"))
    arguments = parser.parse_args()
    data = data_folder(arguments.data) / "realtimeqa"
    settings = Settings(data_dir=arguments.work)
    encoder, store = open_encoder(settings), Store(settings.index_dir)
    for setting in SETTINGS:
        pipeline.embedded_text = partial(with_context, setting.context)
        report = pipeline.build(
            [data / "articles.small.jsonl.gz"],
            store,
            encoder,
            settings.vector_cache,
            chunker=setting.chunker,
            force=True,
        )
        print(f"\n{setting.chunker}, with {setting.context}: {report.passages:,} passages")
        index = store.open().index
        for name, asked in groups("realtimeqa", questions(data), 0).items():
            for system in ("BM25 + time", "dense", "dense + time", "hybrid + time"):
                score = measure(name, asked, Retriever(index, encoder, systems()[system]), system)
                print(
                    f"{name:16} {system:14} top 1/5/10 {score.top[0]:5.1f} {score.top[2]:5.1f} {score.top[3]:5.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
