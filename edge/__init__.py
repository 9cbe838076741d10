"""The software of the roadside unit: from a car's packet to the driver's name.

========================================  =============================================================
``flow``                                  the flow: a trigger becomes a decided case; start reading here
``daemon``                                the running process: wiring, start, loop, stop, monitor
``officers``                              officers' programs ask a service of the unit for cases
``delivery``                              the chain and the photos to the centre, if there is one
``link``                                  cars connect, are challenged and leave a sealed packet
``sensors``                               radar, camera, panel, board
``vision``                                photo in, plate reads out
``registry``                              who holds which licence, and the keys
``cases``                                 cases and their evidence, on disk, in backups and exports
``workers``                               processes with a deadline
``identify``, ``crypto``                  pure: who drove; packets, keys and chips
``viewer``, ``doctor``, ``demo``          programs beside the daemon
``config``, ``errors``, ``model``         settings, errors, and the values all of them exchange
``terminal``, ``sockets``                 what goes to a terminal or a log, made legible; Unix sockets
========================================  =============================================================

A room imports rooms of lower layers only, never a sibling: ``errors, model, terminal, sockets < config, crypto,
identify, law < link | sensors | vision | registry | cases | workers < flow (its ports only), delivery < daemon,
officers < cli``.
``tests/architecture`` holds the rule; docs/architecture.md explains it.
"""
