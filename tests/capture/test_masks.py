"""What of the kubelet's log never leaves the node: secrets in every form in which programs write them, masked by both kinds of sed."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.recorded_nodes import COLLECTOR

if TYPE_CHECKING:
    from collections.abc import Sequence

SEDS = [["sed"], ["busybox", "sed"]]
ON_BOTH = pytest.mark.parametrize("sed", [sed for sed in SEDS if shutil.which(sed[0])], ids=" ".join)
NAMES = ["password", "Password", "passwd", "pass", "pwd", "token", "access_token", "client_secret", "aws_secret_access_key", "apikey",
         "credentials", "X-Amz-Signature", "X-Vault-Token", "auth", "sig", "client-key-data"]  # fmt: skip
BETWEEN = ["=", ":", ": ", " = ", " : ", "=>", "%3D", "%3a"]
VALUES = ["hunter2", '"hunter2"', "'hunter2'", "`hunter2`", '"x hunter2"', "'x hunter2'", '"x \\" hunter2"', "x@hunter2",
          "[]byte{104, hunter2}", "[104 hunter2]", "{x hunter2}", '["x", "hunter2"]', '"x hunter2', "Bearer hunter2", "Basic  hunter2",
          '"x","b":"y hunter2"', "x:hunter2/y"]  # fmt: skip
AROUND = [
    "{}",
    "mount options {},username=x",
    "map[{} user:x]",
    'err="failed: {}" rest',
    "&{{X:1 {}}}",
    "https://host/?a=b&{}",
    "a\tb {}; c",
]
WHOLE = {
    "https://user:hunter2@reg.example/v2/ failed": "https://***@reg.example/v2/ failed",
    "//user:hunter2@host/share: mount error": "//***@host/share: mount error",
    "basic auth user:hunter2@proxy.example:3128": "basic *** ***@proxy.example:3128",
    "proxy user:/hunter2@host": "proxy ***@host",
    "--token hunter2 --v 5": "--token *** --v 5",
    "--registry-password 'x hunter2' y": "--registry-password *** y",
    "SECRET_KEY hunter2 y": "SECRET_KEY *** y",
    "AKIAIOSFODNN7EXAMPLE hunter2UtnFEMI/K7MDENG y": "*** y",
    "ghp_hunter2 y": "*** y",
    "github_pat_hunter2 y": "*** y",
    "xoxb-1-hunter2 y": "*** y",
    "Cookie: a=b; session=hunter2": "Cookie: ***",
    'Authorization: Digest username="x", response="hunter2"': "Authorization: *** ***",
    'WWW Digest username="x", response="hunter2"': "WWW Digest ***",
    "Authorization: Bearer hunter2 y": "Authorization: *** y",
    "Proxy-Authorization: Basic hunter2 y": "Proxy-Authorization: *** y",
    r"{\"auths\":{\"reg\":{\"auth\":\"hunter2\"}}} y": r"{\"auths\":*** y",
    "-----BEGIN RSA PRIVATE KEY----- hunter2 hunter2": "***",
    '{"password": "hunter2", "x": 1}': '{"password": *** "x": 1}',
}
PLAIN = [
    'Failed to create sandbox for pod "web_shop(0f0e0d0c)": device or resource busy',
    'MountVolume.SetUp failed for volume "kube-api-access-x" : configmap "root" not found',
    "failed to pull image registry.example:5000/pause:3.10@sha256:" + "ab" * 32 + ": not found",
    'secret "db" not found',
    "dial unix /run/containerd/containerd.sock: connect: connection refused",
]


def masks() -> str:
    """The collector's own text, as its shell makes it."""
    text = COLLECTOR.read_text()
    setup = text[text.index("QUOTED=") : text.index("# 400 bytes a line:")]
    return subprocess.run(["sh", "-c", f'{setup}\nprintf %s "$MASKS"'], capture_output=True, text=True, check=True).stdout


def masked(sed: list[str], lines: Sequence[str]) -> list[str]:
    done = subprocess.run([*sed, "-E", masks()], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()


@ON_BOTH
def test_no_form_survives(sed: list[str]) -> None:
    """Plain, as a key of JSON, in a text that is quoted once more, and in one that is quoted twice."""
    forms = []
    for name, between, value in itertools.product(NAMES, BETWEEN, VALUES):
        forms.append(f"{name}{between}{value}")
        if not between.startswith("%"):
            forms.append(f'{{"{name}"{between}{value}')
    lines = [around.format(form) for form, around in itertools.product(forms, AROUND)]
    once = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    twice = [line.replace("\\", "\\\\").replace('"', '\\"') for line in once]
    every = [*lines, *(f'err="{line}"' for line in once), *twice][::3]
    left = [(line, shown) for line, shown in zip(every, masked(sed, every), strict=True) if "hunter2" in shown]
    assert left == []


@ON_BOTH
def test_forms_that_stand_by_themselves(sed: list[str]) -> None:
    assert dict(zip(WHOLE, masked(sed, list(WHOLE)), strict=True)) == WHOLE


@ON_BOTH
def test_what_tells_the_cause_stays(sed: list[str]) -> None:
    assert masked(sed, PLAIN) == PLAIN
