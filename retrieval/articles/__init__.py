"""Files and folders -> articles: plain text, Markdown, HTML, PDF and JSON lines."""

from retrieval.articles.reading import read_articles

__all__ = ["read_articles"]
