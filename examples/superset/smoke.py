"""Tries a Superset instance as a user would, before it gets any.

    python3 smoke.py --user smoke --password-file smoke.password

Logs in, decrypts the stored passwords of databases, lists the dashboards,
draws a chart past the cache, runs a query in SQL Lab. The first thing that
fails ends it with 1 and says what it was. It needs nothing but Python, and one
database, one dashboard and one chart in Superset."""

import argparse
import http.cookiejar
import json
import os
import sys
import urllib.error
import urllib.request


class Superset:
    def __init__(self, url, timeout):
        self.url, self.timeout, self.headers = url.rstrip("/"), timeout, {"Referer": url}
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def ask(self, what, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        # Superset 5 reads the body of a GET that says it has JSON, and fails.
        kind = {} if data is None else {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=self.headers | kind)
        try:
            with self.opener.open(request, timeout=self.timeout) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"{what}: {method} {path} answered {error.code}: {error.read()[:300].decode(errors='replace')}")
        except OSError as error:
            sys.exit(f"{what}: {method} {path}: {error}")
        return json.loads(text) if text[:1] == b"{" else {}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--user", default="admin")
    p.add_argument("--password-file", required=True)
    p.add_argument("--database", default="", help="name of the database SQL Lab is tried on; any without it")
    p.add_argument("--timeout", type=float, default=60)
    a = p.parse_args()
    with open(a.password_file) as f:
        password = f.read().strip()

    s = Superset(os.environ["CUTOVER_URL"], a.timeout)
    s.ask("the page of the login", "GET", "/login/")
    login = s.ask("login", "POST", "/api/v1/security/login", {"username": a.user, "password": password, "provider": "db", "refresh": False})
    s.headers["Authorization"] = "Bearer " + login["access_token"]
    s.headers["X-CSRFToken"] = s.ask("CSRF token", "GET", "/api/v1/security/csrf_token/")["result"]

    databases = s.ask("stored passwords (does SECRET_KEY fit?)", "GET", "/api/v1/database/")["result"]
    databases = [d for d in databases if a.database in ("", d["database_name"])]
    if not databases:
        sys.exit("there is no database to try a query on")
    if not s.ask("dashboards", "GET", "/api/v1/dashboard/")["result"]:
        sys.exit("there is no dashboard")

    charts = s.ask("charts", "GET", "/api/v1/chart/")["result"]
    if not charts:
        sys.exit("there is no chart to draw")
    drawn = s.ask("chart data", "GET", f"/api/v1/chart/{charts[0]['id']}/data/?force=true")
    if not drawn["result"][0]["rowcount"]:
        sys.exit("chart data: there are no rows")

    found = s.ask("SQL Lab", "POST", "/api/v1/sqllab/execute/", {
        "database_id": databases[0]["id"], "sql": "SELECT 41 + 1 AS answer", "runAsync": False, "client_id": os.urandom(5).hex(),
        "sql_editor_id": "0", "tab": "smoke", "queryLimit": 10})
    if found["data"] != [{"answer": 42}]:
        sys.exit(f"SQL Lab: it answered {found['data']}")
    print(f"{len(databases)} databases, {drawn['result'][0]['rowcount']} rows of chart {charts[0]['id']}, SQL Lab answers")


main()
