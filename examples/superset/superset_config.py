"""Apache Superset's configuration for releases by cutover.

Everything that differs between machines or versions comes from the
environment; the app file says what is handed in. A snapshot of this file is
kept with every release, so a rollback brings back the one that was in use.
"""

import os

from cachelib.redis import RedisCache


def need(name):
    value = os.environ.get(name, "")
    if not value:
        raise RuntimeError(f"{name} is not set: the app file hands it over")
    return value


# Signs the sessions and encrypts the passwords of databases. It must be the
# same in every version, else users are logged out and no stored password can
# be read; /cutover/ready below finds out before any traffic.
SECRET_KEY = need("SUPERSET_SECRET_KEY")

SQLALCHEMY_DATABASE_URI = need("SUPERSET_DATABASE_URI")
SQLALCHEMY_ENGINE_OPTIONS = {
    "isolation_level": "READ COMMITTED",
    "pool_pre_ping": True,
    "pool_size": 5,
    "max_overflow": 10,
}
SQLALCHEMY_TRACK_MODIFICATIONS = False

# ---- Redis: database 0 for Celery, database 1 for caches and results ----
REDIS_HOST = os.environ.get("SUPERSET_REDIS_HOST", "127.0.0.1")
REDIS_PORT = int(os.environ.get("SUPERSET_REDIS_PORT", "6379"))
REDIS_URL = f"redis://{REDIS_HOST}:{REDIS_PORT}"

# What one version caches another may not be able to read: each has a prefix
# of its own, and cutover fills and removes what is under it.
COMPUTED = os.environ.get("SUPERSET_CACHE_PREFIX", "superset:0:")


def cache(prefix, seconds):
    return {
        "CACHE_TYPE": "RedisCache",
        "CACHE_DEFAULT_TIMEOUT": seconds,
        "CACHE_KEY_PREFIX": prefix,
        "CACHE_REDIS_URL": f"{REDIS_URL}/1",
    }


CACHE_CONFIG = cache(f"{COMPUTED}meta:", 24 * 3600)
DATA_CACHE_CONFIG = cache(f"{COMPUTED}data:", 24 * 3600)
THUMBNAIL_CACHE_CONFIG = cache(f"{COMPUTED}thumb:", 7 * 24 * 3600)
# What users have open stays theirs whichever version answers: one prefix for both.
FILTER_STATE_CACHE_CONFIG = cache("superset_filter_", 90 * 24 * 3600)
EXPLORE_FORM_DATA_CACHE_CONFIG = cache("superset_explore_", 7 * 24 * 3600)

# A worker of one version may write what a web instance of the other reads:
# one prefix, and the same format on both sides.
RESULTS_BACKEND = RedisCache(host=REDIS_HOST, port=REDIS_PORT, db=1, key_prefix="superset_results_")
RESULTS_BACKEND_USE_MSGPACK = True

SQLLAB_TIMEOUT = int(os.environ.get("SUPERSET_SQLLAB_TIMEOUT", "300"))
SQLLAB_ASYNC_TIME_LIMIT_SEC = 6 * 3600


class CeleryConfig:
    broker_url = f"{REDIS_URL}/0"
    result_backend = f"{REDIS_URL}/0"
    imports = ("superset.sql_lab", "superset.tasks.scheduler")
    # A queue for each side: the arguments of tasks change between versions.
    task_default_queue = os.environ.get("SUPERSET_QUEUE", "superset")
    worker_prefetch_multiplier = 1
    task_acks_late = False
    broker_connection_retry_on_startup = True
    beat_schedule = {
        "reports.scheduler": {"task": "reports.scheduler", "schedule": 60.0},
        "reports.prune_log": {"task": "reports.prune_log", "schedule": 24 * 3600.0},
    }


CELERY_CONFIG = CeleryConfig


# ---- readiness ----
# Superset's own /health answers OK whatever the state of the database is.


def readiness():
    """Returns why this instance cannot serve; "" if it can."""
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError
    from flask import current_app
    from superset.extensions import db, migrate
    from superset.models.core import Database

    connection = db.session.connection()
    at = [row[0] for row in connection.exec_driver_sql("SELECT version_num FROM alembic_version")]
    script = ScriptDirectory.from_config(migrate.get_config(current_app.extensions["migrate"].directory))
    for revision in at:
        try:
            known = script.get_revision(revision)
        except CommandError:
            continue  # Of a newer version, beside which this one still works.
        if known.revision not in script.get_heads():
            return f"the database is at revision {revision}, which is behind this version: migrate it"
    if not at:
        return "the database has no revision: run superset db upgrade"
    # Loading a row decrypts its password; a wrong SECRET_KEY fails here.
    for row in db.session.query(Database).limit(3):
        row.password
    return ""


def FLASK_APP_MUTATOR(app):
    from flask import Response

    def ready():
        from superset.extensions import db

        try:
            reason = readiness()
        except Exception as error:  # Whatever it is: an instance that cannot tell is not ready.
            reason = f"{type(error).__name__}: {str(error)[:200]}"
        finally:
            db.session.remove()
        return Response(reason or "ready", 503 if reason else 200, mimetype="text/plain")

    app.add_url_rule("/cutover/ready", "cutover_ready", ready)
