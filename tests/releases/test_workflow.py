"""The release workflow: nothing is published before all is built, and what is published is attested."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

FILE = Path(__file__).resolve().parents[2] / ".github" / "workflows" / "release.yml"
TEXT = FILE.read_text(encoding="utf-8")
JOBS = yaml.safe_load(TEXT)["jobs"]
PUBLISHING = ("push-image", "publish")


def needed_by(job: str) -> set[str]:
    """The jobs that end before it begins."""
    named = JOBS[job].get("needs", [])
    direct = {named} if isinstance(named, str) else set(named)
    return direct.union(*map(needed_by, direct))


def test_all_is_built_before_anything_is_published():
    assert needed_by("push-image") == {"archive", "image"}
    assert needed_by("publish") == JOBS.keys() - {"publish", "pypi"}
    assert needed_by("pypi") == JOBS.keys() - {"pypi"}


@pytest.mark.parametrize("job", sorted(JOBS))
def test_only_jobs_that_publish_may_write(job):
    rights = {right for right, what in JOBS[job].get("permissions", {}).items() if what == "write"}
    attested = {"id-token", "attestations"}
    written = {"push-image": {"packages", *attested}, "publish": {"contents", *attested}, "pypi": {"id-token"}}
    assert rights == written.get(job, set())


@pytest.mark.parametrize("job", PUBLISHING)
def test_what_is_published_is_attested(job):
    (given,) = [step["with"] for step in JOBS[job]["steps"] if step.get("uses", "").startswith("actions/attest-build-provenance@")]
    if job == "publish":
        assert given == {"subject-path": "dist/*"}
    else:
        assert given == {"subject-name": "${{ steps.image.outputs.name }}", "subject-digest": "${{ steps.pushed.outputs.digest }}"}
        (pushed,) = [step["run"] for step in JOBS[job]["steps"] if step.get("id") == "pushed"]
        assert "--digestfile digest" in pushed


def test_krew_itself_installs_the_archives_before_they_are_published():
    steps = [step.get("run", "").partition(' "')[0] for step in JOBS["publish"]["steps"]]
    assert steps.index("make manifest") < steps.index("make krew") < steps.index("gh release create")


def test_no_host_of_a_registry_stands_in_it():
    assert re.findall(r"[\w-]+\.(?:io|com|org|dev)\b", TEXT) == []


def test_what_comes_from_outside_is_no_part_of_a_script():
    """`${{ }}` in a script is pasted into it as it is; the environment is not."""
    scripts = [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]
    assert not any("${{" in script for script in scripts)


@pytest.mark.parametrize("file", sorted(FILE.parent.glob("*.yml")), ids=lambda file: file.name)
def test_an_action_is_a_commit_and_not_what_somebody_calls_so(file):
    uses = re.findall(r"uses: (.+)", file.read_text(encoding="utf-8"))
    assert uses
    assert [each for each in uses if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", each)] == []


def test_no_token_stays_in_a_checkout():
    checkouts = [step for job in JOBS.values() for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False] * len(checkouts)


def test_one_wheel_and_one_sdist_are_published():
    """Each runner builds its own; which of them won was left to chance."""
    uploads = [
        step["with"] for job in JOBS.values() for step in job["steps"] if step.get("uses", "").startswith("actions/upload-artifact@")
    ]
    (archives,) = [each for each in uploads if each["name"].startswith("archive-")]
    assert {"!dist/*.whl", "!dist/kubectl_pause_inspect-*.tar.gz"} <= set(archives["path"].split())
    assert [each["name"] for each in uploads if "dist/*.whl" in each["path"].split()] == ["distributions"]
