#!/bin/sh
# The callcenter command as its service runs it: by the same user, with the same settings and secrets, which only
# systemd and root can read. So `callcenter doctor`, `status` or `calls` tell of the service, and make no file that it
# could not write. scripts/install puts it into /usr/local/bin.
set -eu
program=/opt/callcenter/bin/callcenter

# Each secret that the unit and its drop-ins load, as the setting whose name it has.
load_credentials() {
  secrets=$(systemctl cat callcenter.service | sed -n 's/^LoadCredential=\([a-z_]*\):/\1 /p')
  while read -r name file; do
    [ ! -r "$file" ] || export "$(printf %s "$name" | tr a-z A-Z)=$(cat "$file")"
  done << END
$secrets
END
}

load_secrets_file() {
  [ -r /etc/callcenter/secrets.env ] || return 0
  while IFS='=' read -r name value; do
    case $name in
      CALLCENTER_*) value=${value#[\"\']} && export "$name=${value%[\"\']}" ;;
    esac
  done < /etc/callcenter/secrets.env
}

if [ "$(id -u)" != 0 ]; then
  exec "$program" "$@" # what needs no secret, such as `callcenter flow check`
fi
export CALLCENTER_CONFIG=/etc/callcenter/callcenter.toml PYTHONUTF8=1 HOME=/var/lib/callcenter
load_secrets_file
load_credentials
exec runuser --preserve-environment -u callcenter -- "$program" "$@"
