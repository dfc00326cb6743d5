"""Cost against the size of the collection: python -m benchmarks.growth --data DIR [--cache vectors.sqlite].

Builds growing parts of realtimeqa, each in a folder of its own; then the largest again with nothing changed; then with
its last hundred articles new. Without --cache everything is embedded, which for the whole collection takes the better
part of an hour on two cores; with the cache of an earlier build of the same articles only the rest of the work is done.
"""

import argparse
import gzip
import json
import shutil
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from benchmarks.build import Built, build
from benchmarks.data import data_folder
from benchmarks.retrieval import build_table

NEW = 100


def take(source: Path, target: Path, count: int) -> None:
    """The first `count` articles of a collection as a file of its own."""
    with gzip.open(source, "rb") as lines, gzip.open(target, "wb", compresslevel=1) as out:
        out.writelines(islice(lines, count))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[2_500, 10_000, 26_324])
    parser.add_argument("--cache", type=Path, help="a vector cache to begin with")
    parser.add_argument("--work", type=Path, default=Path("benchmarks/results/growth"), help="is emptied first")
    arguments = parser.parse_args()
    source = data_folder(arguments.data) / "realtimeqa" / "articles.jsonl.gz"
    builds: dict[str, Built] = {}
    shutil.rmtree(arguments.work, ignore_errors=True)
    articles = arguments.work / "articles.jsonl.gz"
    for size in sorted(arguments.sizes):
        data = arguments.work / str(size)
        data.mkdir(parents=True)
        if arguments.cache:
            shutil.copy(arguments.cache, data / "vectors.sqlite")
        take(source, articles, size)
        builds[f"{size:,}"] = build(data, articles)
        print(build_table(builds).splitlines()[-1], flush=True)
    largest = max(arguments.sizes)
    builds[f"{largest:,} unchanged"] = build(data, articles)
    take(source, articles, largest - NEW)
    build(data, articles)
    forget(data / "vectors.sqlite")
    take(source, articles, largest)
    builds[f"{largest:,}, {NEW} new"] = build(data, articles)
    print(build_table(builds))
    results = {name: asdict(built) for name, built in builds.items()}
    (arguments.work / "growth.json").write_text(json.dumps(results, indent=1) + "\n")


def forget(cache: Path) -> None:
    """Drop from the cache what the present index does not use."""
    import sqlite3

    from bot.service import open_encoder
    from bot.settings import Settings
    from retrieval.build import embedded_text
    from retrieval.store import Store
    from retrieval.vector_cache import VectorCache

    settings = Settings(data_dir=cache.parent)
    index = Store(settings.index_dir).open().index
    with VectorCache(cache, open_encoder(settings)) as vectors:
        pairs = (index.passage(row) for row in range(len(index)))
        vectors.vectors([embedded_text(article, passage.text) for article, passage in pairs])
        vectors.drop_unused()
    sqlite3.connect(cache).execute("VACUUM").close()


if __name__ == "__main__":
    main()
