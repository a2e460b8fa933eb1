"""Asks Python's json, Celery's saferepr and kombu's topic exchange. Needs Celery 5.7.

One JSON request per line on standard input, one answer per line on standard output. <hex> is UTF-8 as hexadecimal.

{"loads": <hex>}            "object" if json.loads makes an object of it, "other" if something else, else "refused"
{"dumps": <hex>}            the text as json.dumps writes it
{"saferepr": <hex>}         saferepr of the JSON value, at most 1,024 characters, as json.dumps writes that text
{"topic": [binding, key]}   "yes" if a message with the key goes to a queue bound with the binding key, else "no"
"""
import json
import sys

import celery
from celery.utils.saferepr import saferepr
from kombu.transport.virtual.exchange import TopicExchange

assert celery.__version__.startswith("5.7."), celery.__version__
topics = TopicExchange(channel=None)


def loads(hexadecimal):
    try:
        value = json.loads(bytes.fromhex(hexadecimal).decode("utf-8"))
    except (ValueError, RecursionError):
        return "refused"
    return "object" if isinstance(value, dict) else "other"


def topic(binding, key):
    table = [topics.prepare_bind("q", "exchange", binding, None)]
    table = [(table[0][0], table[0][1], "q")]
    return "yes" if topics.lookup(table, "exchange", key, None) else "no"


def answer(request):
    if "loads" in request:
        return loads(request["loads"])
    if "dumps" in request:
        return json.dumps(bytes.fromhex(request["dumps"]).decode("utf-8"))
    if "saferepr" in request:
        return json.dumps(saferepr(json.loads(bytes.fromhex(request["saferepr"])), 1024))
    return topic(*request["topic"])


print("\n".join(answer(json.loads(line)) for line in sys.stdin))
