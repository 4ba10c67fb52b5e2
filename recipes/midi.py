"""Melodies as standard MIDI files, and back.

A file of format 0 has a header and one track. A track is a list of events, each behind the time since the one before it, which
is written in groups of seven bits, the highest bit set on all but the last:

    MThd 00000006 0000 0001 ticks        header: format, tracks, ticks a quarter note
    MTrk length                          track: tempo, instrument, then notes on (90) and off (80), end of track (FF 2F 00)

Source: MIDI Manufacturers Association, Standard MIDI Files 1.0; document 003, Video 61-62 (music generation).

    >>> data = midi_bytes([(60, 1.0), (None, 0.5), (64, 0.5)])  # C, half a beat of silence, E
    >>> midi_notes(data)
    [(60, 1.0), (None, 0.5), (64, 0.5)]
"""

from __future__ import annotations

from collections.abc import Iterable

TICKS = 480
"""Ticks a quarter note."""

Note = tuple[int | None, float]
"""Pitch (60 is middle C, None a rest) and length in quarter notes."""


def midi_bytes(notes: Iterable[Note], beats_a_minute: float = 120.0, program: int = 0, velocity: int = 80) -> bytes:
    """A standard MIDI file of one melody; write it with `Path.write_bytes`.

    Args:
        notes: pitches and lengths, one after the other.
        beats_a_minute: quarter notes a minute.
        program: instrument, 0 to 127 (General MIDI; 0 is a piano).
        velocity: how hard the notes are struck, 1 to 127.

    Raises:
        ValueError: a pitch, length, tempo, instrument or velocity that MIDI can't hold.
    """
    if not (4 <= beats_a_minute <= 6e7 and 0 <= program <= 127 and 1 <= velocity <= 127):
        raise ValueError(
            "MIDI takes a tempo of at least 4, a program of 0 to 127 and a velocity of 1 to 127. "
            f"Received: beats_a_minute={beats_a_minute}, program={program}, velocity={velocity}"
        )
    track = b"\x00\xff\x51\x03" + round(6e7 / beats_a_minute).to_bytes(3, "big") + bytes([0x00, 0xC0, program])
    silence = 0
    for pitch, length in notes:
        ticks = round(TICKS * length)
        if ticks <= 0 or (pitch is not None and not 0 <= pitch <= 127):
            raise ValueError(f"A note is a pitch of 0 to 127 and a length above 0. Received: {(pitch, length)}")
        if pitch is None:
            silence += ticks
            continue
        track += _quantity(silence) + bytes([0x90, pitch, velocity]) + _quantity(ticks) + bytes([0x80, pitch, 0])
        silence = 0
    track += _quantity(silence) + b"\xff\x2f\x00"
    header = b"MThd" + (6).to_bytes(4, "big") + b"".join(part.to_bytes(2, "big") for part in (0, 1, TICKS))
    return header + b"MTrk" + len(track).to_bytes(4, "big") + track


def midi_notes(data: bytes) -> list[Note]:
    """The melody of a file that `midi_bytes` wrote: notes one after the other, silence between them as rests.

    Raises:
        ValueError: the bytes are no MIDI file, or one with other events than those.
    """
    if data[:8] != b"MThd\x00\x00\x00\x06" or data[14:18] != b"MTrk":
        raise ValueError("These bytes are no standard MIDI file of one track.")
    ticks, end = int.from_bytes(data[12:14], "big"), 22 + int.from_bytes(data[18:22], "big")
    notes: list[Note] = []
    place, sounding = 22, None
    while place < end:
        time, place = _read_quantity(data, place)
        kind = data[place] & 0xF0
        if time:
            notes.append((sounding, time / ticks))
        if kind == 0x90:
            sounding, place = data[place + 1], place + 3
        elif kind == 0x80:
            sounding, place = None, place + 3
        elif kind == 0xC0:
            place += 2
        elif data[place] == 0xFF:
            place += 3 + data[place + 2]
        else:
            raise ValueError(f"Byte {place} begins an event of unknown kind {data[place]:#x}.")
    return notes


def _quantity(ticks: int) -> bytes:
    """A number in groups of seven bits, the highest bit set on all but the last."""
    groups = [ticks & 0x7F]
    while ticks := ticks >> 7:
        groups.append(ticks & 0x7F | 0x80)
    return bytes(reversed(groups))


def _read_quantity(data: bytes, place: int) -> tuple[int, int]:
    """The number that begins at a place, and the place behind it."""
    ticks = 0
    while True:
        ticks = ticks << 7 | data[place] & 0x7F
        place += 1
        if not data[place - 1] & 0x80:
            return ticks, place
