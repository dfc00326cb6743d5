"""The rebuild: what it counts, what it embeds, and what it refuses to publish."""

import random
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from retrieval.build import build, embedded_text
from retrieval.encoder import Vectors
from retrieval.errors import BuildRefused, EmptyCorpus, StorageError
from retrieval.types import Progress
from tests.children import FullStore
from tests.fakes import FakeEncoder, Place, about, content, edition_of, record, records


def scattered(place: Place) -> None:
    """The articles of `records(12)`, in another order, over other files and folders."""
    shuffled = records(12)
    random.Random(5).shuffle(shuffled)
    place.write(shuffled[:5], "z.jsonl")
    place.write(shuffled[5:6], "a/b/one.jsonl")
    place.write(shuffled[6:], "a/rest.jsonl")


def test_a_first_build_adds_and_embeds_everything(place: Place) -> None:
    report = place.build(records(12))
    assert (report.articles, report.added, report.changed, report.removed, report.unchanged) == (12, 12, 0, 0, 0)
    assert report.embedded == report.passages == len(place.open())
    assert report.generation == place.store.current()
    assert report.rejected == ()


def test_nothing_changed_embeds_nothing_and_publishes_nothing(built: Place, encoder: FakeEncoder) -> None:
    calls, names = encoder.calls, built.names()
    report = built.build()
    assert (report.generation, report.embedded, encoder.calls) == (None, 0, calls)
    assert (report.articles, report.unchanged, report.added, report.changed, report.removed) == (12, 12, 0, 0, 0)
    assert built.names() == names


def test_force_rebuilds_what_has_not_changed_without_embedding_it_again(built: Place) -> None:
    before = content(built.open())
    report = built.build(force=True)
    assert (report.generation, report.embedded) == ("000002", 0)
    assert content(built.open()) == before


def test_added_changed_and_removed_articles_are_counted(built: Place) -> None:
    report = built.build([*records(9), record(9, "second"), record(12), record(13)])
    assert (report.added, report.changed, report.removed, report.unchanged) == (2, 1, 2, 9)
    assert report.articles == 12


def test_only_passages_not_seen_before_are_embedded(built: Place, encoder: FakeEncoder) -> None:
    del encoder.texts[:]
    report = built.build([*records(11), record(11, "second"), record(12)])
    assert report.embedded == 2
    new = {str(article["text"]) for article in (record(11, "second"), record(12))}
    embedded = {text.split("\n", 1)[1] for text in encoder.texts}
    # The new index is tried out with passages of its own.
    assert new <= embedded
    assert len(encoder.texts) <= 2 + 3


def test_of_a_long_article_only_the_passage_that_changed_is_embedded(place: Place) -> None:
    long = record(0, sentences=60)
    place.build([long])
    passages = len(place.open())
    assert passages > 3
    text = str(long["text"])
    place.build([{**long, "text": text[: text.rindex("The first")] + "It sank."}])
    index = place.open()
    assert len(index) == passages
    assert place.build(force=True).embedded == 0
    assert place.build([long]).embedded == 0
    assert place.build([{**long, "text": text + " It sank."}]).embedded == 1


def test_an_article_that_comes_back_is_not_embedded_again(built: Place) -> None:
    built.build(records(11))
    report = built.build(records(12))
    assert (report.added, report.embedded) == (1, 0)


@pytest.mark.parametrize("field", ["title", "published", "source", "url"])
def test_a_change_of_anything_but_the_text_is_a_change(built: Place, field: str) -> None:
    changed = {**record(3), field: "2023-03-03"}
    report = built.build([changed, *(article for article in records(12) if article["id"] != changed["id"])])
    assert (report.changed, report.unchanged) == (1, 11)
    article = built.open().documents.find(str(changed["id"]))
    assert article is not None
    assert str(getattr(article, field)) == "2023-03-03"


