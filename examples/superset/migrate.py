"""Takes the metadata database to the revision given, one revision at a time.

It does what `superset db upgrade REVISION` does for each in turn, without
starting Superset anew for each: on PostgreSQL that command alone would run all
pending revisions in one transaction and keep every lock until the last is
done. A revision that cannot have a lock within the budget (cutover sets it in
PGOPTIONS), or that gives way to users who wait for it while it waits for them,
is rolled back and tried again; those before it stay done.

    python migrate.py 48cbb571fa3a
"""

import subprocess
import sys
import time

TRIES = 10  # for each revision
PAUSE = 3  # seconds between them
# What PostgreSQL says to one that waits too long, or has to give way.
GIVEN_WAY = ("lock timeout", "user request", "deadlock detected")


def pending(script, target):
    """The revisions that are missing, oldest first, such that of two branches
    the newer comes last."""
    here = subprocess.run([sys.executable, __file__.replace("migrate.py", "head.py")], capture_output=True, text=True, check=True).stdout.strip()
    done = {r.revision for r in script.iterate_revisions(here, "base", inclusive=True)} if here else set()
    missing = {r.revision: r for r in script.iterate_revisions(target, "base", inclusive=True) if r.revision not in done}
    order = []
    while missing:
        ready = [r for r in missing.values() if not any(p in missing for p in r._all_down_revisions)]
        first = min(ready, key=lambda r: r.path.rsplit("/", 1)[-1])
        order.append(first)
        del missing[first.revision]
    return order


def fits():
    """Ends the program if SECRET_KEY is not the one that the stored passwords
    were encrypted with: before anything is changed, not after."""
    import sqlalchemy
    from superset.extensions import db, encrypted_field_factory

    with db.engine.connect() as connection:
        if not sqlalchemy.inspect(connection).has_table("dbs"):
            return
        field = encrypted_field_factory.create(sqlalchemy.String(1024))
        for name in ("password", "encrypted_extra"):
            column = sqlalchemy.column(name, field)
            query = sqlalchemy.select(column).select_from(sqlalchemy.table("dbs")).where(column.is_not(None)).limit(3)
            try:
                connection.execute(query).all()
            except Exception:  # What it raises depends on the bytes.
                sys.exit("SECRET_KEY is not the one that the stored passwords were encrypted with: hand over the key of the version that serves; nothing was migrated")


def upgrade(revision):
    from flask_migrate import upgrade as run
    from sqlalchemy.exc import OperationalError

    for left in reversed(range(TRIES)):
        began = time.monotonic()
        try:
            run(revision=revision)
        except OperationalError as error:
            if not any(reason in str(error) for reason in GIVEN_WAY) or not left:
                raise
            print(f"{revision}: no lock within the budget, or it gave way to users, tried again in {PAUSE} s", file=sys.stderr, flush=True)
            time.sleep(PAUSE)
            continue
        print(f"{revision}: {time.monotonic() - began:.2f} s", file=sys.stderr, flush=True)
        return


def main():
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        from alembic.script import ScriptDirectory
        from superset.extensions import db, migrate

        fits()
        script = ScriptDirectory.from_config(migrate.get_config(app.extensions["migrate"].directory))
        for revision in pending(script, sys.argv[1]):
            upgrade(revision.revision)
            db.session.remove()


if __name__ == "__main__":
    main()
