"""Sentry's Python SDK as an application uses it. Prints a JSON line for each thing that it hands to its transport.

Usage: client.py DSN
"""

import json
import logging
import sys

import sentry_sdk
from sentry_sdk.crons import capture_checkin


def report(kind, **what):
    print(json.dumps({"kind": kind, **what}), flush=True)


def before_send(event, hint):
    if event.get("type") == "check_in":
        return event
    values = event.get("exception", {}).get("values", [])
    last = values[-1] if values else {}
    report(
        "event",
        id=event["event_id"],
        level=event.get("level", "error"),
        type=last.get("type"),
        value=last.get("value"),
        exceptions=len(values),
        frames=sum(len(v["stacktrace"]["frames"]) for v in values if v.get("stacktrace")),
        breadcrumbs=len(event.get("breadcrumbs", {}).get("values", [])),
    )
    return event


def before_send_transaction(event, hint):
    report("transaction", id=event["event_id"], transaction=event["transaction"])
    return event


def before_send_log(log, hint):
    report("log", message=log["body"])
    return log


sentry_sdk.init(
    dsn=sys.argv[1],
    traces_sample_rate=1.0,
    release="shop@1.2.3",
    environment="test",
    server_name="web-1",
    enable_logs=True,
    auto_session_tracking=False,
    before_send=before_send,
    before_send_transaction=before_send_transaction,
    before_send_log=before_send_log,
)


def parse(text):
    try:
        return int(text)
    except ValueError as error:
        raise LookupError("no such order: " + text) from error


try:
    parse("4711x")
except LookupError as e:
    sentry_sdk.capture_exception(e)

sentry_sdk.capture_message("disk nearly full", level="warning")

for n in range(20):
    sentry_sdk.add_breadcrumb(category="step", message="step %d" % n, level="info")
sentry_sdk.set_user({"id": 42, "username": "søren"})
sentry_sdk.set_tag("shop", "berlin, \"mitte\"\nnord")
try:
    big = 2**70
    text = "注文\u0000\u2028 \U0001f6a8,;|\\'\"\t" * 5
    odd = {"__proto__": 1, "a.b": [None, True, 1e300], "big": big}
    raise RuntimeError(text)
except RuntimeError as e:
    sentry_sdk.capture_exception(e)

with sentry_sdk.isolation_scope() as scope:
    scope.add_attachment(bytes=bytes(range(256)) * 4, filename="state.bin")
    scope.add_attachment(bytes=b"", filename="empty.txt")
    sentry_sdk.capture_message("with attachments", level="info")


def deep(n):
    if n == 0:
        raise ValueError("x" * 20000)
    deep(n - 1)


try:
    deep(150)
except ValueError as e:
    sentry_sdk.capture_exception(e)

logging.getLogger("billing.retry").error("payment %s failed for user %d", "8f14e45f", 1234)

with sentry_sdk.start_transaction(op="task", name="checkout"):
    with sentry_sdk.start_span(op="db", name="SELECT 1"):
        pass

sentry_sdk.logger.info("paid {amount} by {who}", amount=3.5, who="søren")
sentry_sdk.logger.error("not paid")

hub_session = sentry_sdk.get_isolation_scope()
hub_session.start_session(session_mode="application")
report("session", status="exited")
hub_session.end_session()

check_in = capture_checkin(monitor_slug="nightly", status="ok", duration=1.5)
report("check_in", id=check_in)

sentry_sdk.flush(timeout=20)
