"""Control groups are files: these are laid out as the kernel does."""

import pytest

from classifier import cores


@pytest.fixture
def count(tmp_path, monkeypatch):
    """Writes the files of a machine of 64 cores and counts those that may be used."""
    monkeypatch.setattr(cores, "_affinity", lambda: 64)

    def count(own, files):
        (tmp_path / "own").write_text(own)
        for name, content in files.items():
            path = tmp_path / "groups" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return cores.available(groups=tmp_path / "groups", own=tmp_path / "own")

    return count


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("50000 100000\n", 1),
        ("max 100000\n", 64),
        ("9900000 100000\n", 64),
        ("nonsense\n", 64),
    ],
)
def test_the_quota_of_a_container_bounds_the_cores(count, content, expected):
    assert count("0::/\n", {"cpu.max": content}) == expected


def test_the_tightest_of_the_groups_around_a_process_holds(count):
    files = {
        "shop/cpu.max": "300000 100000",
        "shop/beez/cpu.max": "max 100000",
        "cpu.max": "800000 100000",
    }
    assert count("0::/shop/beez\n", files) == 3


def test_a_path_of_the_host_that_a_container_does_not_see_leaves_its_own_group(count):
    assert count("0::/system.slice/docker-1234.scope\n", {"cpu.max": "100000 100000"}) == 1


@pytest.mark.parametrize(("quota", "expected"), [("400000", 4), ("-1", 64)])
def test_the_first_version_of_control_groups_is_read_too(count, quota, expected):
    files = {"cpu/beez/cpu.cfs_quota_us": quota, "cpu/beez/cpu.cfs_period_us": "100000"}
    assert count("4:memory:/other\n3:cpu,cpuacct:/beez\n", files) == expected


def test_without_control_groups_the_affinity_decides(tmp_path, monkeypatch):
    monkeypatch.setattr(cores, "_affinity", lambda: 3)
    assert cores.available(groups=tmp_path, own=tmp_path / "missing") == 3
