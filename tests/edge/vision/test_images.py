"""Whatever a camera, a phone or an archive holds becomes upright RGB, or one clear sentence."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.errors import ImageError
from edge.vision.images import load_image, upright_size

RED = (200, 20, 30)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def close(pixel: np.ndarray, colour: tuple[int, int, int], slack: int = 6) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() <= slack)


def test_rgb_jpeg_from_a_file_and_from_bytes(tmp_path: Path) -> None:
    data = encoded(Image.new("RGB", (40, 30), RED), "JPEG", quality=95)
    (tmp_path / "a.jpg").write_bytes(data)
    for source in (data, tmp_path / "a.jpg", str(tmp_path / "a.jpg")):
        pixels = load_image(source)
        assert pixels.shape == (30, 40, 3)
        assert pixels.dtype == np.uint8
        assert close(pixels[15, 20], RED)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(orientation: int) -> None:
    upright = Image.new("RGB", (64, 32), "white")
    upright.paste("blue", (0, 0, 16, 16))
    stored = upright
    undo = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    for step in undo.get(orientation, []):
        stored = stored.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, "PNG", exif=exif.tobytes())
    with Image.open(io.BytesIO(data)) as opened:
        assert upright_size(opened) == (64, 32)
    pixels = load_image(data)
    assert pixels.shape == (32, 64, 3)
    assert close(pixels[4, 4], (0, 0, 255))
    assert close(pixels[28, 60], (255, 255, 255))


def test_grey_palette_and_cmyk() -> None:
    grey = load_image(encoded(Image.new("L", (8, 8), 90), "PNG"))
    assert close(grey[0, 0], (90, 90, 90), 0)
    palette = load_image(encoded(Image.new("RGB", (8, 8), RED).convert("P"), "PNG"))
    assert palette.shape == (8, 8, 3)
    cmyk = load_image(encoded(Image.new("RGB", (16, 16), RED).convert("CMYK"), "JPEG", quality=95))
    assert close(cmyk[8, 8], RED, 12)


def test_sixteen_bit_grey_keeps_its_brightness() -> None:
    half = Image.fromarray(np.full((8, 8), 32768, np.uint16))
    assert close(load_image(encoded(half, "PNG"))[0, 0], (127, 127, 127), 1)


def test_transparency_is_put_on_white() -> None:
    clear = load_image(encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 0)), "PNG"))
    assert close(clear[0, 0], (255, 255, 255), 0)


def test_the_first_picture_of_an_animation_counts() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert close(load_image(data)[0, 0], (255, 0, 0))


def test_one_pixel_and_a_very_wide_photo() -> None:
    assert load_image(encoded(Image.new("RGB", (1, 1), RED), "PNG")).shape == (1, 1, 3)
    assert load_image(encoded(Image.new("L", (12_000, 300)), "JPEG")).shape == (300, 12_000, 3)


def test_more_pixels_than_the_limit_are_refused_before_they_are_decoded() -> None:
    # A PNG header that promises 30,000 x 30,000 pixels and holds none.
    header = bytearray(encoded(Image.new("L", (1, 1)), "PNG"))
    header[16:24] = (30_000).to_bytes(4, "big") * 2
    import zlib

    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    with pytest.raises(ImageError, match="million pixels"):
        load_image(bytes(header))


def test_a_truncated_photo_is_refused() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), "JPEG")
    with pytest.raises(ImageError, match="damaged or cut off"):
        load_image(data[: len(data) // 2])


@pytest.mark.parametrize("data", [b"", b"not a picture at all", b"\xff\xd8\xff", b"GIF89a\x00"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ImageError):
        load_image(data)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.jpg does not exist"):
        load_image(tmp_path / "gone.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_any_damage_ends_in_pixels_or_an_image_error(kind: str) -> None:
    original = encoded(Image.fromarray(np.arange(48 * 48 * 3, dtype=np.uint8).reshape(48, 48, 3)), kind)
    rng = np.random.default_rng(7)
    for _ in range(60):
        damaged = bytearray(original)
        for at in rng.integers(0, len(damaged), size=6):
            damaged[at] = int(rng.integers(0, 256))
        try:
            pixels = load_image(bytes(damaged))
        except ImageError:
            continue
        assert pixels.ndim == 3
        assert pixels.shape[2] == 3


@pytest.mark.parametrize(
    "orientation_and_more",
    [
        b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00" + b"\x01\x1a\x00\x02\x00\x00\x00\x04abc\x00",
        b"\x01\x12\x00\x02\x00\x00\x00\x02a\x00\x00\x00" + b"\x01\x1b\x00\x05\x00\x00\x00\x01\xff\xff\xff\xff",
    ],
)
def test_odd_tags_beside_the_orientation_do_not_cost_the_photo(orientation_and_more: bytes) -> None:
    tags = b"MM\x00*\x00\x00\x00\x08\x00\x02" + orientation_and_more + bytes(4)
    picture = Image.new("RGB", (64, 32), RED)
    pixels = load_image(encoded(picture, "JPEG", exif=b"Exif\x00\x00" + tags))
    assert pixels.shape in {(64, 32, 3), (32, 64, 3)}
    assert close(pixels[16, 16], RED)
