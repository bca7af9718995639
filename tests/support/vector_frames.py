"""The frames that every key extraction is tested with: those of tests/golden/flow/extract.txt, and mutations of them."""
import pathlib
import random

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden/flow/extract.txt"


def golden_frames():
    lines = GOLDEN.read_text().splitlines()
    return [bytes.fromhex(l.split()[1]) for l in lines if not l.startswith("#") and len(l.split()) == 2]


def mutate(rng, frame):
    frame = bytearray(frame)
    for _ in range(rng.randrange(4)):
        # Layer 2 addresses stay: multicast and reserved ones are the business of other tests.
        if len(frame) > 12:
            frame[rng.randrange(12, len(frame))] = rng.choice([0, 1, 6, 17, 58, 0xFF, rng.randrange(256)])
    if rng.random() < 0.2:
        del frame[rng.randrange(14, len(frame) + 1):]
    return bytes(frame)


def cases(seed=1, mutations=200):
    rng = random.Random(seed)
    frames = golden_frames()
    return frames + [mutate(rng, rng.choice(frames)) for _ in range(mutations)]