def test_another_order_and_other_files_make_the_same_index(built: Place, tmp_path: Path) -> None:
    other = Place(tmp_path / "other")
    scattered(other)
    other.build()
    assert content(other.open()) == content(built.open())
    assert [other.open().passage(row)[1] for row in range(12)] == [built.open().passage(row)[1] for row in range(12)]


def test_another_order_and_other_files_make_the_same_search_results(built: Place, tmp_path: Path) -> None:
    other = Place(tmp_path / "other")
    scattered(other)
    other.build()
    for query in (about(7), "Which ship left the harbour?", "edition 5 March 2024", "day"):
        found = [(hit.passage, hit.score, hit.likeness, hit.row) for hit in built.search(query)]
        assert [(hit.passage, hit.score, hit.likeness, hit.row) for hit in other.search(query)] == found
        assert found


def test_moving_articles_to_other_files_changes_nothing(built: Place, encoder: FakeEncoder) -> None:
    (built.articles / "articles.jsonl").unlink()
    scattered(built)
    assert built.build().generation is None


def test_each_article_is_found_by_its_own_words(built: Place) -> None:
    for number in range(12):
        assert built.search(about(number))[0].article.id == record(number)["id"]


def test_vectors_in_the_index_are_those_of_headline_and_passage(built: Place) -> None:
    index = built.open()
    texts = [embedded_text(article, passage.text) for article, passage in map(index.passage, range(len(index)))]
    stored = index.dense.vectors(np.arange(len(index)))
    np.testing.assert_allclose(stored, FakeEncoder().encode(texts), atol=1e-3)


def test_rows_are_in_order_of_date_undated_first(place: Place) -> None:
    place.build([record(1), {**record(2), "published": None}, record(3), {**record(4), "published": "2020-02-02"}])
    index = place.open()
    days = [article.published or date.min for article, _ in map(index.passage, range(len(index)))]
    assert days == sorted(days)
    assert days[0] == date.min


def test_a_bad_line_is_reported_and_the_rest_is_published(place: Place) -> None:
    path = place.write(records(4))
    with path.open("a") as file:
        file.write("{ not json\n")
    report = place.build()
    assert [(error.path, error.line) for error in report.rejected] == [(path, 5)]
    assert report.articles == 4
    assert [(entry["path"], entry["line"]) for entry in place.open().rejected()] == [(str(path), 5)]


@pytest.mark.parametrize("force", [False, True])
def test_no_articles_publish_nothing_and_the_old_index_answers(built: Place, force: bool) -> None:
    names = built.names()
    with pytest.raises(EmptyCorpus, match="articles"):
        built.build([], force=force)
    assert built.names() - {"building.json"} == names
    assert built.search(about(3))[0].article.id == record(3)["id"]


def test_no_articles_and_no_index_leave_no_index(place: Place) -> None:
    with pytest.raises(EmptyCorpus):
        place.build([])
    assert place.store.generations() == []


def test_no_readable_article_is_an_empty_corpus_that_says_why(place: Place) -> None:
    place.articles.mkdir()
    (place.articles / "bad.jsonl").write_text("{ not json\n")
    with pytest.raises(EmptyCorpus, match=r"bad\.jsonl"):
        place.build()


def test_a_source_that_does_not_exist_is_an_empty_corpus_that_names_it(place: Place) -> None:
    with pytest.raises(EmptyCorpus, match="nowhere"):
        build([place.root / "nowhere"], place.store, place.encoder, place.cache)


def test_losing_more_than_half_is_refused_with_the_numbers_and_the_remedy(built: Place) -> None:
    with pytest.raises(BuildRefused, match="--force") as refused:
        built.build(records(5))
    assert (refused.value.before, refused.value.after) == (12, 5)
    assert built.store.generations() == ["000001"]
    assert len(built.open().documents) == 12


def test_losing_exactly_half_is_published(built: Place) -> None:
    report = built.build(records(6))
    assert (report.generation, report.removed) == ("000002", 6)


