#!/bin/sh
# Makes boot/modules.pack: runs the finished tree on a database and a Valkey of its own, uses the shop once, and writes down
# what was loaded. Run at image build as user 10001 in a stage that has Postgres, Valkey and Node. $@: Node's flags, which have
# to be those of the image's command.
set -eu
cd /app
export JWT_SECRET=pack COOKIE_SECRET=pack ADMIN_EMAIL=owner@example.com ADMIN_PASSWORD=pack-only
export SOUK_DATABASE=medusa SOUK_ROLE=medusa PACK_FILE=/tmp/modules.pack LOG_LEVEL=warn
export DATABASE_URL=postgres://medusa@%2Ftmp%2Fgolden/medusa

PORT=$(node --eval 'const s = require("net").createServer().listen(0, () => { console.log(s.address().port); s.close(); })')
export PORT

golden begin
node migrate.js
node seed/seed.js
node build/add-admin.js "$ADMIN_EMAIL" "$ADMIN_PASSWORD"
PUBLISHABLE_KEY=$(psql --host /tmp/golden --username medusa --tuples-only --no-align --command 'select token from api_key')
export PUBLISHABLE_KEY

valkey-server --port 0 --unixsocket /tmp/valkey.sock --save '' --daemonize yes --dir /tmp >/dev/null
REDIS_URL=/tmp/valkey.sock node "$@" --import ./build/record-modules.js server.js &
backend=$!
node build/exercise-shop.js "http://127.0.0.1:$PORT"
kill -USR2 "$backend"
until [ -f "$PACK_FILE" ]; do
  kill -0 "$backend" || exit 1
  sleep 0.2
done
kill -TERM "$backend"
wait "$backend" || true
pg_ctl --pgdata /usr/share/souk/golden --mode immediate stop >/dev/null
