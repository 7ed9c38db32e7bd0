"""DNS over HTTPS (RFC 8484, and the JSON form of public resolvers), answered like any other DNS."""

# mypy: disallow-untyped-calls=False

import base64
import binascii
import json
from urllib.parse import parse_qs, urlsplit

import dnslib

from biopsy.sandbox.internet import dns
from biopsy.sandbox.internet.reply import Asked, Made

WIRE, JSON = "application/dns-message", "application/dns-json"


def question(asked: Asked) -> tuple[bytes, bool] | None:
    """The DNS message that a request carries, and whether it wants JSON; None where it carries none."""
    if asked.method == "POST" and asked.headers.get("content-type", "").startswith(WIRE):
        return asked.body[:65_535], False
    if asked.method != "GET" or "?" not in asked.path:
        return None
    try:
        parts = urlsplit(asked.path)
        query = parse_qs(parts.query, max_num_fields=16)
    except ValueError:
        return None
    if "dns" in query and (parts.path == "/dns-query" or WIRE in asked.headers.get("accept", "")):
        try:
            text = query["dns"][0]
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), False
        except (binascii.Error, ValueError):
            return None
    if "name" in query and (parts.path == "/resolve" or JSON in asked.headers.get("accept", "")):
        try:
            kind = query.get("type", ["A"])[0].upper()
            number = int(kind) if kind.isdigit() else int(getattr(dnslib.QTYPE, kind))
            return bytes(dnslib.DNSRecord(q=dnslib.DNSQuestion(query["name"][0], number)).pack()), True
        except Exception:  # a name or type that dnslib does not take
            return None
    return None


def answer(found: dns.Answer, *, plain: bool) -> Made:
    """What a resolver says over HTTP; in JSON where `plain`."""
    if not plain:
        return Made(200, WIRE, found.wire, (), found.token)
    record = dnslib.DNSRecord.parse(found.wire)
    rows = [
        {"name": str(row.rname), "type": row.rtype, "TTL": row.ttl, "data": str(row.rdata)}
        for row in record.rr
    ]
    body = {"Status": found.status, "TC": False, "RD": True, "RA": True, "Answer": rows}
    return Made(200, JSON, json.dumps(body).encode(), (), found.token)
