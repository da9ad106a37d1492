#!/bin/sh
# The scheduler. A singleton starts when all traffic is on its version and the
# other version's scheduler is gone: the moment for `superset init`, which
# rewrites the built-in roles to its version's definition. On the way back the
# old scheduler starts anew, and the old definition comes back with it.
#
# Both run at once, so that the schedule does not stand still for longer than
# it must; if init fails, it takes the scheduler, and with it the release, back.
set -eu
superset=$1
("$superset/bin/superset" init || kill $$) &
exec "$superset/bin/celery" --app=superset.tasks.celery_app:app beat --pidfile= \
	--schedule "${SUPERSET_BEAT_SCHEDULE:?}" --loglevel INFO
