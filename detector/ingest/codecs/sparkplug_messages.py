"""The part of Sparkplug B's protobuf messages that is read and written, as its specification says.

https://sparkplug.eclipse.org/specification, payload definition, package
``org.eclipse.tahu.protobuf``; fields that are not listed are skipped by the reader.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto
_PAYLOAD = {
    "timestamp": (1, _FIELD.TYPE_UINT64),
    "metrics": (2, _FIELD.TYPE_MESSAGE),
    "seq": (3, _FIELD.TYPE_UINT64),
}
_METRIC = {
    "name": (1, _FIELD.TYPE_STRING),
    "alias": (2, _FIELD.TYPE_UINT64),
    "timestamp": (3, _FIELD.TYPE_UINT64),
    "datatype": (4, _FIELD.TYPE_UINT32),
    "is_historical": (5, _FIELD.TYPE_BOOL),
    "is_null": (7, _FIELD.TYPE_BOOL),
}
_VALUES = {
    "int_value": (10, _FIELD.TYPE_UINT32),
    "long_value": (11, _FIELD.TYPE_UINT64),
    "float_value": (12, _FIELD.TYPE_FLOAT),
    "double_value": (13, _FIELD.TYPE_DOUBLE),
    "boolean_value": (14, _FIELD.TYPE_BOOL),
    "string_value": (15, _FIELD.TYPE_STRING),
    "bytes_value": (16, _FIELD.TYPE_BYTES),
}


def _payload_class() -> Any:  # noqa: ANN401 -- a class made at run time
    file = descriptor_pb2.FileDescriptorProto(
        name="faultline_sparkplug_b.proto", package="faultline.sparkplug", syntax="proto2"
    )
    payload = file.message_type.add(name="Payload")
    metric = payload.nested_type.add(name="Metric")
    metric.oneof_decl.add(name="value")
    for name, (number, kind) in _PAYLOAD.items():
        is_list = kind == _FIELD.TYPE_MESSAGE
        payload.field.add(
            name=name, number=number, type=kind,
            label=_FIELD.LABEL_REPEATED if is_list else _FIELD.LABEL_OPTIONAL,
            type_name=".faultline.sparkplug.Payload.Metric" if is_list else None,
        )  # fmt: skip
    for name, (number, kind) in _METRIC.items():
        metric.field.add(name=name, number=number, type=kind, label=_FIELD.LABEL_OPTIONAL)
    for name, (number, kind) in _VALUES.items():
        metric.field.add(
            name=name, number=number, type=kind, label=_FIELD.LABEL_OPTIONAL, oneof_index=0
        )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    descriptor = pool.FindMessageTypeByName("faultline.sparkplug.Payload")
    return message_factory.GetMessageClass(descriptor)


Payload = _payload_class()
