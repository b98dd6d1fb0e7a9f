"""The streaming server: MQTT in, windows, scores, alarms, store."""

import sys

if sys.version_info < (3, 11):  # before any syntax that an older Python cannot read
    sys.stderr.write("error: Python %d.%d, allowed: 3.11 to 3.13\n" % sys.version_info[:2])
    sys.exit(2)
