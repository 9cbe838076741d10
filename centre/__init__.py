"""The centre: headquarters of many units, on PostgreSQL, spoken to over HTTPS.

    config, errors   settings and errors
    database         PostgreSQL: the embedded server, the pool of connections, numbered migrations
    units            who may deliver: enrolment by a one-time code, login by signature, suspension, alarms
    delivery         what units send: entries of their chains, photos, status
    records          what officers of the centre see: cases, the centre's own chain of what was looked at
    web              HTTPS: routes, limits, problems
    notices, mqtt    who looks after the centre is told what is wrong; a broker is told how the fleet is
    service          the running process: certificates, start, stop, metrics
    commands, demo   the commands of autovelox-centre; the fleet demo, which plays both sides

A room imports rooms above it in this list, never below. Of ``edge`` it imports the pure rooms alone: ``errors``,
``model``, ``terminal``, ``config``, ``crypto``, ``cases.evidence`` and ``delivery.wire``; ``edge`` knows nothing of it.
"""
