"""The command line: `anlan …`. Results on standard output (JSON with --json), progress and words on standard error."""

from __future__ import annotations

import typer

from anlan.cli import (
    backup,
    city,
    copy,
    docs,
    domain,
    engine,
    erase,
    ledger,
    load,
    measure,
    outsiders,
    report,
    serve,
    settings,
    simulate,
    standby,
    train,
    user,
)
from anlan.cli.bench.run import bench

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="Anlan 安澜: a city's one closed loop.")
app.command("serve")(serve.serve)
app.command("settings")(settings.settings)
app.add_typer(load.app, name="load")
app.command("verify")(ledger.verify)
app.command("rebuild")(ledger.rebuild)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(outsiders.app, name="ledger")
app.command("copy")(copy.copy)
app.add_typer(train.app, name="train")
app.command("measure")(measure.measure)
app.command("report")(report.report)
app.add_typer(city.app, name="city")
app.add_typer(user.app, name="user")
app.add_typer(erase.app, name="erase")
app.command("new-domain")(domain.new_domain)
engine.app.command("deploy")(standby.deploy)
app.add_typer(engine.app, name="engine")
app.command("simulate")(simulate.simulate)
app.command("bench")(bench)
app.command("docs")(docs.docs)
