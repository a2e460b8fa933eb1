"""Asks Python's json, Celery's saferepr and beat, and kombu's topic exchange. Needs Celery 5.7.

One JSON request per line on standard input, one answer per line on standard output. <hex> is UTF-8 as hexadecimal.

{"loads": <hex>}            "object" if json.loads makes an object of it, "other" if something else, else "refused"
{"dumps": <hex>}            the text as json.dumps writes it
{"saferepr": <hex>}         saferepr of the JSON value, at most 1,024 characters, as json.dumps writes that text
{"topic": [binding, key]}   "yes" if a message with the key goes to a queue bound with the binding key, else "no"
{"parameters": true}        the names of all that a caller may give to apply_async, or that it hands on
{"kombu": {options, queue, priority, exchange, member}}
    what kombu's Redis transport does with broker_transport_options, as JSON: `push` the list a message with the priority
    goes to, `lists` those that a worker waits for, `taken` the queue for which it takes what comes from `push`, `sets`
    the sets that hold a queue's binding, `member` the binding's bytes, `parts` those of the member that was given. Each
    name is UTF-8 as hexadecimal, `member` in the request too.
{"send": {task, id, origin, reply_to, now, args, kwargs, queue, options}}
    the message that beat's send_task puts on the queue of kombu's in-memory transport, as the Redis transport would
    store it. `now` is ISO 8601. The random origin, reply_to and delivery_tag are replaced by those given and by the id.
"""
import inspect
import json
import sys
from datetime import datetime

import celery
from celery.utils.saferepr import saferepr
from kombu import Producer
from kombu.transport import redis as redis_transport
from kombu.transport.memory import Channel
from kombu.transport.virtual.exchange import TopicExchange
from kombu.utils.json import dumps

assert celery.__version__.startswith("5.7."), celery.__version__
topics = TopicExchange(channel=None)
app = celery.Celery(broker="memory://", set_as_current=False)


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


class Recorder(redis_transport.GlobalKeyPrefixMixin):
    """Takes the place of a Redis client, and records what is sent."""

    def __init__(self, prefix, members=()):
        self.global_keyprefix, self.members, self.sent, self.connection = prefix, members, [], self

    def send_command(self, *words):
        self.sent.append(words)

    def lpush(self, *words):
        self.send_command(*self._prefix_args(("LPUSH", *words)))

    def sadd(self, *words):
        self.send_command(*self._prefix_args(("SADD", *words)))

    def smembers(self, key):
        return self.members

    def pipeline(self):
        return self

    def execute(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def kombu(request):
    options, queue, exchange = request["options"], request["queue"], request["exchange"]
    channel = object.__new__(redis_transport.Channel)
    for name in channel.from_transport_options:
        if name in options:
            setattr(channel, name, options[name])
    client = Recorder(channel.global_keyprefix, [bytes.fromhex(request["member"])])
    channel._expires = {}
    channel.typeof = lambda exchange: topics
    channel.conn_or_acquire = lambda *_: client
    channel._put(queue, {"properties": {"priority": request["priority"]}})
    push = client.sent.pop()[1]
    channel._queue_bind(exchange, queue, None, queue)
    sets = list(client.sent)
    client.sent.clear()
    channel.brpop_timeout, channel.client = 1, client
    channel._queue_cycle = type("Cycle", (), {"consume": lambda *_: [queue], "rotate": lambda *_: None})()
    channel._active_queues, channel.active_fanout_queues = [queue], set()
    channel._brpop_start()
    lists = client.sent.pop()[1:-1]
    # The reply of Redis, as GlobalKeyPrefixMixin.parse_response returns it.
    taken = []
    item = (push[len(channel.global_keyprefix):], "{}")
    client.parse_response = lambda *_, **__: item
    channel.connection = type("Connection", (), {"_deliver": lambda _, message, queue: taken.append(queue)})()
    channel._flush_brpop_reauth = lambda: None
    channel._brpop_read()
    encode = lambda text: text.encode().hex()
    return json.dumps({
        "push": encode(push), "lists": [encode(key) for key in dict.fromkeys(lists)], "taken": encode(taken[0]),
        "sets": [encode(words[1]) for words in sets], "member": encode(sets[0][2]),
        "parts": [encode(part) for part in channel.get_table(exchange)[0]],
    }, separators=(",", ":"))


def send(request):
    now = datetime.fromisoformat(request["now"])
    app.now = lambda: now
    options = dict(request["options"])
    # Beat does the same: celery/beat.py, Scheduler.apply_async.
    options.setdefault("headers", {})["celery_beat_task"] = True
    queue = request["queue"] or "celery"
    if request["queue"]:
        options["queue"] = queue
    app.send_task(request["task"], request["args"], request["kwargs"], task_id=request["id"], **options)
    message = Channel.queues[queue].get_nowait()
    message["headers"]["origin"] = request["origin"]
    message["properties"].update(reply_to=request["reply_to"], delivery_tag=request["id"])
    return dumps(message)


def parameters():
    functions = (
        celery.Task.apply_async, app.send_task, app.amqp.as_task_v2, app.amqp.send_task_message, Producer.publish)
    return json.dumps(sorted(
        {name for function in functions for name, parameter in inspect.signature(function).parameters.items()
         if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)}))


def answer(request):
    if "parameters" in request:
        return parameters()
    if "kombu" in request:
        return kombu(request["kombu"])
    if "send" in request:
        return send(request["send"])
    if "loads" in request:
        return loads(request["loads"])
    if "dumps" in request:
        return json.dumps(bytes.fromhex(request["dumps"]).decode("utf-8"))
    if "saferepr" in request:
        return json.dumps(saferepr(json.loads(bytes.fromhex(request["saferepr"])), 1024))
    return topic(*request["topic"])


print("\n".join(answer(json.loads(line)) for line in sys.stdin))
