"""MIDI files: bytes by hand, what a reader of its own finds in them, what is refused."""

import pytest

from recipes.midi import TICKS, midi_bytes, midi_notes

MELODY = [(60, 1.0), (None, 0.5), (64, 0.5), (64, 2.0), (57, 0.25), (None, 1.0)]


def test_bytes_of_one_note():
    header = bytes.fromhex("4D546864 00000006 0000 0001 01E0")
    track = bytes.fromhex("00 FF5103 07A120  00 C000  00 903C50  8360 803C00  00 FF2F00")  # 480 is 83 60
    assert midi_bytes([(60, 1.0)]) == header + b"MTrk" + len(track).to_bytes(4, "big") + track


def events(data):
    """Time in ticks, status byte and parameters of every event; follows the standard, not the writer."""
    assert data[:4] == b"MThd" and data[14:18] == b"MTrk"
    track, time, found = list(data[22:]), 0, []
    while track:
        delta = 0
        while track[0] & 0x80:
            delta = 128 * (delta + (track.pop(0) & 0x7F))
        time += delta + track.pop(0)
        status = track.pop(0)
        if status == 0xFF:
            kind, count = track.pop(0), track.pop(0)
            found.append((time, (status, kind), [track.pop(0) for _ in range(count)]))
        else:
            found.append((time, status, [track.pop(0) for _ in range(1 if status & 0xF0 == 0xC0 else 2)]))
    return found


def test_another_reader_hears_the_melody():
    found = events(midi_bytes(MELODY, beats_a_minute=90, program=40, velocity=100))
    assert found[0] == (0, (0xFF, 0x51), list((666_667).to_bytes(3, "big")))
    assert found[1] == (0, 0xC0, [40])
    assert found[-1] == (round(5.25 * TICKS), (0xFF, 0x2F), [])
    struck = [(time / TICKS, data) for time, status, data in found if status == 0x90]
    released = [(time / TICKS, data[0]) for time, status, data in found if status == 0x80]
    assert struck == [(0, [60, 100]), (1.5, [64, 100]), (2, [64, 100]), (4, [57, 100])]
    assert released == [(1, 60), (2, 64), (4, 64), (4.25, 57)]


def test_reads_back():
    assert midi_notes(midi_bytes(MELODY)) == MELODY
    assert midi_notes(midi_bytes([])) == []


@pytest.mark.parametrize(
    ("notes", "options"),
    [([(128, 1)], {}), ([(60, 0)], {}), ([], {"beats_a_minute": 0}), ([], {"program": 128}), ([], {"velocity": 0})],
)
def test_what_midi_cannot_hold_is_refused(notes, options):
    with pytest.raises(ValueError, match="Received"):
        midi_bytes(notes, **options)


def test_other_bytes_are_refused():
    with pytest.raises(ValueError, match="no standard MIDI file"):
        midi_notes(b"RIFF" + bytes(40))
    with pytest.raises(ValueError, match="unknown kind"):
        midi_notes(midi_bytes([(60, 1.0)]).replace(bytes([0x90, 60]), bytes([0xF0, 60])))
