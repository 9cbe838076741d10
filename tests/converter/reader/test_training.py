"""The reader's workshop: the simulated camera, real crops, networks, and a few training steps."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from converter.cli import main
from converter.errors import LabelError, MissingError, NetworkError, RunError
from converter.labels.truth import TruthCrop
from converter.reader.countries import UNKNOWN, country_class
from converter.reader.real import RealCrop, load_real, recrop
from converter.reader.store import PlateStore
from converter.synth.augment import photograph
from converter.synth.render import BASE_SHAPE, RenderedPlate
from edge.model import ALPHABET
from edge.vision.checksums import READER_FILES, verify_folder
from edge.vision.deskew import CANVAS_SHAPE, skew
from tests.support.lazy import lazy

torch = lazy("torch")
batching = lazy("converter.reader.batches")
networks = lazy("converter.reader.network")
optimizers = lazy("converter.reader.optimizer")
training = lazy("converter.reader.train")


def plate(seed: int) -> RenderedPlate:
    noise = np.random.default_rng(seed)
    picture = noise.integers(0, 256, BASE_SHAPE, dtype=np.uint8)
    return RenderedPlate(picture, "AB123CD", 4.7, (0.12, 0.15, 0.95, 0.85))


@pytest.mark.parametrize("difficulty", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("tilt", [0.0, 1.0])
def test_the_camera_is_reproducible_and_gives_small_crops(tilt: float, difficulty: float) -> None:
    background = np.full((96, 192), 80, np.uint8)
    for seed in range(30):
        views = [photograph(plate(seed), background, tilt, difficulty, random.Random(seed)) for _ in range(2)]
        assert 8 <= views[0].shape[0] <= 200
        assert 8 <= views[0].shape[1] <= 260
        assert np.array_equal(*views)


def test_tensors_are_what_easyocr_feeds() -> None:
    tensor = batching.to_tensor([np.zeros(CANVAS_SHAPE, np.uint8), np.full(CANVAS_SHAPE, 255, np.uint8)])
    assert tensor.shape == (2, 1, *CANVAS_SHAPE)
    assert (tensor.min().item(), tensor.max().item()) == (-1.0, 1.0)


def write_data(folder: Path, labels: list[dict[str, str]]) -> Path:
    images = folder / "detect" / "images"
    images.mkdir(parents=True)
    cv2.imwrite(str(images / "a.jpg"), np.random.default_rng(0).integers(0, 255, (120, 300, 3), dtype=np.uint8))
    with (folder / "detect" / "boxes.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "x1", "y1", "x2", "y2", "use"])
        writer.writerow(["a.jpg", 0, 10, 100, 40, "train"])
    path = folder / "labels.csv"
    with path.open("w", newline="") as file:
        rows = csv.DictWriter(file, ["file", "box_index", "text", "quality", "x1", "y1", "x2", "y2", "note"])
        rows.writeheader()
        rows.writerows({"file": "a.jpg", **row} for row in labels)
    return path


def test_labels_take_the_given_box_or_their_own(tmp_path: Path) -> None:
    labels = [
        {"box_index": "0", "text": "AB123CD", "quality": "good"},
        {"box_index": "new", "text": "XY9", "quality": "poor", "x1": "150", "y1": "20", "x2": "298", "y2": "60"},
        {"box_index": "0", "text": "", "quality": "unreadable"},
    ]
    path = write_data(tmp_path, labels)
    first, second = load_real(tmp_path, [path])
    assert (first.text, second.text) == ("AB123CD", "XY9")
    assert first.box[2] - first.box[0] == 100
    assert second.box[2] - second.box[0] == 148
    assert recrop(first, 0.0, random.Random(1)).shape == (30, 100)


@pytest.mark.parametrize(
    "row",
    [{"box_index": "7", "text": "AB1", "quality": "good"}, {"box_index": "0", "text": "ab-1", "quality": "good"}],
)
def test_a_bad_label_is_refused_with_its_line(tmp_path: Path, row: dict[str, str]) -> None:
    with pytest.raises(LabelError, match="line 2"):
        load_real(tmp_path, [write_data(tmp_path, [row])])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "plates"
    folder.mkdir()
    np.save(folder / "pictures.npy", np.stack([plate(i).picture for i in range(4)]))
    np.save(folder / "patches.npy", np.full((2, 96, 192), 70, np.uint8))
    line = json.dumps({"text": "AB123CD", "aspect": 4.7, "extent": [0.1, 0.1, 0.9, 0.9], "country": "IT"})
    (folder / "plates.jsonl").write_text(f"{line}\n" * 4)
    return folder


def test_a_store_that_is_not_there_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="reader render"):
        PlateStore.open(tmp_path)


def test_batches_hold_their_targets(store: Path) -> None:
    images, targets, lengths, countries = next(
        iter(batching.TrainingBatches([store], [], batching.Mix(empty=0.3), 20, seed=1, start=0))
    )
    assert images.shape == (20, 1, *CANVAS_SHAPE)
    assert set(lengths.tolist()) == {0, 7}
    assert targets[:7].tolist() == [ALPHABET.index(c) + 1 for c in "AB123CD"]
    # What holds no plate teaches nothing about countries.
    assert countries.tolist() == [country_class("IT") if length else UNKNOWN for length in lengths]


def test_a_real_crop_teaches_its_country(store: Path) -> None:
    real = [RealCrop(np.full((60, 200), 90, np.uint8), (40.0, 10.0, 160.0, 50.0), "GN64OTP", 1.0, "GB")]
    mix = batching.Mix(real=1.0, empty=0.0)
    *_, countries = next(iter(batching.TrainingBatches([store], real, mix, 5, seed=1, start=0)))
    assert countries.tolist() == [country_class("GB")] * 5


def test_tilted_crops_are_shown_level_as_often_as_the_mix_says(store: Path) -> None:
    tilted = np.full((120, 300), 230, np.uint8)
    for top in (30, 50, 70):
        cv2.line(tilted, (20, top - 10), (280, top + 42), (20,), 6)
    real = [RealCrop(tilted, (20.0, 10.0, 280.0, 118.0), "AB1", 1.0)]

    def steepest(level: float) -> float:
        mix = batching.Mix(real=1.0, empty=0.0, level=level)
        images, *_ = next(iter(batching.TrainingBatches([store], real, mix, 12, seed=1, start=0)))
        canvases = ((images[:, 0] + 1) * 127.5).numpy().astype(np.uint8)
        return float(np.median([abs(skew(canvas)) for canvas in canvases]))

    assert steepest(0.0) > 0.15
    assert steepest(1.0) < 0.05


def test_plates_are_tilted_however_little_they_are_disturbed(store: Path) -> None:
    def turned(ramp: int) -> float:
        batches = batching.TrainingBatches(
            [store], [], batching.Mix(empty=0.0, level=0.0, ramp=ramp, hardest=0.0), 48, seed=1, start=1
        )
        images, *_ = next(iter(batches))
        canvases = ((images[:, 0] + 1) * 127.5).numpy().astype(np.uint8)
        return float(np.mean([abs(skew(canvas)) > 0.1 for canvas in canvases]))

    assert turned(ramp=1) > turned(ramp=1_000_000)


def test_network_is_of_the_promised_size() -> None:
    assert 500_000 <= networks.parameter_count(networks.build()) <= 1_500_000


def test_the_optimizer_moves_every_weight_and_goes_on_where_it_was() -> None:
    def steps(network: torch.nn.Module, optimizer: optimizers.Optimizer, seeds: range) -> None:
        for seed in seeds:
            torch.manual_seed(seed)
            optimizer.zero_grad()
            told: list[torch.Tensor] = []
            hook = network.origin.register_forward_hook(lambda *ends, told=told: told.append(ends[2]))
            text = network(torch.randn(2, 1, *CANVAS_SHAPE))
            (text.square().mean() + told[0].square().mean()).backward()
            hook.remove()
            optimizer.step()

    def fresh() -> tuple[torch.nn.Module, optimizers.Optimizer]:
        torch.manual_seed(0)
        network = networks.build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return network, optimizers.Optimizer(network, torch.nn.Linear(2, 2), 0.01, 4)

    (through, whole), (halted, first) = fresh(), fresh()
    before = {name: weight.clone() for name, weight in through.named_parameters()}
    steps(through, whole, range(4))
    assert not [name for name, weight in through.named_parameters() if torch.equal(weight, before[name])]
    steps(halted, first, range(2))
    resumed, second = fresh()
    resumed.load_state_dict(halted.state_dict())
    second.load_state_dict(first.state_dict())
    steps(resumed, second, range(2, 4))
    for name, weight in through.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


@pytest.mark.parametrize("saved", [{"model": 1}, "one layer", [1, 2], b"text"])
def test_what_is_no_reader_is_refused(saved: object, tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    if saved == "one layer":
        saved = {"trunk.0.0.weight": torch.zeros(24, 1, 3, 3)}
    if isinstance(saved, bytes):
        file.write_bytes(saved)
    else:
        torch.save(saved, file)
    with pytest.raises(NetworkError, match=r"weights\.pth holds no plate reader .*: give a checkpoint\.pt"):
        networks.load_averaged(file)
    with pytest.raises(MissingError, match=r"other\.pth is missing: give"):
        networks.load_averaged(tmp_path / "other.pth")


def test_a_mean_leaves_the_countries_out_where_that_is_asked(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        networks.export(networks.build().eval(), folder)
    average = ["reader", "average", str(one / "plate_reader.pth"), str(other / "plate_reader.pth")]
    assert main([*average, "--export", str(tmp_path / "whole")]) == 0
    assert main([*average, "--without-countries", "--export", str(tmp_path / "bare")]) == 0
    whole, bare = (networks.load_averaged(tmp_path / name / "plate_reader.pth") for name in ("whole", "bare"))
    assert (whole.origin is None, bare.origin is None) == (False, True)
    assert json.loads((tmp_path / "bare" / "plate_reader.json").read_text())["countries"] == []
    image = torch.zeros(1, 1, *CANVAS_SHAPE)
    with torch.no_grad():
        assert torch.equal(bare(image), whole(image))


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.slow
def test_training_resumes_and_exports_what_the_unit_loads(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = [TruthCrop(np.zeros((30, 90), np.uint8), "AB123CD", "drawn", "a.png")]
    run, released = tmp_path / "run", tmp_path / "released"
    released.mkdir()
    plan = training.Plan(steps=4, batch=4, keep_every=1, check_every=2)
    with monkeypatch.context() as power, pytest.raises(KeyboardInterrupt):
        power.setattr("converter.reader.train.log_exact_match", interrupt)
        training.train(run, [store], [], truth, plan, batching.Mix())
    network = training.train(run, [store], [], truth, plan, batching.Mix())
    with (run / "log.csv").open(newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["4"]
    with pytest.raises(RunError, match="4 steps"):
        training.train(run, [store], [], truth, replace(plan, steps=8), batching.Mix())
    saved = torch.load(run / "checkpoint.pt", weights_only=True)
    other = tmp_path / "other"
    other.mkdir()
    torch.save(
        {**saved, "network": networks.build({**networks.NETWORK_PARAMS, "layers": 2}).state_dict()},
        other / "checkpoint.pt",
    )
    with pytest.raises(RunError, match="another network or optimizer: give a new folder"):
        training.train(other, [store], [], truth, plan, batching.Mix())
    same = networks.load_averaged(run / "checkpoint.pt")
    for name, value in network.state_dict().items():
        assert np.array_equal(value.numpy(), same.state_dict()[name].numpy()), name
    older = tmp_path / "older"
    older.mkdir()
    former = {"auxiliary_head": "hint"}  # what this part was called before
    torch.save({former.get(name, name): state for name, state in saved.items()}, older / "checkpoint.pt")
    for name, value in training.train(older, [store], [], truth, plan, batching.Mix()).state_dict().items():
        assert np.array_equal(value.numpy(), network.state_dict()[name].numpy()), name
    networks.export(network, released)
    verify_folder(released, READER_FILES)


@pytest.mark.slow
def test_a_taught_network_keeps_the_statistics_of_its_batch_norms(store: Path, tmp_path: Path) -> None:
    start = networks.build()
    networks.export(start, tmp_path)
    weights, run = tmp_path / "plate_reader.pth", tmp_path / "run"
    truth = [TruthCrop(np.zeros((30, 90), np.uint8), "AB123CD", "drawn", "a.png")]
    training.train(run, [store], [], truth, training.Plan(steps=4, batch=4), batching.Mix(), weights, weights)
    trained = torch.load(run / "checkpoint.pt", weights_only=True)["network"]
    moved = {name for name, value in start.state_dict().items() if not torch.equal(value, trained[name])}
    assert not any("running_" in name for name in moved)
    assert "trunk.0.0.weight" in moved
