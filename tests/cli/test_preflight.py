"""What the user may not do is known before anything is created, and told at once and whole."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests.access.fake_api_server import status


def test_everything_that_is_missing_is_named_and_nothing_is_created(cluster, command):
    cluster.denied = {"get pods/exec", "delete pods"}
    ended = command("node", "--debug-namespace", "shop")
    assert (ended.code, ended.out) == (1, "")
    [(what, then)] = ended.errors
    assert 'you cannot delete resource "pods", get resource "pods/exec" in the namespace "shop"' in what
    assert "kubectl auth can-i delete pods -n shop" in then
    assert (cluster.created, cluster.jobs) == ([], [])


def test_it_is_asked_as_the_user_who_is_impersonated(cluster, command):
    cluster.denied = {"create pods"}
    ended = command("node", "--as", "jane")
    [(what, then)] = ended.errors
    assert 'User "jane" cannot create resource "pods"' in what
    assert then.endswith("kubectl auth can-i create pods -n kube-system --as jane")
    reviews = [headers for method, path, headers in cluster.server.requests if path.endswith("selfsubjectaccessreviews")]
    assert len(reviews) == 4
    assert all(("Impersonate-User", "jane") in headers for headers in reviews)


def test_the_line_to_check_with_quotes_the_user_s_name(cluster, command):
    cluster.denied = {"create pods"}
    [(_, then)] = command("node", "--as", "jane doe").errors
    assert then.endswith("kubectl auth can-i create pods -n kube-system --as 'jane doe'")


def test_it_is_asked_once_for_all_nodes(cluster, command):
    cluster.nodes = [{**cluster.nodes[0], "metadata": {"name": f"worker-{number}"}} for number in range(3)]
    command("node", "--all")
    assert len(cluster.created) == 3
    assert len([path for _, path, _ in cluster.server.requests if path.endswith("selfsubjectaccessreviews")]) == 4


def test_a_server_that_answers_no_review_is_no_no(cluster, command):
    cluster.refuse["POST /apis/authorization"] = lambda: status(403, "Forbidden", "cannot create selfsubjectaccessreviews")
    assert command("node").code == 0


def test_a_review_that_is_too_deep_is_no_no(cluster, command):
    deep = b'{"status": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    cluster.refuse["POST /apis/authorization"] = lambda: web.Response(body=deep)
    ended = command("node")
    assert (ended.code, ended.err) == (0, "")


def test_a_server_that_is_slow_to_review_holds_up_nothing_for_long(cluster, command):
    async def slow(request):
        if "selfsubjectaccessreviews" in request.path:
            await asyncio.sleep(30)
        return await cluster.rest(request)

    cluster.server.rest = slow
    assert command("node", "--timeout", "10s").code == 0
