"""What a watched file does to a policy: each look is a call, so nothing depends on time."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit_config import load_policy, refresh
from corekit_config.watching import WatchedFile
from tests.config.watching import NEW, OLD, policy_text

Records = pytest.LogCaptureFixture


class Watched:
    """A file with a policy, and the live policy that follows it."""

    def __init__(self, folder: Path, on_widen: str = "allow") -> None:
        self.path = folder / "cors.toml"
        self.path.write_text(policy_text(OLD))
        self.live = LivePolicy(load_policy(self.path), on_widen=on_widen)  # type: ignore[arg-type]
        self.file = WatchedFile(self.path, self.live)
        self.settle()

    def settle(self) -> None:
        """Look until nothing changes."""
        while self.file.look():
            pass

    @property
    def origins(self) -> tuple[str, ...]:
        policy = self.live.policy
        assert isinstance(policy, CorsPolicy)
        return policy.allow_origins


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def errors(caplog: Records) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]


def test_new_content_replaces_the_policy(watched: Watched) -> None:
    assert (watched.origins, watched.live.generation) == ((OLD,), 1)
    watched.path.write_text(policy_text(NEW))
    watched.settle()
    assert (watched.origins, watched.live.generation) == ((NEW,), 2)


def test_policy_may_become_routes(watched: Watched) -> None:
    watched.path.write_text(f'[[routes]]\npath = "/"\n{policy_text(NEW)}')
    watched.settle()
    assert watched.live.policy == CorsRoutes([("/", CorsPolicy(allow_origins=[NEW]))])


@pytest.mark.parametrize("text", [policy_text(OLD), f"# a comment\n{policy_text(OLD)}"])
def test_equal_policy_is_not_replaced(watched: Watched, text: str) -> None:
    before = watched.live.policy
    watched.path.write_text(text)
    watched.settle()
    assert watched.live.policy is before
    assert watched.live.generation == 1


def test_policy_that_the_application_took_first_is_not_replaced(watched: Watched) -> None:
    """Whether rows were loaded or not: they are not in the file."""
    with refresh(lambda: ["https://shop.example"], watched.live, every=3600):
        watched.live.replace(CorsPolicy(allow_origins=[NEW]))
        before = watched.live.policy, watched.live.generation
        watched.path.write_text(policy_text(NEW))
        watched.settle()
        assert watched.live.policy is before[0]
        assert watched.live.generation == before[1]


def test_first_look_finds_what_changed_since_loading(tmp_path: Path) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(policy_text(NEW))
    live = LivePolicy(CorsPolicy(allow_origins=[OLD]))
    file = WatchedFile(path, live)
    assert file.look()
    assert not file.look()
    assert live.policy == load_policy(path)


def test_policy_of_the_application_is_kept_while_the_file_stays(watched: Watched) -> None:
    watched.live.replace(CorsPolicy.deny_all())
    for _ in range(25):
        assert not watched.file.look()
    assert watched.live.policy == CorsPolicy.deny_all()


def test_policy_of_the_application_is_kept_until_the_file_has_another(watched: Watched) -> None:
    watched.live.replace(CorsPolicy.deny_all())
    for text in (f"# a comment\n{policy_text(OLD)}", policy_text(OLD)):
        watched.path.write_text(text)
        watched.settle()
        assert watched.live.policy == CorsPolicy.deny_all()
    watched.path.write_text(policy_text(NEW))
    watched.settle()
    assert watched.origins == (NEW,)


def test_policy_of_the_application_is_kept_after_a_broken_file(
    watched: Watched, caplog: Records
) -> None:
    caplog.set_level(logging.INFO)
    watched.live.replace(CorsPolicy.deny_all())
    for text in ("", policy_text(OLD)):
        watched.path.write_text(text)
        watched.settle()
    assert watched.live.policy == CorsPolicy.deny_all()
    assert caplog.records[-1].getMessage() == (
        f"CORS: '{watched.path}' is valid again, with the policy that it had before; policy"
        f" {watched.live.fingerprint} stays."
    )


def test_policy_that_was_refused_is_tried_again(tmp_path: Path, caplog: Records) -> None:
    watched = Watched(tmp_path, on_widen="refuse")
    wide = policy_text("https://*.example.com")
    watched.path.write_text(wide)
    watched.settle()
    watched.path.write_text(f"# a comment\n{wide}")
    watched.settle()
    assert watched.origins == (OLD,)
    assert len(errors(caplog)) == 2


@pytest.mark.parametrize("content", [None, "", "allow_origin = []"])
def test_file_that_cannot_be_used_at_first_is_an_error_at_once(
    tmp_path: Path, caplog: Records, content: str | None
) -> None:
    path = tmp_path / "cors.toml"
    if content is not None:
        path.write_text(content)
    live = LivePolicy(CorsPolicy(allow_origins=[OLD]))
    file = WatchedFile(path, live)
    assert file.look()
    assert not file.look()
    (error,) = errors(caplog)
    assert error.startswith(f"CORS: '{path}' is not used, and policy {live.fingerprint} stays.")
    path.write_text(policy_text(NEW))
    while file.look():
        pass
    assert live.policy == CorsPolicy(allow_origins=[NEW])


def test_line_of_the_replacement_names_the_file(watched: Watched, caplog: Records) -> None:
    caplog.set_level(logging.INFO)
    before = watched.live.fingerprint
    watched.path.write_text(policy_text(NEW))
    watched.settle()
    (line,) = (each.getMessage() for each in caplog.records)
    now = watched.live.fingerprint
    assert line.startswith(f"CORS: policy {now} of '{watched.path}' replaced {before} (generation")


def test_content_counts_if_two_reads_agree(watched: Watched) -> None:
    watched.path.write_text(policy_text("https://*.com"))
    assert watched.file.look()
    watched.path.write_text(policy_text(NEW))
    assert watched.file.look()
    assert watched.origins == (OLD,)
    assert not watched.file.look()
    assert (watched.origins, watched.live.generation) == ((NEW,), 2)


@pytest.mark.parametrize("part", [b"", b"allow_or", b'allow_origins = ["https://new'])
def test_half_written_file_is_not_read(watched: Watched, part: bytes, caplog: Records) -> None:
    text = policy_text(NEW).encode()
    assert text.startswith(part)
    with watched.path.open("wb", buffering=0) as file:  # empties it
        file.write(part)
        assert watched.file.look()
        file.write(text[len(part) :])
    watched.settle()
    assert watched.origins == (NEW,)
    assert errors(caplog) == []


def test_content_that_comes_back_is_not_used_again(watched: Watched) -> None:
    watched.path.write_text("")
    watched.file.look()
    watched.path.write_text(policy_text(OLD))
    assert not watched.file.look()
    watched.path.write_text("")
    assert watched.file.look()  # the first read, not the second


BROKEN = {
    "empty": ("", ["allow_origins"]),
    "no TOML": ("allow_origins = [", ["This is not TOML"]),
    "not UTF-8": ("\udcff", ["The file is not UTF-8"]),
    "with problems": (
        'allow_origin = ["https://app.example.com"]\nmax_age = -1\n'
        + "\n".join(f"allow_{number} = 1" for number in range(30)),
        ["[max-age]", "[unknown-argument]", "allow_29"],
    ),
    "with a guard": (policy_text(NEW) + "[guard]\n", ["There is a guard"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_file_changes_nothing(watched: Watched, name: str, caplog: Records) -> None:
    text, parts = BROKEN[name]
    before = watched.live.policy
    watched.path.write_bytes(text.encode(errors="surrogateescape"))
    for _ in range(25):
        watched.file.look()
    assert watched.live.policy is before
    assert watched.live.generation == 1
    (error,) = errors(caplog)
    assert error.startswith(f"CORS: '{watched.path}' is not used, and policy {before.fingerprint}")
    for part in parts:
        assert part in error


def test_removed_file_changes_nothing(watched: Watched, caplog: Records) -> None:
    before = watched.live.policy
    watched.path.unlink()
    for _ in range(25):
        watched.file.look()
    assert watched.live.policy is before
    (error,) = errors(caplog)
    assert "There is no such file." in error


def test_file_that_is_replaced_by_a_rename(watched: Watched, caplog: Records) -> None:
    other = watched.path.with_suffix(".new")
    other.write_text(policy_text(NEW))
    watched.path.unlink()
    assert watched.file.look()
    other.rename(watched.path)
    watched.settle()
    assert watched.origins == (NEW,)
    assert errors(caplog) == []


def test_directory_in_its_place_changes_nothing(watched: Watched, caplog: Records) -> None:
    watched.path.unlink()
    watched.path.mkdir()
    watched.settle()
    assert watched.origins == (OLD,)
    (error,) = errors(caplog)
    assert "This is a directory." in error


def test_each_broken_content_is_one_error(watched: Watched, caplog: Records) -> None:
    for text in ("", "a = ", "", policy_text(OLD), "a = "):
        watched.path.write_text(text)
        watched.settle()
        watched.settle()
    assert len(errors(caplog)) == 4


def test_valid_file_after_a_broken_one(watched: Watched, caplog: Records) -> None:
    caplog.set_level(logging.INFO)
    watched.path.write_text("")
    watched.settle()
    caplog.clear()
    watched.path.write_text(policy_text(NEW))
    watched.settle()
    assert watched.origins == (NEW,)
    watched.path.write_text(f"# a comment\n{policy_text(NEW)}")
    watched.settle()
    messages = [(each.name, each.levelname, each.getMessage()) for each in caplog.records]
    assert messages[1:] == [
        (
            "corekit.config",
            "INFO",
            f"CORS: '{watched.path}' is used again, with policy {watched.live.fingerprint}.",
        )
    ]
    assert messages[0][:2] == ("corekit.live", "INFO")


def test_refused_policy_is_one_error(tmp_path: Path, caplog: Records) -> None:
    watched = Watched(tmp_path, on_widen="refuse")
    watched.path.write_text(policy_text("https://*.example.com"))
    for _ in range(25):
        watched.file.look()
    assert (watched.origins, watched.live.generation) == ((OLD,), 1)
    (error,) = errors(caplog)
    assert "https://x.example.com" in error


def test_unreadable_file_changes_nothing(
    watched: Watched, caplog: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")  # as root, tests may read every file

    watched.path.write_text(policy_text(NEW))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        for _ in range(25):
            watched.file.look()
        assert watched.origins == (OLD,)
        (error,) = errors(caplog)
        assert "Permission denied. Check its permissions." in error
    watched.settle()
    assert watched.origins == (NEW,)


def test_file_with_the_same_state_is_read_again(watched: Watched) -> None:
    state = watched.path.stat()
    text = policy_text(NEW)
    assert len(text) == state.st_size
    watched.path.write_text(text)
    os.utime(watched.path, ns=(state.st_atime_ns, state.st_mtime_ns))
    watched.file._find_state = lambda: watched.file._state  # type: ignore[method-assign]
    looks = 1
    while not watched.file.look():
        looks += 1
        assert looks <= 10
    watched.settle()
    assert watched.origins == (NEW,)


def test_state_saves_reading(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []

    def read(path: Path) -> bytes:
        reads.append(path)
        return path.read_bytes()

    monkeypatch.setattr("corekit_config.watching.read_content", read)
    for _ in range(100):
        watched.file.look()
    assert len(reads) == 10


def kubelet(volume: Path, content: str, number: int) -> None:
    """Write a file as the kubelet does: https://pkg.go.dev/k8s.io/kubernetes/pkg/volume/util."""
    folder = volume / f"..2026_01_01_00_00_00.{number}"
    folder.mkdir()
    (folder / "cors.toml").write_text(content)
    link = volume / "..data_tmp"
    link.symlink_to(folder.name)
    link.rename(volume / "..data")
    if not (volume / "cors.toml").is_symlink():
        (volume / "cors.toml").symlink_to("..data/cors.toml")


