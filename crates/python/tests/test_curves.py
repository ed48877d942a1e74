"""Importers of curves."""

import struct

import pytest

import layerwise


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number, kind, content):
    key = varint(number << 3 | kind)
    return key + (varint(len(content)) + content if kind == 2 else content)


def event(step, tag, value, tensor=False):
    """One event of TensorBoard, with a plain number or a tensor of one number."""
    number = (field(8, 2, field(1, 0, varint(1)) + field(4, 2, struct.pack("<f", value))) if tensor
              else field(2, 5, struct.pack("<f", value)))
    summary = field(1, 2, field(1, 2, tag.encode()) + number)
    body = field(1, 1, struct.pack("<d", 0.0)) + field(2, 0, varint(step)) + field(5, 2, summary)
    return struct.pack("<Q", len(body)) + b"crc!" + body + b"crc!"


def test_event_files_become_rows(tmp_path):
    for seed in (0, 1):
        folder = tmp_path / f"seed-{seed}"
        folder.mkdir()
        (folder / "events.out.tfevents.1.host").write_bytes(
            event(0, "eval/skill_strength_1", 0.25) + event(300, "eval/skill_strength_1", 0.5, tensor=True)
            + event(300, "lr", 0.125)[:-3])
    rows = layerwise.from_tensorboard(tmp_path)
    assert rows == [{"seed": seed, "metric": "skill_strength", "index": 1, "step": step, "value": value}
                    for seed in (0, 1) for step, value in ((0, 0.25), (300, 0.5))]
    chosen = layerwise.from_tensorboard(tmp_path, metrics={"eval/skill_strength_1": "accuracy/4"})
    assert chosen[0]["metric"] == "accuracy" and chosen[0]["index"] == 4


def test_event_files_that_cannot_be_read_say_why(tmp_path):
    with pytest.raises(ValueError, match="no TensorBoard event file"):
        layerwise.from_tensorboard(tmp_path)
    (tmp_path / "events.out.tfevents.1").write_bytes(struct.pack("<Q", 3) + b"crc!" + b"\xff\xff\xff" + b"crc!")
    with pytest.raises(ValueError, match="not a complete event file"):
        layerwise.from_tensorboard(tmp_path)
    for name in ("a-seed-1", "b-seed-1"):
        (tmp_path / "two" / name).mkdir(parents=True)
        (tmp_path / "two" / name / "events.out.tfevents.1").write_bytes(event(0, "loss", 1.0))
    with pytest.raises(ValueError, match="have both seed 1"):
        layerwise.from_tensorboard(tmp_path / "two")


def test_histories_of_wandb_become_rows(tmp_path):
    history = [{"_step": 0, "global_step": 0, "eval/loss": 2.0, "_runtime": 3.0}, {"_step": 1, "global_step": 10, "eval/loss": None},
               {"_step": 2, "global_step": 20, "eval/loss": 1.0, "note": "x"}]
    expected = [{"seed": 4, "metric": "loss", "index": 0, "step": step, "value": value} for step, value in ((0, 2.0), (20, 1.0))]
    assert layerwise.from_wandb(history, seed=4) == expected
    file = tmp_path / "history.csv"
    file.write_text("_step,global_step,eval/loss\n0,0,2.0\n1,10,\n2,20,1.0\n")
    assert layerwise.from_wandb(file, seed=4) == expected
    with pytest.raises(ValueError, match="no column of training steps"):
        layerwise.from_wandb([{"loss": 1.0}])
    with pytest.raises(ValueError, match="no number"):
        layerwise.from_wandb([{"_step": 1, "loss": None}])
