"""Machine code from a file: made once, used only where it may be, and never instead of the right answer."""

import itertools
import logging
import os
import platform
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

import dns.message
import numpy as np
import pytest
from tests.zone.guarded import APEXES, table

from reputon.zone.guard import open_guard
from reputon.zone.kernel import jit
from reputon.zone.machine import image, linker, native
from reputon.zone.server.worker import Worker, can_compile, open_socket

NOTHING = b"\x31\xc0\xc3"  # xor eax, eax; ret: all that went well
FAILS = b"\xb8\x07\x00\x00\x00\xc3"  # mov eax, 7; ret
WAIT = 10.0
NAMES = (
    "2.0.0.127", "9.2.0.192", "1.1.1.1", "spam.example", "a.spam.example", "127", "",
    "1" + ".0" * 23 + ".8.b.d.0.1.0.0.2",
)  # fmt: skip

on_x86 = pytest.mark.skipif(
    platform.machine() != "x86_64" or not can_compile() or not jit.is_there(), reason="no code for this system"
)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of this test's own."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def kept(cache):
    """A loop in the cache that answers nothing."""
    jit.make_cache_dir()
    path = native.image_path()
    path.write_bytes(image.pack(NOTHING, 0, ["int"] * 3))
    path.chmod(0o644)
    return path


@contextmanager
def worker(compiled=None):
    """A worker at a port of its own: its address, and itself."""
    with open_socket("127.0.0.1", 0) as sock:
        made = Worker(sock, Queue(9))
        if compiled is not None:
            made.compile(compiled)
        here = table()
        made.take(here, open_guard(here))
        made.start()
        try:
            yield sock.getsockname(), made
        finally:
            made.stop()
            made.join(WAIT)


def run(*arguments):
    """Call what is in the cache."""
    loaded = native.load()
    assert loaded is not None
    loaded(*arguments)


def ask(address, packet):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(WAIT)
        client.sendto(packet, address)
        return client.recv(4096)


def packets():
    names = [f"{name}.{apex}".lstrip(".") for name, apex in itertools.product(NAMES, (*APEXES, "elsewhere.test"))]
    for each, (name, rdtype) in enumerate(itertools.product(names, ("A", "TXT", "SOA", "ANY", "MX"))):
        yield dns.message.make_query(name, rdtype, id=each, use_edns=each % 2 - 1).to_wire()
    yield b"\0\1\0\0\0\2" + bytes(6)


@pytest.mark.heavy
@on_x86
def test_what_another_process_compiled_answers_as_plain_python_does_and_needs_no_compiler(cache, monkeypatch):
    assert native.load() is None
    monkeypatch.chdir(cache)
    path = native.image_path()
    assert native.warm() == path.parent
    assert path.stat().st_mode & 0o022 == 0
    loaded = native.load()
    with worker() as (plain, _), worker(loaded) as (compiled, fast):
        for packet in packets():
            assert ask(compiled, packet) == ask(plain, packet)
        assert fast._serve is loaded  # it did not give up and answer in plain Python
    before = path.stat()
    native.warm()
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    serves = "import sys; from reputon.zone.machine.native import serve; assert serve()"
    said = serves + "; print({'numba', 'llvmlite'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", said], env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True, check=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "set()"


@pytest.mark.heavy
@on_x86
def test_where_no_image_can_be_made_numbas_own_cache_is_filled(cache, monkeypatch):
    other = "from reputon.zone.machine import linker, native; linker.can_link = lambda: False; native.write_image()"
    monkeypatch.setattr(native, "_MAKE", other)
    assert list(native.warm().rglob("compiled._serve-*.nbc"))
    assert native.load() is None


@on_x86
def test_what_is_kept_is_called(kept):
    run()


@on_x86
def test_code_that_fails_is_not_taken_for_code_that_does_not(kept):
    kept.write_bytes(image.pack(FAILS, 0, ["int"] * 3))
    with pytest.raises(RuntimeError, match="7"):
        run()