def test_force_publishes_a_great_loss(built: Place) -> None:
    report = built.build(records(1), force=True)
    assert (report.generation, report.articles, report.removed) == ("000002", 1, 11)


def test_a_great_loss_is_refused_also_when_the_current_generation_is_damaged(built: Place) -> None:
    built.build([*records(12), record(12)])
    (built.store.root / "000002" / "passages.npy").unlink()
    assert len(built.store.open().index.documents) == 12
    with pytest.raises(BuildRefused):
        built.build(records(2))


def test_a_great_loss_is_refused_also_when_current_is_missing(built: Place) -> None:
    (built.store.root / "CURRENT").unlink()
    with pytest.raises(BuildRefused):
        built.build(records(2))


def test_a_refused_build_can_be_put_right(built: Place) -> None:
    with pytest.raises(BuildRefused):
        built.build(records(2))
    assert built.build(records(13)).added == 1


def test_a_build_that_fails_leaves_nothing_behind(built: Place) -> None:
    class Broken(FakeEncoder):
        def encode(self, texts: Sequence[str]) -> Vectors:
            raise RuntimeError("no more electricity")

    with pytest.raises(RuntimeError, match="electricity"):
        built.build(records(12, "second"), encoder=Broken())
    assert built.names() - {"building.json"} == {"000001", "CURRENT"}
    assert edition_of(built.open()) == "first"
    assert built.build().generation == "000002"


@pytest.mark.parametrize("step", ["switch", "prune"])
def test_a_storage_error_tells_the_truth_about_what_was_published(built: Place, step: str) -> None:
    """ "Nothing was published" means that no new generation is there; otherwise the build must not say so."""
    before = built.store.generations()
    try:
        built.build(records(12, "second"), store=FullStore(built.store.root, step))
    except StorageError:
        assert built.store.generations() == before
        assert edition_of(built.open()) == "first"
    else:
        assert edition_of(built.open()) == "second"


def test_a_first_build_that_cannot_switch_publishes_nothing(place: Place) -> None:
    with pytest.raises(StorageError, match="nothing was published"):
        place.build(records(4), store=FullStore(place.store.root, "switch"))
    assert place.store.generations() == []


def test_an_index_folder_that_cannot_be_made_is_a_storage_error(place: Place) -> None:
    place.data.mkdir()
    place.store.root.write_text("a file")
    with pytest.raises(StorageError, match="index"):
        place.build(records(4))


def test_a_vector_cache_that_cannot_be_opened_is_a_storage_error(built: Place) -> None:
    built.cache.unlink()
    built.cache.mkdir()
    with pytest.raises(StorageError, match="data"):
        built.build(records(12, "second"))
    assert edition_of(built.open()) == "first"


def test_another_encoder_embeds_everything_anew(built: Place) -> None:
    other = FakeEncoder(name="other")
    report = built.build(encoder=other)
    assert (report.generation, report.embedded, report.unchanged) == ("000002", 12, 12)
    assert built.open().manifest.encoder == other.fingerprint


def test_going_back_to_the_first_encoder_embeds_nothing(built: Place) -> None:
    built.build(encoder=FakeEncoder(dimension=16))
    assert built.build().embedded == 0


def test_progress_never_runs_backwards_and_ends_at_its_total(place: Place) -> None:
    seen: list[Progress] = []
    place.build(records(300), progress=seen.append)
    phases = list(dict.fromkeys(progress.phase for progress in seen))
    assert phases == ["reading", "embedding", "indexing", "verifying"]
    embedding = [progress for progress in seen if progress.phase == "embedding"]
    assert all(before.done <= after.done for before, after in pairwise(embedding))
    assert embedding[-1].done == embedding[-1].total == len(place.open())


def test_the_report_says_how_long_it_took_and_at_what_rate(place: Place) -> None:
    report = place.build(records(4))
    assert 0 < report.seconds < 60
    assert report.rate == pytest.approx(report.passages / report.seconds)
