"""Queries as text, for people: `avg(temperature) by room every 15m last 24h`. The grammar is in docs/query-language.md."""

from penstock.query.language.parser import parse_query
from penstock.query.language.times import read_time
from penstock.query.language.writer import format_query

__all__ = ["format_query", "parse_query", "read_time"]
