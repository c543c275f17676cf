#!/bin/sh
# Make the secrets of a new region: secrets.sh FOLDER [DATABASE_HOST [REDIS_HOST]]. What is there already stays.
#
# gateway.env   the environment of the gateway, for `EnvironmentFile` of systemd and `env_file` of compose
# postgres.env  the password of the database, for its container; for a server of your own see README.md
# redis.conf    the password of Redis, for `include` in a redis.conf, or as the whole configuration of its container
#
# Keep a copy of gateway.env elsewhere: ids, pseudonyms and the proof of the record depend on its master key.
set -eu
folder="${1:?say which folder, such as /etc/crossing/secrets}"
database="${2-127.0.0.1}"
redis="${3-127.0.0.1}"

if [ -e "$folder/gateway.env" ]; then
    echo "$folder/gateway.env is there; nothing was made." >&2
    exit 1
fi
umask 077
mkdir -p "$folder"
chmod 700 "$folder"

random() { od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n'; }

database_password="$(random)"
redis_password="$(random)"
cat >"$folder/postgres.env" <<END
POSTGRES_USER=crossing
POSTGRES_DB=crossing
POSTGRES_PASSWORD=$database_password
END
cat >"$folder/redis.conf" <<END
requirepass $redis_password
save ""
appendonly no
END
# Its server reads this file under an account of its own; nobody else gets through the folder.
chmod 644 "$folder/redis.conf"
cat >"$folder/gateway.env" <<END
CROSSING_MASTER_KEY=$(random)
CROSSING_METRICS_TOKEN=$(random)
CROSSING_STORE_URL=postgresql://crossing:$database_password@$database/crossing
CROSSING_MEMORY_URL=redis://:$redis_password@$redis:6379/0
END
echo "$folder: made. Keep a copy of gateway.env where this machine cannot lose it."