def test_symlinks_of_kubernetes(tmp_path: Path) -> None:
    kubelet(tmp_path, policy_text(OLD), 1)
    path = tmp_path / "cors.toml"
    live = LivePolicy(load_policy(path))
    file = WatchedFile(path, live)
    for number, origin in enumerate((OLD, NEW, OLD), 2):
        kubelet(tmp_path, policy_text(origin), number)
        before = (tmp_path / f"..2026_01_01_00_00_00.{number - 1}" / "cors.toml").stat()
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        while file.look():
            pass
        assert live.policy == CorsPolicy(allow_origins=[origin])
    assert live.generation == 3


def test_relative_path_is_that_of_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(policy_text(NEW))
    monkeypatch.chdir(tmp_path)
    live = LivePolicy(CorsPolicy(allow_origins=[OLD]))
    file = WatchedFile("cors.toml", live)
    monkeypatch.chdir("/")
    while file.look():
        pass
    assert live.policy == CorsPolicy(allow_origins=[NEW])


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
@pytest.mark.parametrize(("mode", "lines"), [(0o644, 0), (0o664, 0), (0o646, 1), (0o666, 1)])
def test_file_that_others_may_write(
    watched: Watched, mode: int, lines: int, caplog: Records
) -> None:
    watched.path.chmod(mode)
    watched.settle()
    watched.path.write_text(policy_text(NEW))
    watched.settle()
    messages = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert len(messages) == lines
    assert all("chmod o-w" in each and str(watched.path) in each for each in messages)
