"""Runs, run folders, recorders, overlays and the command."""

import json
import os
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import polars as pl
import pytest
from conftest import COMMAND, REPOSITORY, TINY, command

import layerwise


def test_a_run_of_tables_is_the_run_of_the_command(tiny_run, tmp_path):
    done = command("run", str(tiny_run.path / "spec.toml"), "--out", str(tmp_path / "again"))
    assert done.returncode == 0, done.stderr
    for name in ("observations.csv", "verdict.json"):
        assert (tiny_run.path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_observations_are_the_rows_of_the_csv(tiny_run):
    table = tiny_run.observations
    csv = pl.read_csv(tiny_run.path / "observations.csv", infer_schema_length=None)
    frame = pl.DataFrame(table)
    assert frame.columns == csv.columns and frame.height == len(table) == csv.height
    for name in ("run", "variant", "model", "metric"):
        assert frame[name].cast(pl.String).to_list() == csv[name].to_list()
    for name in ("seed", "index", "step", "flow_time", "value"):
        assert frame[name].cast(pl.Float64).to_list() == csv[name].cast(pl.Float64).to_list()
    numpy = table.to_numpy()
    assert numpy["model"].tolist() == csv["model"].to_list()
    np.testing.assert_array_equal(numpy["value"], csv["value"].to_numpy())
    assert "observations" in table._repr_html_()


def test_observations_become_pandas(tiny_run):
    pandas = pytest.importorskip("pandas")
    frame = tiny_run.observations.to_pandas()
    csv = pandas.read_csv(tiny_run.path / "observations.csv")
    assert frame["metric"].astype(str).tolist() == csv["metric"].tolist()
    assert frame["value"].tolist() == csv["value"].tolist()


def test_arrow_reads_the_table_without_a_copy(tiny_run):
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(tiny_run.observations)
    table.validate(full=True)
    first, second = (pyarrow.table(tiny_run.observations)["value"].chunk(0).buffers()[1].address for _ in range(2))
    assert first == second
    assert table.num_rows == len(tiny_run.observations)


def test_curves_of_all_seeds(tiny_run):
    steps, values = tiny_run.observations.curve("net", "skill_strength", index=1)
    assert values.shape == (2, len(steps)) and steps[0] == 0 and steps[-1] == 60
    one = tiny_run.observations.curve("net", "skill_strength", index=1, seed=1)[1]
    np.testing.assert_array_equal(one, values[1])
    with pytest.raises(ValueError, match="has the indices"):
        tiny_run.observations.curve("net", "skill_strength")
    with pytest.raises(KeyError, match="It has: "):
        tiny_run.observations.curve("nets", "skill_strength")


def test_a_run_shows_verdicts_and_its_overlay(tiny_run):
    written = json.loads((tiny_run.path / "verdict.json").read_text())
    assert tiny_run.verdicts["T1"].reason == written["claims"][0]["reason"]
    assert tiny_run.verdicts["T1"].word in repr(tiny_run)
    page = tiny_run._repr_html_()
    assert "T1" in page and "<svg" in page and list(tiny_run.figures) == ["tiny"]
    assert tiny_run.complete and tiny_run.manifest["name"] == "tiny" and tiny_run.spec["training"]["lr"] == 0.1
    assert layerwise.read(tiny_run.path).manifest == tiny_run.manifest


def test_options_reach_the_spec(tmp_path):
    run = layerwise.run(TINY, seeds=range(5, 8), set={"training.steps": np.int64(20), "models.net.activation": "tanh"},
                        out=tmp_path / "run", progress=False, threads=1)
    assert run.spec["training"]["first_seed"] == 5 and run.spec["training"]["seeds"] == 3
    assert run.spec["training"]["steps"] == 20 and run.spec["models"]["net"]["activation"] == "tanh"


@pytest.mark.parametrize("words, call", [
    ("is neither a shipped experiment", lambda out: layerwise.run("emergency", out=out)),
    ("training.stepz", lambda out: layerwise.run(TINY, set={"training.stepz": 3}, out=out)),
    ("training.lr is None", lambda out: layerwise.run({**TINY, "training": {"lr": None}}, out=out)),
    ("seeds is -1", lambda out: layerwise.run(TINY, seeds=-1, out=out)),
    ("threads is 0", lambda out: layerwise.run(TINY, threads=0, out=out)),
    ("seeds without gaps", lambda out: layerwise.run(TINY, seeds=[1, 3], out=out)),
    ("either checkpoints or curves", lambda out: layerwise.overlay(TINY, out=out)),
    ("cannot be read", lambda out: layerwise.read(out)),
    ("device nogpu", lambda out: layerwise.run(TINY, device="nogpu", out=out)),
])
def test_wrong_input_is_a_value_error_and_writes_nothing(tmp_path, words, call):
    with pytest.raises(ValueError) as caught:
        call(tmp_path / "run")
    assert words in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_damaged_file_is_found(tmp_path):
    run = layerwise.run(TINY, out=tmp_path / "run", progress=False, set={"training.steps": 10})
    (run.path / "observations.jsonl").write_text("{}")
    with pytest.raises(ValueError, match="damaged"):
        layerwise.read(run.path)


def test_progress_is_reported(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr("layerwise._progress.Bar.__call__", lambda self, *numbers: calls.append(numbers))
    layerwise.run(TINY, out=tmp_path / "run")
    total, done, earlier, cell = calls[-1]
    assert total == done == 120 and earlier == 0 and cell.startswith("base seed")


def test_an_exception_in_the_progress_stops_the_run(tmp_path, monkeypatch):
    def fails(self, *numbers):
        raise OSError("no screen")
    monkeypatch.setattr("layerwise._progress.Bar.__call__", fails)
    with pytest.raises(OSError, match="no screen"):
        rare = [{"kind": "skills", "schedule": {"kind": "log", "points": 20}}]
        layerwise.run({**TINY, "measure": rare}, out=tmp_path / "run", set={"training.steps": 20_000_000})


INTERRUPTED = """
import layerwise, sys
sys.path.insert(0, {tests!r})
from conftest import TINY
print("begin", flush=True)
try:
    rare = [{{"kind": "skills", "schedule": {{"kind": "log", "points": 20}}}}]
    layerwise.run({{**TINY, "measure": rare}}, out={out!r}, set={{"training.steps": 20_000_000}}, progress=False)
except KeyboardInterrupt as stopped:
    print("kept", len(stopped.run.observations), stopped.run.complete, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_stops_a_run_and_keeps_what_was_recorded(tmp_path):
    code = INTERRUPTED.format(tests=os.path.dirname(__file__), out=str(tmp_path / "run"))
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "begin\n"
    time.sleep(1.5)
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=30)
    word, count, complete = out.split()
    assert word == "kept" and int(count) > 0 and complete == "False"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_control_c_ends_the_command_with_130(tmp_path):
    spec = (REPOSITORY / "tests" / "tiny.toml").read_text()
    (tmp_path / "tiny.toml").write_text(spec.replace('"linear", every = 5', '"log", points = 20'))
    child = subprocess.Popen([COMMAND, "run", str(tmp_path / "tiny.toml"), "-s", "training.steps=20000000", "--out",
                              str(tmp_path / "run")], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    time.sleep(2)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130 and "what was recorded is kept" in err


def test_the_command_has_the_exit_codes_of_the_program():
    assert command("list").returncode == 0
    assert command("--version").stdout.startswith("layerwise ")
    wrong = command("run", "emergency")
    assert wrong.returncode == 2 and "is neither a shipped experiment" in wrong.stderr
    assert command("--help").returncode == 0 and command("nonsense").returncode == 2
    module = subprocess.run([sys.executable, "-m", "layerwise", "theory", "list"], capture_output=True, text=True)
    assert module.returncode == 0 and "lambda-mode" in module.stdout


def test_a_submitted_sweep_calls_the_installed_command(tmp_path):
    (tmp_path / "tiny.toml").write_text((REPOSITORY / "tests" / "tiny.toml").read_text())
    done = command("sweep", "submit", str(tmp_path / "tiny.toml"), "--scheduler", "slurm", "--print", "--out", str(tmp_path / "s"))
    assert done.returncode == 0, done.stderr
    assert f"{COMMAND} sweep run" in done.stdout.replace("'", "")


def train(step_count, record):
    """A linear net that learns, as a mapping of arrays."""
    random = np.random.default_rng(0)
    state = {"0.weight": (0.1 * random.normal(size=(16, 8))).astype(np.float32),
             "2.weight": (0.1 * random.normal(size=(1, 16))).astype(np.float32)}
    for step in range(step_count + 1):
        record(state, step)
        state = {name: array * np.float32(1.01) for name, array in state.items()}


def test_recorded_steps_take_the_place_of_a_model(tiny_run, tmp_path):
    weights = layerwise.run(TINY, out=tmp_path / "kept", seeds=1, keep_weights=True, progress=False)
    assert weights.complete
    exported = command("export", "weights", str(weights.path), "--out", str(tmp_path / "weights"))
    assert exported.returncode == 0, exported.stderr
    from safetensors.numpy import load_file
    file = next((tmp_path / "weights").rglob("*net*.safetensors"))
    state = load_file(file)

    class Net:
        def state_dict(self):
            return state

    with layerwise.Recorder(tmp_path / "steps", every=20) as rec:
        for step in range(61):
            rec(Net(), step)
    assert rec.steps == [0, 20, 40, 60]
    loaded = load_file(tmp_path / "steps" / "step-00020.safetensors")
    assert all(np.array_equal(loaded[name], array) for name, array in state.items())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = layerwise.overlay(TINY, checkpoints=rec, out=tmp_path / "mine", progress=False)
    steps, values = run.observations.curve("net", "skill_strength", index=1, seed=0)
    assert steps.tolist() == [0, 20, 40, 60] and np.ptp(values) == 0
    assert run.manifest["external"][0]["model"] == "net" and "T1" in run.verdicts


def test_curves_of_a_data_frame_take_the_place_of_a_model(tmp_path):
    rows = [{"seed": seed, "metric": "skill_strength", "index": index, "step": step, "value": step / 60 / index}
            for seed in (0, 1) for index in (1, 2) for step in range(0, 61, 5)]
    runs = [layerwise.overlay(TINY, curves=given, out=tmp_path / str(at), progress=False)
            for at, given in enumerate((rows, pl.DataFrame(rows), {k: [row[k] for row in rows] for k in rows[0]}))]
    for run in runs:
        values = run.observations.curve("net", "skill_strength", index=2, seed=1)[1]
        np.testing.assert_array_equal(values, [step / 60 / 2 for step in range(0, 61, 5)])
    with pytest.raises(ValueError, match="no column value"):
        layerwise.overlay(TINY, curves={"metric": [], "step": []}, out=tmp_path / "none")


def test_recorders_choose_their_steps(tmp_path):
    with layerwise.Recorder(tmp_path / "log", seed=3) as rec:
        train(100, rec)
    assert rec.steps[:12] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13] and rec.steps[-1] == 100
    assert (tmp_path / "log" / "seed-3" / "step-00100.safetensors").exists()
    with pytest.raises(ValueError, match="empty folder"):
        layerwise.Recorder(tmp_path / "log", seed=3)
    with pytest.raises(ValueError, match="every is 0"):
        layerwise.Recorder(tmp_path / "other", every=0)
    with pytest.raises(TypeError, match="no weights"):
        layerwise.Recorder(tmp_path / "third")(3, 0)


def test_shipped_experiments_are_listed():
    listed = layerwise.experiments()
    assert "emergence" in [one["name"] for one in listed] and all(one["minutes"] > 0 for one in listed)


def test_the_bar_fits_its_terminal_and_estimates_the_time(monkeypatch):
    import io

    from layerwise import _progress

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "70")
    clock = iter([100.0, 110.0, 110.0])
    monkeypatch.setattr(_progress.time, "monotonic", lambda: next(clock))
    bar = _progress.Bar("tiny")
    bar(100, 60, 40, "base seed 3 of a variant with a long name")
    line = terminal.getvalue().removeprefix("\r\x1b[K")
    # 20 of 100 steps in 10 s; the other 40 were done before.
    assert "60 %  0:10 gone, about 0:20 left" in line and len(line) == 69
    bar.close()
    assert terminal.getvalue().endswith("\r\x1b[K")