@on_x86
@pytest.mark.parametrize("which", ["file", "directory"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_what_others_can_write_to_is_not_used(kept, which, mode, caplog):
    path = kept if which == "file" else kept.parent
    path.chmod(path.stat().st_mode | mode)
    assert native.load() is None
    assert f"{path} is not used: others" in caplog.text
    if which == "directory":
        with pytest.raises(jit.UnsafeError, match="NUMBA_CACHE_DIR"):
            native.warm()


@on_x86
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("which", ["file", "directory"])
def test_what_is_somebody_elses_is_not_used(kept, which, caplog):
    os.chown(kept if which == "file" else kept.parent, 65534, 65534)
    assert native.load() is None
    assert "is not used" in caplog.text


@on_x86
def test_links_are_not_followed(kept, tmp_path):
    kept.rename(tmp_path / "elsewhere")
    kept.symlink_to(tmp_path / "elsewhere")
    assert native.load() is None
    kept.unlink()
    (tmp_path / "elsewhere").rename(kept)
    assert native.load() is not None
    kept.parent.rename(tmp_path / "away")
    kept.parent.symlink_to(tmp_path / "away")
    assert native.load() is None


@on_x86
@pytest.mark.parametrize("what", ["processor", "numba", "source"])
def test_code_for_something_else_is_not_loaded(kept, monkeypatch, tmp_path, what):
    if what == "processor":
        monkeypatch.setattr(native, "_processor", lambda: ["flags\t: none"])
    elif what == "numba":
        monkeypatch.setattr(native, "_version", lambda package: f"0.0 of {package}")
    else:
        (tmp_path / "source").mkdir()
        (tmp_path / "source" / "jit.py").write_text("changed")
        monkeypatch.setattr(jit, "__file__", str(tmp_path / "source" / "jit.py"))
    assert native.load() is None


@on_x86
@pytest.mark.parametrize("spoil", [
    lambda data: data[:-1], lambda data: data[:-1] + b"\x90", lambda data: b"X" + data[1:], lambda _: b"",
    lambda data: data[:15] + b"\xff" * 8 + data[23:], lambda data: data[:40],
])  # fmt: skip
def test_a_damaged_file_is_not_called(kept, spoil, caplog):
    kept.write_bytes(spoil(kept.read_bytes()))
    assert native.load() is None
    assert "is not used" in caplog.text


@on_x86
def test_it_takes_only_what_it_was_compiled_for(kept):
    array = np.zeros((2, 3), np.uint8)
    kept.write_bytes(image.pack(NOTHING, 0, ["int"] * 4 + ["|u1 2", "<i8 1 r"]))
    constant = np.arange(3)
    run(1, array, constant)
    constant.flags.writeable = False
    run(1, (array, constant))  # however they are nested
    array.flags.writeable = False
    for wrong in (
        (1, array, constant), (1, array.copy()), (array.copy(), 1, constant), (1, np.zeros(6, np.uint8), constant),
        (1, np.zeros((2, 3), np.uint8).T, constant), (1, np.zeros((2, 3), np.int8), constant),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="compiled code takes"):
            run(*wrong)


@pytest.mark.parametrize("data", [
    b"", b"MZ", b"\x7fELF", b"\x7fELF\x02\x01" + bytes(58), b"\x7fELF\x02\x01" + b"\xff" * 58,
    b"\x7fELF\x02\x01" + b"\xff" * 10,
])  # fmt: skip
def test_only_objects_for_this_kind_of_processor_are_linked(data):
    with pytest.raises(linker.LinkError):
        linker.link(data)


@on_x86
@pytest.mark.parametrize(("source", "said"), [
    ("declare i64 @f()\ndefine i64 @g() { %1 = call i64 @f() ret i64 %1 }", "outside"),
    ("define i64 @f() { ret i64 1 }\ndefine i64 @g() { ret i64 2 }", "2 public"),
    ("@v = global i64 1\ndefine i64 @g() { %1 = load i64, ptr @v ret i64 %1 }", "outside"),
])  # fmt: skip
def test_what_needs_something_else_is_not_linked(source, said):
    with pytest.raises(linker.LinkError, match=said):
        linker.link(assembled(source))


@on_x86
def test_constants_and_inner_functions_are_found_wherever_the_code_lies(kept):
    source = """
        @c = internal constant [2 x i32] [i32 5, i32 0], align 4
        define internal i64 @one(i64 %n) noinline { %r = add i64 %n, 1 ret i64 %r }
        define i32 @g(ptr %r, ptr %e, i64 %a, i64 %b, i64 %c, i64 %n) {
            %m = call i64 @one(i64 %n)
            %p = getelementptr [2 x i32], ptr @c, i64 0, i64 %m
            %v = load i32, ptr %p
            ret i32 %v
        }"""
    code, entry = linker.link(assembled(source))
    kept.write_bytes(image.pack(bytes(13) + code, entry + 13, ["int"] * 4))
    with pytest.raises(RuntimeError, match="5"):
        run(-1)
    run(0)


def assembled(source):
    from llvmlite import binding  # type: ignore[import-untyped]

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(reloc="pic", codemodel="small")
    return machine.emit_object(binding.parse_assembly(source))


def test_without_numba_it_says_that_it_is_slow(monkeypatch, cache, caplog):
    monkeypatch.setattr(jit, "is_there", lambda: False)
    assert native.serve() is None
    assert "plain Python" in caplog.text


@on_x86
def test_where_no_other_process_can_compile_this_one_does(monkeypatch, cache, caplog):
    monkeypatch.setattr(native, "_MAKE", "import sys; sys.exit('no memory')")
    monkeypatch.setattr(native, "_compile_here", lambda: print)
    assert native.serve() is print
    assert "no memory" in caplog.text
    with pytest.raises(native.WarmError, match="no memory"):
        native.warm()


@on_x86
def test_a_cache_that_is_not_ours_is_not_numbas_either(kept, caplog):
    caplog.set_level(logging.WARNING)
    kept.parent.chmod(0o777)
    assert not jit._can_keep()
    assert "is not kept" in caplog.text


def test_a_worker_whose_compiled_loop_fails_answers_in_plain_python(caplog):
    def broken(*_):
        raise TypeError("compiled code takes something else")

    packet = next(iter(packets()))
    with worker(broken) as (address, _), worker() as (plain, __):
        assert ask(address, packet) == ask(plain, packet)
    assert "plain Python" in caplog.text


def test_the_cache_is_where_it_was_asked_for(cache):
    assert Path(cache) in jit.make_cache_dir().parents
