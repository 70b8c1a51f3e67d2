#!/bin/sh
# Makes the relay's user, and tells systemd of its units. Nothing is started: there is no
# configuration yet.
set -e
if command -v systemd-sysusers >/dev/null; then
	systemd-sysusers ekyc-connect.conf
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
