"""Which level of which topics is taken for the device and the channel."""

from __future__ import annotations

import pytest

from tests.support.heard import surveyed, templates

ACC = {"acc_x": 0.1, "acc_z": 1.0}
CASES = {
    "the level that differs is the device": (
        {"plant/line1/fan-1": ACC, "plant/line1/fan-2": ACC},
        ["plant/line1/{device}"],
    ),
    "a level above the device may be any": (
        {"plant/line1/fan-1": ACC, "plant/line2/fan-2": ACC},
        ["plant/+/{device}"],
    ),
    "of one topic the last level that says something": (
        {"plant/line1/fan-2/data": ACC},
        ["plant/line1/{device}/data"],
    ),
    "a line is no device": ({"plant/line1/fan": ACC}, ["plant/line1/{device}"]),
    "a quantity is no device": ({"factory/mill/vibration": ACC}, ["factory/{device}/vibration"]),
    "parts of a device with channels of their own get a source each": (
        {f"plant/fan-{i}/{part}": {part[0]: 1} for i in (1, 2) for part in ("motor", "bearing")},
        ["plant/{device}/bearing", "plant/{device}/motor"],
    ),
    "parts with the same channels come before their names": (
        {f"plant/fan-{i}/{end}": ACC for i in (1, 2) for end in ("drive-end", "fan-end")},
        ["plant/{device}/{feature}"],
    ),
    "one value a message": (
        {f"hall/{m}/{q}": "12.5" for m in ("mill", "lathe") for q in ("rpm", "temp")},
        ["hall/{device}/{feature}"],
    ),
    "one value of one quantity": (
        {f"house/{room}/temperature": "21" for room in ("kitchen", "garage")},
        ["house/{device}/{feature}"],
    ),
    "the quantity before the device": (
        {f"sensors/{q}/room{i}": "3" for q in ("temperature", "humidity") for i in (1, 2)},
        ["sensors/{feature}/{device}"],
    ),
    "an object with nothing but a value is one value": (
        {"shop/dmg/rpm": {"value": 3}},
        ["shop/{device}/{feature}"],
    ),
    "objects and values of one device side by side": (
        {"plant/fan-1/state": ACC, "plant/fan-2/state": ACC,
         "plant/fan-1/rpm": "9", "plant/fan-2/rpm": "9"},
        ["plant/{device}/state", "plant/{device}/{feature}"],
    ),
    "other prefixes are other sources": (
        {"plant/fan-1": ACC, "plant/fan-2": ACC, "office/desk-1": {"co2": 400}},
        ["office/{device}", "plant/{device}"],
    ),
    "only a device": ({"fan-1": ACC, "fan-2": ACC}, ["{device}"]),
    "a leading slash": ({"/plant/fan-1": ACC, "/plant/fan-2": ACC}, ["/plant/{device}"]),
    "braces in a level": (
        {"{site}/fan-1/x": ACC, "{site}/fan-2/x": ACC},
        ["+/{device}/x"],
    ),
    "the payload names devices": (
        {"v1/gateway/telemetry": {"A": [{"ts": 1772366400000, "values": {"t": 4}}],
                                  "B": [{"ts": 1772366400000, "values": {"t": 5}}]}},
        ["v1/gateway/telemetry"],
    ),
    "Tasmota": (
        {f"tele/plug-{i}/{what}": payload for i in (1, 2) for what, payload in
         (("SENSOR", {"ENERGY": {"Power": 3}}), ("STATE", {"Heap": 9}), ("LWT", "Online"))},
        ["tele/{device}/SENSOR"],
    ),
    "Shelly, first generation": (
        {f"shellies/s-{i}/relay/0/{q}": "3" for i in (1, 2) for q in ("power", "energy")},
        ["shellies/{device}/relay/0/{feature}"],
    ),
    "Shelly, with two switches": (
        {f"shellypro-44/status/switch:{i}": {"apower": 8.9} for i in (0, 1)},
        ["{device}/status/{feature}"],
    ),
    "ESPHome": ({"press-9/sensor/vibration_x/state": "nan"}, ["{device}/sensor/{feature}/state"]),
    "Homie": (
        {f"homie/pump-{i}/motor/rpm": "900" for i in (1, 2)} | {"homie/pump-1/motor/$name": "M"},
        ["homie/{device}/motor/{feature}"],
    ),
    "Homie with two nodes alike": (
        {f"homie/pump-1/{n}/{q}": "9" for n in ("motor", "bearing") for q in ("temp", "rpm")},
        ["homie/pump-1/{device}/{feature}"],
    ),
    "zigbee2mqtt": (
        {"zigbee2mqtt/motor": {"x_axis": 3}, "zigbee2mqtt/plug": {"state": "ON"},
         "zigbee2mqtt/bridge/info": {"version": 2}},
        ["zigbee2mqtt/{device}"],
    ),
    "The Things Stack": (
        {"v3/app@t/devices/vib-7/up": {"end_device_ids": {"device_id": "vib-7"},
                                       "uplink_message": {"decoded_payload": {"rms": 1}}}},
        ["v3/app@t/devices/{device}/up"],
    ),
    "ChirpStack": (
        {"application/1/device/24e1/event/up": {"deviceInfo": {"devEui": "24e1"},
                                                "object": {"rms": 1}}},
        ["application/1/device/{device}/event/up"],
    ),
    "Sparkplug": ({"spBv1.0/plant/NDATA/edge-1": b"", "a/m-1": ACC}, ["a/{device}", "spBv1.0/#"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_set_of_topics_gets_its_templates(name):
    """And the settings read all of it as was expected."""
    messages, wanted = CASES[name]
    found = surveyed(messages)
    assert templates(found) == sorted(wanted)
    assert not found.differences


def test_a_guess_is_called_one_and_names_another():
    """One device alone says not which level it is."""
    [source] = surveyed({"plant/line1/fan-2": ACC}).sources
    assert "only fan-2 was heard, so its level is a guess: the 3rd" in source.proposal.why[0]
    assert source.proposal.alternatives == ("plant/{device}/fan-2",)


def test_what_differs_needs_no_alternative():
    """Two devices settle it."""
    [source] = surveyed({"plant/line1/fan-1": ACC, "plant/line1/fan-2": ACC}).sources
    assert "the 3rd level, which differs: fan-1, fan-2" in source.proposal.why[0]
    assert source.proposal.alternatives == ()


def test_a_mix_that_no_template_avoids_is_told():
    """The same machine names on two lines, each with the same channels."""
    topics = [f"plant/line{i}/fan-{j}/{q}" for i in (1, 2) for j in (1, 2) for q in ("temp", "rpm")]
    [source] = surveyed(dict.fromkeys(topics, "3")).sources
    assert any("temp, rpm of one device come on more than one" in why for why in
               source.proposal.why)  # fmt: skip
    assert any("fan-1 is heard below plant/line1, plant/line2" in one for one in source.careful)
