"""Values -> JSON objects and terminal text, pure."""

import json
import re
import unicodedata
from typing import Any

from retrieval.types import Answer, BuildReport, Citation, Hit

# What a terminal could take for a command, and halves of surrogate pairs, which no file can hold.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def to_json(value: Any) -> str:
    """JSON on one line, readable, safe for a terminal."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer as the command line contract has it."""
    return {
        "question": answer.question,
        "understood_as": answer.understood_as,
        "answer": answer.text,
        "refused": answer.refused,
        "reason": answer.reason,
        "confidence": round(answer.confidence, 4),
        "outlets": answer.outlets,
        "citations": [_citation_json(citation) for citation in answer.citations],
        "timings_ms": answer.timings_ms,
    }


def _citation_json(citation: Citation) -> dict[str, Any]:
    article = citation.article
    return {
        "n": citation.n,
        "article_id": article.id,
        "title": article.title,
        "source": article.source,
        "published": article.published.isoformat() if article.published else None,
        "url": article.url,
        "quote": citation.quote,
        "start": citation.start,
        "end": citation.end,
        "answer_start": citation.answer_start,
        "answer_end": citation.answer_end,
        "kind": citation.kind,
        "score": round(citation.score, 4),
    }


def search_json(query: str, hits: list[Hit]) -> dict[str, Any]:
    """A search result as the command line contract has it."""
    return {
        "query": query,
        "hits": [
            {
                "rank": hit.rank,
                "article_id": hit.article.id,
                "passage_id": hit.passage.id,
                "title": hit.article.title,
                "published": hit.article.published.isoformat() if hit.article.published else None,
                "text": hit.passage.text,
                "start": hit.passage.start,
                "end": hit.passage.end,
                "score": round(hit.score, 4),
            }
            for hit in hits
        ],
    }


def report_json(report: BuildReport) -> dict[str, Any]:
    """A build report as JSON."""
    return {
        "generation": report.generation,
        "articles": report.articles,
        "passages": report.passages,
        "added": report.added,
        "changed": report.changed,
        "removed": report.removed,
        "unchanged": report.unchanged,
        "rejected": [error.to_json() for error in report.rejected],
        "embedded": report.embedded,
        "seconds": round(report.seconds, 2),
        "rate": round(report.rate, 1),
    }


def plain(text: str) -> str:
    """The text without control characters, so that an article cannot command a terminal; runs of space become one."""
    return " ".join("".join(" " if unicodedata.category(char) == "Cc" else char for char in text).split())


def credit(citation: Citation) -> str:
    """Outlet, date and headline of a citation, on one line."""
    article = citation.article
    when = f"{article.published.day} {article.published:%B %Y}" if article.published else None
    parts = [plain(part) for part in (article.source, when) if part]
    return f"{', '.join(parts)}: {plain(article.title)}" if parts else plain(article.title)


def heading_above(answer: Answer, citation: Citation) -> str | None:
    """What stands above the first of the citations that do not hold the answer; None above the others."""
    if citation is not next((one for one in answer.citations if one.kind == "related"), None):
        return None
    return "Nearest:" if answer.refused else "Other passages:"


def answer_lines(answer: Answer) -> list[str]:
    """An answer for a plain terminal: the answer, then each citation with its quote and address."""
    lines = [answer_line(answer)] if answer.refused else [answer_line(answer), ""]
    if answer.understood_as != answer.question:
        lines.insert(0, f"Understood as: {plain(answer.understood_as)}")
    for citation in answer.citations:
        if heading := heading_above(answer, citation):
            lines += ["", heading]
        lines.append(f"[{citation.n}] {credit(citation)}")
        if citation.quote != answer.text:
            lines.append(f"    “{plain(citation.quote)}”")
        if citation.article.url:
            lines.append(f"    {plain(citation.article.url)}")
    return lines


def answer_line(answer: Answer) -> str:
    """The answer with its numbers, and those that differ from it, newest first; or why there is none."""
    if answer.refused:
        return f"I could not find that. {answer.reason}"
    same = " ".join(f"[{one.n}]" for one in answer.citations if one.kind == "exact")
    others = [
        f"{plain(one.article.text[one.answer_start : one.answer_end])} [{one.n}]"
        for one in answer.citations
        if one.kind == "differs"
    ]
    line = f"{plain(answer.text or '')} {same}"
    if others:
        return f"Reports differ, newest first: {'; '.join([line, *others])}"
    return f"{line} ({answer.outlets} outlets)" if answer.outlets > 1 else line


def report_lines(report: BuildReport, check: bool = False, shown: int = 20) -> list[str]:
    """A build report for a terminal; with `check` it is one of what would change."""
    what = f"{report.articles:,} articles ({report.added:,} added, {report.changed:,} changed, "
    what += f"{report.removed:,} removed, {report.unchanged:,} unchanged, {len(report.rejected):,} rejected)"
    lines = [what]
    if check:
        lines.append(f"{report.passages:,} passages. Nothing was built. {report.seconds:.1f} s.")
    elif report.generation is None:
        lines.append(f"Nothing has changed; the index stays as it is. {report.seconds:.1f} s.")
    else:
        lines.append(
            f"{report.passages:,} passages, {report.embedded:,} of them embedded, in {report.seconds:.1f} s "
            f"({report.rate:,.0f} passages/s). Generation {report.generation} answers from now on."
        )
    if report.rejected:
        lines.append("Rejected:")
        lines += [f"  {plain(str(error))}" for error in report.rejected[:shown]]
        if len(report.rejected) > shown:
            lines.append(f"  … and {len(report.rejected) - shown:,} more (`byline index --json` lists all)")
    return lines


def hit_lines(hits: list[Hit]) -> list[str]:
    """Search results for a terminal, a block each."""
    blocks = []
    for hit in hits:
        article = hit.article
        facts = [article.source, article.published.isoformat() if article.published else None]
        about = ", ".join(plain(fact) for fact in facts if fact)
        blocks.append(
            f"{hit.rank}. {plain(article.title)}" + (f" ({about})" if about else "") + f"\n   {plain(hit.passage.text)}"
        )
    return blocks
