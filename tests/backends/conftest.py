import os

import pytest
from backend_programs import processes_in

from chainyard.backends.fake import FakeBackend
from chainyard.backends.files import socket_dir
from chainyard.backends.process.backend import ProcessBackend


@pytest.fixture
def folder(tmp_path):
    """A network's folder. No process may work in it, and no socket be left, after the test."""
    path = tmp_path / "networks" / "test"
    yield path
    left = [process for process in processes_in(tmp_path) if process.pid != os.getpid()]
    for process in left:
        process.kill()
    assert not left
    assert not socket_dir(path).exists()


@pytest.fixture
def process_backend(folder):
    backend = ProcessBackend(folder, steady_seconds=1, retries=1)
    yield backend
    backend.destroy()


@pytest.fixture(params=["process", "fake"])
def backend(request, folder):
    if request.param == "process":
        return request.getfixturevalue("process_backend")
    return FakeBackend(folder)
